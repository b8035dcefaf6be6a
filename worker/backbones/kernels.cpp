#include "worker/backbones/kernels.hpp"

#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <numeric>

namespace harrow::worker {

namespace {

template <typename Value>
Kernel sample(const Value& value) {
    Kernel kernel;
    kernel.reserve(static_cast<std::size_t>(kKernelSide) * kKernelSide);
    for (int row = -kKernelRadius; row <= kKernelRadius; ++row) {
        for (int column = -kKernelRadius; column <= kKernelRadius; ++column) {
            kernel.push_back(value(static_cast<double>(column), static_cast<double>(row)));
        }
    }
    return kernel;
}

/// A sampled derivative does not sum to 0 exactly; without this it would answer to flat grey.
Kernel without_mean(Kernel kernel) {
    const double mean =
        std::accumulate(kernel.begin(), kernel.end(), 0.0) / static_cast<double>(kernel.size());
    for (double& tap : kernel) {
        tap -= mean;
    }
    return kernel;
}

double gaussian(double distance, double sigma) {
    return std::exp(-0.5 * distance * distance / (sigma * sigma));
}

}  // namespace

Kernel gaussian_kernel(double sigma) {
    Kernel kernel = sample(
        [sigma](double column, double row) { return gaussian(std::hypot(column, row), sigma); });
    const double sum = std::accumulate(kernel.begin(), kernel.end(), 0.0);
    for (double& tap : kernel) {
        tap /= sum;
    }
    return kernel;
}

Kernel laplacian_kernel(double sigma) {
    return without_mean(sample([sigma](double column, double row) {
        const double ratio = (column * column + row * row) / (sigma * sigma);
        return (ratio - 2.0) * gaussian(std::hypot(column, row), sigma);
    }));
}

Kernel oriented_kernel(int order, double sigma_across, double sigma_along, double angle) {
    const double cosine = std::cos(angle);
    const double sine = std::sin(angle);
    return without_mean(sample([=](double column, double row) {
        const double across = column * cosine + row * sine;
        const double along = row * cosine - column * sine;
        const double scaled = across / sigma_across;
        const double derivative = order == 1 ? -scaled : scaled * scaled - 1.0;
        return derivative * gaussian(across, sigma_across) * gaussian(along, sigma_along);
    }));
}

double expected_response(const Kernel& kernel, double correlation_length) {
    Kernel correlation;  // by row and column distance
    for (int row = 0; row < kKernelSide; ++row) {
        for (int column = 0; column < kKernelSide; ++column) {
            correlation.push_back(std::exp(-std::hypot(row, column) / correlation_length));
        }
    }
    double variance = 0.0;
    for (int a = 0; a < kKernelSide * kKernelSide; ++a) {
        for (int b = 0; b < kKernelSide * kKernelSide; ++b) {
            const int rows = std::abs(a / kKernelSide - b / kKernelSide);
            const int columns = std::abs(a % kKernelSide - b % kKernelSide);
            variance += kernel[static_cast<std::size_t>(a)] * kernel[static_cast<std::size_t>(b)] *
                        correlation[static_cast<std::size_t>(rows * kKernelSide + columns)];
        }
    }
    return std::sqrt(variance);
}

}  // namespace harrow::worker
