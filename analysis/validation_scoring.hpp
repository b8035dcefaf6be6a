#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analysis/class_scoring.hpp"

namespace harrow::analysis {

/// Mean and 95 % quantile of the scores of normal images; then as in kNumCurveMetrics, with pasted
/// anomalies.
constexpr std::size_t kNumValidationMetrics = 2 + kNumCurveMetrics;

using ValidationValues = std::array<std::optional<double>, kNumValidationMetrics>;

/// What one class's held-out images say.
struct ClassValidation {
    /// By after_task; entries before the class's task are empty.
    std::vector<std::array<ValidationValues, kNumRoutings>> values;
    std::optional<std::string> invalid_scores;  ///< then nothing else is filled
};

/// `scorer` is of the class's held-out images; metrics that need anomalies stay absent where none
/// were pasted. `first_task`: of the class; `num_tasks`: of the sequence.
ClassValidation validate_class(ClassScorer& scorer,
                               const sweeps::ScoreConfig& config,
                               int first_task,
                               int num_tasks);

}  // namespace harrow::analysis
