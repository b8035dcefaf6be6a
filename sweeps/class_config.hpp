#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sweeps/trial_config.hpp"

/// Values that hold for one class only (`per_class`).
namespace harrow::sweeps {

/// One of them.
struct ClassSetting {
    std::string parameter;  ///< dotted name
    std::string value;
    std::string class_name;
};

/// "train.lr=8e-05@fabric"; nothing where the text is none.
std::optional<ClassSetting> parse_class_setting(std::string_view text);
std::string class_setting_text(const ClassSetting& setting);

/// `config` as it is for this class: its per_class applied, and then empty.
TrialConfig config_of_class(const TrialConfig& config, const std::string& class_name);

}  // namespace harrow::sweeps
