#pragma once

#include <cstdint>

namespace harrow::worker {

/// One step of AdamW (Loshchilov and Hutter, ICLR 2019), its factors worked out.
struct AdamWStep {
    float beta1 = 0, beta2 = 0;
    float root_correction2 = 0;  ///< 1 / sqrt(1 - beta2^t)
    float epsilon = 0;
    float kept = 0;  ///< 1 - lr * weight decay
    float rate = 0;  ///< lr / (1 - beta1^t)
};

/// Changes `values`, `mean` and `square`, [count] each, in one pass; returns the sum of the squared
/// gradients.
double adamw_step(const AdamWStep& how,
                  const float* grads,
                  float* values,
                  float* mean,
                  float* square,
                  std::int64_t count);

}  // namespace harrow::worker
