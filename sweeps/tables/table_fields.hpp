#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sweeps/setting.hpp"
#include "sweeps/yaml_tree.hpp"

namespace harrow::sweeps {

/// The members of a mapping, one question at a time. What is wrong with one becomes a problem; the
/// answer is then what a missing member gives.
class TableFields {
public:
    using Names = std::vector<std::string>;

    explicit TableFields(std::vector<Problem>& problems) : problems_(problems) {}

    void report(const Place& place, const std::string& key, const std::string& message);
    bool expect_map(const YamlNode& node, const std::string& key, const std::string& expected);
    void check_keys(const YamlNode& map, const std::string& section, const Names& known);

    /// A text that `is_good`; empty where there is none.
    std::string text(const YamlNode& map,
                     const std::string& key,
                     const std::string& path,
                     const std::string& expected = "expected a text of one line, up to 200 bytes",
                     bool (*is_good)(const std::string&) = is_name);
    bool flag(const YamlNode& map, const std::string& key, bool otherwise);
    /// Decimals, from 0 to 6.
    int digits(const YamlNode& map, int otherwise);
    /// One of `allowed`; the first where there is none.
    std::string choice(const YamlNode& map, const std::string& key, const Names& allowed);
    /// A text or a list of texts.
    Names names(const YamlNode& node, const std::string& path, const std::string& expected);

private:
    std::vector<Problem>& problems_;
};

/// Null when the mapping has no such key.
const YamlNode* find_member(const YamlNode& map, const std::string& key);
/// Of a scalar that is a finite number.
std::optional<double> number_in(const YamlNode& node);

bool contains_name(const std::vector<std::string>& names, const std::string& name);
/// "; did you mean x?"; empty when nothing is near.
std::string did_you_mean(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace harrow::sweeps
