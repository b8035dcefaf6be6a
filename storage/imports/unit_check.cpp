#include "storage/imports/unit_check.hpp"

#include <algorithm>

namespace harrow::storage {
namespace {

using sweeps::ShareKind;

constexpr double kLargestFraction = 1.0;
constexpr double kSmallestPercentage = 1.5;
constexpr double kLargestPercentage = 100.0;

}  // namespace

void UnitCheck::close_group(Seen& seen) {
    if (!seen.group_has_percentage && seen.group_fraction && !seen.fraction) {
        seen.fraction = seen.group_fraction;
    }
    seen.group_fraction.reset();
    seen.group_has_percentage = false;
}

void UnitCheck::add(const std::string& metric,
                    const Group& group,
                    double value,
                    const UnitPlace& place) {
    auto known = metrics_.find(metric);
    if (known == metrics_.end()) {
        known = metrics_.emplace(metric, Seen()).first;
        known->second.kind = sweeps::share_kind(metric);
        known->second.group = group;
    }
    Seen& seen = known->second;
    if (seen.kind == ShareKind::None) {
        return;
    }
    if (seen.group != group) {
        close_group(seen);
        seen.group = group;
    }
    const Witness witness{value, place};
    if (seen.kind == ShareKind::Auroc &&
        (value < 0 || value > kLargestPercentage ||
         (value > kLargestFraction && value <= kSmallestPercentage))) {
        seen.impossible = seen.impossible.value_or(witness);
    }
    if (value > kSmallestPercentage) {
        seen.group_has_percentage = true;
        seen.percentage = seen.percentage.value_or(witness);
    } else if (value > 0 && value <= kLargestFraction) {
        seen.group_fraction = seen.group_fraction.value_or(witness);
        seen.small = seen.small.value_or(witness);
    }
}

std::vector<MixedUnits> UnitCheck::mixed() const {
    std::vector<MixedUnits> found;
    for (const auto& [metric, stored] : metrics_) {
        Seen seen = stored;
        close_group(seen);
        const std::optional<Witness>& fraction =
            seen.kind == ShareKind::Auroc ? seen.small : seen.fraction;
        if (fraction && seen.percentage) {
            found.push_back({metric,
                             fraction->value,
                             seen.percentage->value,
                             fraction->place,
                             seen.percentage->place,
                             seen.kind == ShareKind::Auroc});
        }
    }
    return found;
}

std::vector<ImpossibleShare> UnitCheck::impossible() const {
    std::vector<ImpossibleShare> found;
    for (const auto& [metric, seen] : metrics_) {
        if (seen.impossible) {
            found.push_back({metric, seen.impossible->value, seen.impossible->place});
        }
    }
    return found;
}

}  // namespace harrow::storage
