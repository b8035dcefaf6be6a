#pragma once

#include <torch/torch.h>

namespace harrow::worker {

/// Latent rows [N,D] and the log-determinant of each row's Jacobian [N].
struct FlowOutput {
    torch::Tensor latent;
    torch::Tensor logdet;
};

/// FrEIA's clamp, for every coupling.
constexpr double kLogScaleLimit = 1.9;

/// How the outputs of a subnet become scale and shift.
struct AffineBounds {
    double slope = 1;               ///< log-scale = limit·tanh(slope·raw_scale)
    double limit = kLogScaleLimit;  ///< of the log-scale's magnitude
    double shift_gain = 1;          ///< shift = shift_gain·raw_shift
};

/// rows·exp(log-scale) + shift, all [N,A], and the sum of each row's log-scales. Differentiable in
/// all three. One pass over memory on the CPU, where small models spend their time otherwise.
FlowOutput bounded_affine(const torch::Tensor& rows,
                          const torch::Tensor& raw_scale,
                          const torch::Tensor& raw_shift,
                          const AffineBounds& bounds);

/// Undoes bounded_affine; the log-determinant is negated. Not optimised.
FlowOutput bounded_affine_inverse(const torch::Tensor& rows,
                                  const torch::Tensor& raw_scale,
                                  const torch::Tensor& raw_shift,
                                  const AffineBounds& bounds);

/// Column j of the result is column order[j] of [first|second]·gain + offset: first [N,P], second
/// [N,A], gain and offset [1,P+A], order and its inverse int64 [P+A]. Differentiable.
torch::Tensor permuted_affine(const torch::Tensor& first,
                              const torch::Tensor& second,
                              const torch::Tensor& gain,
                              const torch::Tensor& offset,
                              const torch::Tensor& order,
                              const torch::Tensor& inverse_order);

}  // namespace harrow::worker
