#include "analysis/statistics/interaction.hpp"

#include <cmath>

#include "analysis/statistics/t_tests.hpp"

namespace harrow::analysis {
namespace {

Estimate amplification_of(double first, double second, double point) {
    if (std::abs(first) <= 0.01 * point) {
        return {std::nullopt, "no effect in the first setting"};
    }
    if (first * second < 0) {
        return {std::nullopt, "the effects have opposite signs"};
    }
    return {second / first, ""};
}

}  // namespace

std::optional<TwoWayEffect> two_way_effect(const std::vector<TwoWayValues>& seeds, double point) {
    if (seeds.empty()) {
        return std::nullopt;
    }
    std::vector<double> first, second, difference;
    for (const TwoWayValues& seed : seeds) {
        first.push_back(seed.first_with - seed.first_without);
        second.push_back(seed.second_with - seed.second_without);
        difference.push_back(second.back() - first.back());
    }
    TwoWayEffect result;
    result.n = seeds.size();
    result.first = *sample_statistics(first).mean;
    result.second = *sample_statistics(second).mean;
    result.interaction = sample_statistics(difference);
    result.test = paired_t(second, first);
    result.amplification = amplification_of(result.first, result.second, point);
    const double gap = *result.interaction.mean;
    if (gap > 2 * point) {
        result.verdict = EffectVerdict::Integral;
    } else if (std::abs(gap) < point) {
        result.verdict = EffectVerdict::Generic;
    }
    return result;
}

}  // namespace harrow::analysis
