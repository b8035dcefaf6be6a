#pragma once

#include <vector>

namespace harrow::worker {

/// Square filter of side 2 * kKernelRadius + 1, row-major.
using Kernel = std::vector<double>;
constexpr int kKernelRadius = 6;
constexpr int kKernelSide = 2 * kKernelRadius + 1;

/// Sum 1.
Kernel gaussian_kernel(double sigma);

/// Laplacian of Gaussian, sum 0.
Kernel laplacian_kernel(double sigma);

/// Derivative of the given order (1 or 2) of an elongated Gaussian, taken along the direction
/// (cos angle, sin angle) = (column, row); sigma_across along that direction, sigma_along at right
/// angles to it. Sum 0. An order-2 filter answers to lines at right angles to the direction.
Kernel oriented_kernel(int order, double sigma_across, double sigma_along, double angle);

/// Root mean square answer of a kernel to a stationary image with standard deviation 1 and
/// correlation exp(-distance / correlation_length), both lengths in the kernel's pixels.
double expected_response(const Kernel& kernel, double correlation_length);

}  // namespace harrow::worker
