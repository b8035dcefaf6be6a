#include "worker/optimizers/adamw_kernel.hpp"

#include <algorithm>
#include <cmath>

#include "worker/vectorized.hpp"

namespace harrow::worker {
namespace {

constexpr std::int64_t kBlock = 4096;  // whose gradients' squares are summed in float
constexpr std::int64_t kLanes = 16;    // sums side by side, in an order that no compiler changes

HARROW_VECTORIZED void step_block(const AdamWStep& how,
                                  const float* __restrict grads,
                                  float* __restrict values,
                                  float* __restrict mean,
                                  float* __restrict square,
                                  std::int64_t count) {
    const float share1 = 1 - how.beta1;
    const float share2 = 1 - how.beta2;
    for (std::int64_t i = 0; i < count; ++i) {
        const float grad = grads[i];
        mean[i] = how.beta1 * mean[i] + share1 * grad;
        square[i] = how.beta2 * square[i] + share2 * grad * grad;
        const float root = std::sqrt(square[i]) * how.root_correction2 + how.epsilon;
        values[i] = how.kept * values[i] - how.rate * mean[i] / root;
    }
}

HARROW_VECTORIZED double sum_of_squares(const float* values, std::int64_t count) {
    float sums[kLanes] = {};
    const std::int64_t whole = count / kLanes * kLanes;
    for (std::int64_t i = 0; i < whole; i += kLanes) {
        for (std::int64_t lane = 0; lane < kLanes; ++lane) {
            sums[lane] += values[i + lane] * values[i + lane];
        }
    }
    double total = 0;
    for (const float sum : sums) {
        total += sum;
    }
    for (std::int64_t i = whole; i < count; ++i) {
        total += static_cast<double>(values[i]) * values[i];
    }
    return total;
}

}  // namespace

double adamw_step(const AdamWStep& how,
                  const float* grads,
                  float* values,
                  float* mean,
                  float* square,
                  std::int64_t count) {
    double total = 0;
    for (std::int64_t first = 0; first < count; first += kBlock) {
        const std::int64_t size = std::min(kBlock, count - first);
        total += sum_of_squares(grads + first, size);
        step_block(how, grads + first, values + first, mean + first, square + first, size);
    }
    return total;
}

}  // namespace harrow::worker
