#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "sweeps/metric_kind.hpp"

namespace harrow::storage {

struct UnitPlace {
    std::uint32_t file = 0;
    std::int64_t line = 0;
};

struct MixedUnits {
    std::string metric;
    double fraction = 0, percentage = 0;
    UnitPlace fraction_place, percentage_place;
    bool is_strict = false;  ///< no true value of the metric could look like this
};

/// A value that its metric cannot have in any unit.
struct ImpossibleShare {
    std::string metric;
    double value = 0;
    UnitPlace place;
};

/// Finds metrics whose values come in two units, and AUROCs that are none: below 0, above 100, or
/// between the largest fraction and a percentage. What one run measured at one time, all classes
/// and their mean, is in percent when a value exceeds 1.5, and in fractions when none exceeds 1 and
/// one is above 0; a metric must not have both kinds of runs. Beside percentages a class may well
/// have a pixel AP of 0.9, but no AUROC in (0, 1]. Zeros and negative values say nothing.
class UnitCheck {
public:
    /// What one run measured at one time: any numbers that tell it apart, task, oracle or not.
    using Group = std::tuple<std::size_t, std::int32_t, bool>;

    void add(const std::string& metric, const Group& group, double value, const UnitPlace& place);
    /// By name of the metric.
    std::vector<MixedUnits> mixed() const;
    /// The first value of each metric that has any, by name.
    std::vector<ImpossibleShare> impossible() const;

private:
    struct Witness {
        double value = 0;
        UnitPlace place;
    };
    struct Seen {
        sweeps::ShareKind kind = sweeps::ShareKind::None;
        std::optional<Witness> fraction;    ///< of a group without percentages
        std::optional<Witness> percentage;  ///< of any group
        std::optional<Witness> small;       ///< in (0, 1], of any group
        std::optional<Witness> impossible;
        Group group = {};  ///< under way
        std::optional<Witness> group_fraction;
        bool group_has_percentage = false;
    };
    static void close_group(Seen& seen);

    std::map<std::string, Seen> metrics_;
};

}  // namespace harrow::storage
