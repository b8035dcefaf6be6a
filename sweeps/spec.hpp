#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sweeps/expression.hpp"
#include "sweeps/setting.hpp"
#include "sweeps/sweep.hpp"

namespace harrow::sweeps {

/// The values one parameter takes in a grid or a zip group.
struct ParameterAxis {
    const Parameter* parameter = nullptr;
    Place place;
    std::vector<Setting> values;
};

/// A case, or one named alternative of an axis.
struct Alternative {
    std::string name;   ///< empty: a case without a name
    std::string label;  ///< of a case, for tables; may be empty
    Place place;
    std::vector<Setting> settings;
};

struct NamedAxis {
    std::string name;
    Place place;
    std::vector<Alternative> alternatives;
};

/// The right-hand side of one comparison in `exclude`.
struct ExclusionOperand {
    const Parameter* parameter = nullptr;
    double number = 0.0;  ///< of a number
    std::string text;     ///< of everything else, as value_text spells it
};

/// A compiled entry of `exclude`: comparison i of the expression is about operands[i].
struct Exclusion {
    Expression expression;
    std::vector<ExclusionOperand> operands;
};

bool is_excluded(const Exclusion& exclusion, const TrialConfig& config);

/// One element of `space`.
struct Block {
    Place place;
    std::vector<ParameterAxis> grid;
    std::vector<ParameterAxis> zip;  ///< all of one length
    std::vector<NamedAxis> axes;
    std::vector<Alternative> cases;
    std::vector<Exclusion> exclude;
    std::vector<Setting> set;
    std::vector<std::uint64_t> seeds;  ///< empty: the sweep's
    std::vector<std::string> tags;
};

/// A sweep file with its includes and overrides applied, before expansion.
struct Spec {
    std::string name;
    std::vector<Setting> base;  ///< no parameter twice
    std::vector<std::uint64_t> seeds;
    std::vector<Block> space;
    Objective objective;
    std::optional<Compare> compare;
    std::vector<TableSpec> tables;
    std::string tables_text;  ///< of `tables`, as one line
    RunSettings run;
    Place compare_place;
    std::vector<std::string> included;
    bool has_seeds = false;      ///< the key was there, whatever it held
    bool space_is_sound = true;  ///< `space` was read without a problem
    bool is_broken = false;  ///< a file could not be read, so that what is missing means nothing
};

/// Replaces the setting of the same parameter or appends.
void set_base(Spec& spec, Setting setting);

}  // namespace harrow::sweeps
