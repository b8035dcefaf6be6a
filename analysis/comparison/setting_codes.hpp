#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "analysis/summary.hpp"

namespace harrow::analysis {

/// Settings as small numbers: comparing cells costs no text. Only parameters that vary.
struct SettingCodes {
    std::vector<std::string> parameters;           ///< ascending
    std::vector<std::vector<std::string>> values;  ///< [parameter][code]; code 0: not set
    std::vector<std::vector<int>> codes;           ///< [cell][parameter]
    std::vector<int> ground;         ///< [cell]: equal for equal data, weights and units
    std::vector<bool> has_settings;  ///< [cell]
};

SettingCodes setting_codes(const Summary& summary);

}  // namespace harrow::analysis
