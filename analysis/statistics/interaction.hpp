#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "analysis/statistics/sample.hpp"
#include "analysis/statistics/test_result.hpp"

namespace harrow::analysis {

/// An option switched on in two settings (a module under a trainable and under a frozen base; or
/// one module without and with another), all four values from one seed.
struct TwoWayValues {
    double first_without = 0, first_with = 0;
    double second_without = 0, second_with = 0;
};

/// How MoLE-Flow's authors call it (specification A20).
enum class EffectVerdict {
    Integral,  ///< helps the second setting more, by over 2 points
    Generic,   ///< differs by less than 1 point
    Unclear,
};

struct TwoWayEffect {
    std::size_t n = 0;             ///< seeds
    double first = 0, second = 0;  ///< mean effects with - without
    SampleStatistics interaction;  ///< of (second effect - first effect) by seed: synergy if > 0
    TestResult test;               ///< paired t of the two effects
    /// second / first; absent where the first is within 0.01 points of 0 or their signs differ.
    Estimate amplification;
    EffectVerdict verdict = EffectVerdict::Unclear;
};

/// `point`: one point in the unit of the values, 0.01 for fractions, 1 for percentages.
/// nullopt without values; one seed gives effects and a verdict but no test. Throws
/// std::invalid_argument on values that are not finite.
std::optional<TwoWayEffect> two_way_effect(const std::vector<TwoWayValues>& seeds,
                                           double point = 0.01);

}  // namespace harrow::analysis
