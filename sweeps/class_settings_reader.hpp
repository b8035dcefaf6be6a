#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sweeps/setting.hpp"

namespace harrow::sweeps {

/// The mapping of `per_class`: class names, several of one kind with commas between them, to
/// mappings of parameters. Unknown keys, parameters that are one for all classes, bad values and
/// what is given twice are problems; it answers nothing then.
std::optional<Setting> read_class_settings(const Parameter& per_class,
                                           const YamlNode& map,
                                           const std::string& directory,
                                           std::vector<Problem>& problems);

}  // namespace harrow::sweeps
