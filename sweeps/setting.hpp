#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sweeps/error.hpp"
#include "sweeps/parameters.hpp"
#include "sweeps/yaml_tree.hpp"

namespace harrow::sweeps {

/// Dotted names of parameters, and keys of the sweep itself.
using KeySet = std::set<std::string>;

/// A value that a file or the command line gives to a parameter: checked, paths made absolute.
struct Setting {
    const Parameter* parameter = nullptr;
    ParameterValue value;
    Place place;
};

void apply(const Setting& setting, TrialConfig& config);

/// Checks `node` as a value of `parameter`. Expands `${env:NAME}`; a relative path is taken from
/// `directory`. Answers nothing after a problem.
std::optional<Setting> read_setting(const Parameter& parameter,
                                    const YamlNode& node,
                                    const std::string& directory,
                                    std::vector<Problem>& problems);

/// A mapping of parameters: dotted, by last component, by alias, or nested by section. Keys in
/// `reserved` belong to the caller and are skipped. Unknown keys, keys given twice and bad values
/// are problems; values of `overridden` parameters are not looked at.
std::vector<Setting> read_settings(const YamlNode& map,
                                   const std::vector<std::string>& reserved,
                                   const std::string& directory,
                                   std::vector<Problem>& problems,
                                   const KeySet& overridden = {});

/// The parameter `name` stands for; otherwise a problem at `place` that names the nearest.
const Parameter* require_parameter(const std::string& name,
                                   const Place& place,
                                   std::vector<Problem>& problems);

/// The parameter that `key` stands for inside `section`; otherwise a problem at `place`.
const Parameter* require_in_section(const std::string& section,
                                    const std::string& key,
                                    const Place& place,
                                    std::vector<Problem>& problems);

/// The text of a scalar, `${env:NAME}` expanded; a problem under `key` where that fails.
std::optional<std::string> read_text(const YamlNode& scalar,
                                     const std::string& key,
                                     std::vector<Problem>& problems);

/// A scalar or a list of scalars as texts; a problem under `key` otherwise.
std::vector<std::string> read_texts(const YamlNode& node,
                                    const std::string& key,
                                    std::vector<Problem>& problems);

/// Whether a sweep, a case or a label may be called so: one line of 1 to 200 bytes.
bool is_name(const std::string& text);

/// "data", "train", …: what stands before the dot of the parameters.
const std::vector<std::string>& section_names();

/// Seeds: integers from 0, or texts like `0..4` (both ends included) and `0,1,2`, or a list of
/// them. Empty, repeated or more than 100,000 are problems under `key`.
std::vector<std::uint64_t> read_seeds(const YamlNode& node,
                                      const std::string& key,
                                      std::vector<Problem>& problems);

}  // namespace harrow::sweeps
