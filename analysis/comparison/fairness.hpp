#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/summary.hpp"

namespace harrow::analysis {

/// A parameter two cells do not share; empty text: it means nothing to that cell.
struct SettingDifference {
    std::string name;  ///< dotted; "data", "weights", "seeds", "unit" for what is no parameter
    std::string a, b;
    bool operator==(const SettingDifference& other) const {
        return name == other.name && a == other.a && b == other.b;
    }
};

/// What a cell was measured on: its data's digest, or that one run has not told it. Cells with
/// equal texts share their data: two digests that are not known are equal only where one run made
/// both.
std::string data_text(const CellInfo& cell);

/// In the order of names. Settings that one of two imports does not mention are not compared.
std::vector<SettingDifference> setting_differences(const CellInfo& a, const CellInfo& b);

/// Those of setting_differences(a, b) that make a comparison of the two unfair:
/// - the data, always;
/// - the training budget (epochs) where both have one, unless nothing else differs: then it is what
///   is studied;
/// - the weights, unless nothing else differs or the backbone is what is studied;
/// - with `same` (dotted names, or the last component of one): what it names. All else is what is
///   studied;
/// - without `same`, of imports: everything when more than one setting differs. A sweep's cells
///   differ by what its space says; in a table made elsewhere nothing says what is studied.
std::vector<SettingDifference> unfair_differences(const CellInfo& a,
                                                  const CellInfo& b,
                                                  const std::vector<std::string>& same);

/// Whether `name` of a setting is what `wanted`, as a user writes it, means.
bool names_setting(const std::string& wanted, const std::string& name);

/// Whether a setting says how long a model trains.
bool is_budget(const std::string& name);

/// Whether both cells have that budget, and another one. What does not train at all has none to be
/// held against.
bool are_other_budgets(const SettingDifference& difference);

/// Whether the two give some class a budget of its own (`per_class`) that the other does not give
/// it. Such cells are compared: a budget by class is part of what is studied, and notes say so.
bool have_other_class_budgets(const CellInfo& a, const CellInfo& b);

/// "train.lr 0.0002 / 0.0003, train.lambda_logdet 1e-05 / 0.0001"
std::string difference_text(const std::vector<SettingDifference>& differences);

/// The same of at most eight, those first that mean something to both, long values cut: "model.rank
/// 8 / 4 and 26 more".
std::string short_difference_text(std::vector<SettingDifference> differences);

/// "0..4, 42": ascending, neighbours joined.
std::string seeds_text(const std::vector<std::uint64_t>& seeds);

}  // namespace harrow::analysis
