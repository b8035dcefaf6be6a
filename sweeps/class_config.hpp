#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sweeps/trial_config.hpp"

/// Values that hold for one class only (`per_class`).
namespace harrow::sweeps {

inline constexpr const char* kPerClass = "per_class";

/// One of them.
struct ClassSetting {
    std::string parameter;  ///< dotted name
    std::string value;
    std::string class_name;
};

/// "train.lr=8e-05@fabric"; nothing where the text is none.
std::optional<ClassSetting> parse_class_setting(std::string_view text);
std::string class_setting_text(const ClassSetting& setting);

/// Checks texts of per_class and puts them into their only spelling and order. Answers what is
/// wrong, and then changes nothing.
std::optional<std::string> parse_class_settings(const std::vector<std::string>& texts,
                                                std::vector<std::string>& field);

/// "train.lr, train.num_epochs, …": what may be given for one class.
std::string per_class_names();

/// Classes that `config` has values for, sorted.
std::vector<std::string> classes_with_settings(const TrialConfig& config);

/// Drops entries that change no training: of classes not among `classes`, equal to the value for
/// all, or of a parameter that does not count for the class.
void drop_ineffective_settings(TrialConfig& config, const std::set<std::string>& classes);

/// `config` as it is for this class: its per_class applied, and then empty.
TrialConfig config_of_class(const TrialConfig& config, const std::string& class_name);

}  // namespace harrow::sweeps
