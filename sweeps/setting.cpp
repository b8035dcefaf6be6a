#include "sweeps/setting.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "sweeps/class_config.hpp"
#include "sweeps/class_settings_reader.hpp"

namespace harrow::sweeps {
namespace {

/// Replaces every `${env:NAME}`; answers what is wrong.
std::optional<std::string> expand_environment(std::string& text) {
    constexpr std::string_view kStart = "${env:";
    std::string expanded;
    std::size_t at = 0;
    for (;;) {
        const std::size_t start = text.find(kStart, at);
        if (start == std::string::npos) {
            break;
        }
        const std::size_t end = text.find('}', start);
        if (end == std::string::npos) {
            return "'${env:' is not closed by '}'";
        }
        const std::string name = text.substr(start + kStart.size(), end - start - kStart.size());
        const char* const value = std::getenv(name.c_str());
        if (name.empty() || value == nullptr) {
            return "the environment variable '" + name +
                   "' is not set; export it, or write the value";
        }
        expanded += text.substr(at, start - at) + value;
        at = end + 1;
    }
    text = expanded + text.substr(at);
    return std::nullopt;
}

/// Absolute, without `.`, `..` and a slash at the end; links are kept.
std::string normal_path(const std::string& text, const std::string& directory) {
    namespace fs = std::filesystem;
    std::string path =
        fs::absolute(fs::path(directory) / fs::path(text)).lexically_normal().string();
    while (path.size() > 1 && path.back() == '/') {
        path.pop_back();
    }
    return path;
}

/// Makes texts of what YAML holds; answers what is wrong.
std::optional<std::string> read_value(const Parameter& parameter,
                                      const YamlNode& node,
                                      const std::string& directory,
                                      ParameterValue& value) {
    if (node.is_scalar()) {
        std::string text = node.text;
        if (auto wrong = expand_environment(text)) {
            return wrong;
        }
        if (parameter.locator && text.empty()) {
            return "is empty; expected a path";
        }
        value = parameter.locator ? normal_path(text, directory) : text;
        return std::nullopt;
    }
    if (!node.is_list()) {
        return "has " + std::string(node.kind_text()) + " as value; expected " +
               allowed_text(parameter);
    }
    std::vector<std::string> items;
    for (const YamlNode& item : node.items) {
        if (!item.is_scalar()) {
            return "has " + std::string(item.kind_text()) + " inside its list; expected " +
                   allowed_text(parameter);
        }
        items.push_back(item.text);
        if (auto wrong = expand_environment(items.back())) {
            return wrong;
        }
    }
    value = std::move(items);
    return std::nullopt;
}

std::vector<std::string> key_candidates(const std::vector<std::string>& reserved) {
    std::vector<std::string> candidates = reserved;
    for (const std::string& section : section_names()) {
        candidates.push_back(section);
    }
    return candidates;
}

/// Reads the entries of one mapping into one list of settings.
class SettingsReader {
public:
    SettingsReader(const std::vector<std::string>& reserved,
                   const std::string& directory,
                   const KeySet& overridden,
                   std::vector<Problem>& problems)
        : reserved_(reserved),
          directory_(directory),
          overridden_(overridden),
          problems_(problems) {}

    std::vector<Setting> read(const YamlNode& map) {
        for (const YamlNode::Entry& entry : map.entries) {
            if (contains(reserved_, entry.key)) {
                continue;
            }
            if (contains(section_names(), entry.key) && !is_parameter(entry)) {
                read_section(entry);
            } else if (const Parameter* parameter = find_parameter(entry.key)) {
                add(*parameter, entry);
            } else {
                report_unknown(entry);
            }
        }
        return std::move(settings_);
    }

private:
    static bool contains(const std::vector<std::string>& names, const std::string& name) {
        return std::find(names.begin(), names.end(), name) != names.end();
    }
    /// A section may be called as the last part of another section's parameter is.
    static bool is_parameter(const YamlNode::Entry& entry) {
        return entry.value.is_scalar() && find_parameter(entry.key) != nullptr;
    }
    void read_section(const YamlNode::Entry& section) {
        if (section.value.kind == YamlNode::Kind::Null) {
            return;
        }
        if (!section.value.is_map()) {
            problems_.push_back(problem_at(section.value.place,
                                           section.key,
                                           "is a section and holds a mapping such as {" +
                                               example_of(section.key) + "}, not " +
                                               section.value.kind_text()));
            return;
        }
        for (const YamlNode::Entry& entry : section.value.entries) {
            if (const Parameter* parameter =
                    require_in_section(section.key, entry.key, entry.place, problems_)) {
                add(*parameter, entry);
            }
        }
    }
    static std::string example_of(const std::string& section) {
        for (const Parameter& parameter : parameters()) {
            if (parameter.name.rfind(section + ".", 0) == 0) {
                return std::string(parameter.last_component()) + ": …";
            }
        }
        return "";
    }
    void add(const Parameter& parameter, const YamlNode::Entry& entry) {
        const auto [first, is_new] = lines_.emplace(&parameter, entry.place.line);
        if (!is_new) {
            problems_.push_back(problem_at(
                entry.place,
                parameter.name,
                "given twice, first in line " + std::to_string(first->second) + "; keep one"));
            return;
        }
        if (overridden_.count(parameter.name) != 0) {
            return;
        }
        if (auto setting = read_setting(parameter, entry.value, directory_, problems_)) {
            settings_.push_back(std::move(*setting));
        }
    }
    void report_unknown(const YamlNode::Entry& entry) {
        std::string nearest = nearest_name(entry.key, key_candidates(reserved_));
        if (nearest.empty()) {
            nearest = nearest_parameter(entry.key);
        }
        problems_.push_back(
            problem_at(entry.place,
                       entry.key,
                       "unknown key" + (nearest.empty() ? "; `harrow params` lists all parameters"
                                                        : "; did you mean " + nearest + "?")));
    }

    const std::vector<std::string>& reserved_;
    const std::string& directory_;
    const KeySet& overridden_;
    std::vector<Problem>& problems_;
    std::map<const Parameter*, int> lines_;
    std::vector<Setting> settings_;
};

}  // namespace

void apply(const Setting& setting, TrialConfig& config) {
    set_value(*setting.parameter, config, setting.value);  // was checked when it was read
}

std::optional<Setting> read_setting(const Parameter& parameter,
                                    const YamlNode& node,
                                    const std::string& directory,
                                    std::vector<Problem>& problems) {
    if (parameter.name == kPerClass && node.is_map()) {
        return read_class_settings(parameter, node, directory, problems);
    }
    Setting setting;
    setting.parameter = &parameter;
    setting.place = node.place;
    std::optional<std::string> wrong = read_value(parameter, node, directory, setting.value);
    if (!wrong) {
        TrialConfig scratch;
        wrong = set_value(parameter, scratch, setting.value);
    }
    if (wrong) {
        problems.push_back(problem_at(node.place, parameter.name, *wrong));
        return std::nullopt;
    }
    return setting;
}

std::vector<Setting> read_settings(const YamlNode& map,
                                   const std::vector<std::string>& reserved,
                                   const std::string& directory,
                                   std::vector<Problem>& problems,
                                   const KeySet& overridden) {
    return SettingsReader(reserved, directory, overridden, problems).read(map);
}

const Parameter* require_parameter(const std::string& name,
                                   const Place& place,
                                   std::vector<Problem>& problems) {
    const Parameter* parameter = find_parameter(name);
    if (parameter == nullptr) {
        const std::string nearest = nearest_parameter(name);
        problems.push_back(problem_at(
            place,
            name,
            "unknown parameter" + (nearest.empty() ? "; `harrow params` lists all of them"
                                                   : "; did you mean " + nearest + "?")));
    }
    return parameter;
}

const Parameter* require_in_section(const std::string& section,
                                    const std::string& key,
                                    const Place& place,
                                    std::vector<Problem>& problems) {
    const std::string dotted = section + "." + key;
    if (const Parameter* parameter = find_parameter(dotted)) {
        return parameter;
    }
    const Parameter* alias = find_parameter(key);
    const bool is_inside = alias != nullptr && alias->name.rfind(section + ".", 0) == 0;
    return is_inside ? alias : require_parameter(dotted, place, problems);
}

std::optional<std::string> read_text(const YamlNode& scalar,
                                     const std::string& key,
                                     std::vector<Problem>& problems) {
    std::string text = scalar.text;
    if (const auto wrong = expand_environment(text)) {
        problems.push_back(problem_at(scalar.place, key, *wrong));
        return std::nullopt;
    }
    return text;
}

std::vector<std::string> read_texts(const YamlNode& node,
                                    const std::string& key,
                                    std::vector<Problem>& problems) {
    std::vector<std::string> texts;
    const auto add = [&](const YamlNode& scalar) {
        if (auto text = read_text(scalar, key, problems)) {
            texts.push_back(std::move(*text));
        }
    };
    if (node.is_scalar()) {
        add(node);
        return texts;
    }
    if (!node.is_list()) {
        problems.push_back(problem_at(
            node.place, key, std::string("expected a list of texts, not ") + node.kind_text()));
        return texts;
    }
    for (const YamlNode& item : node.items) {
        if (item.is_scalar()) {
            add(item);
        } else {
            problems.push_back(problem_at(
                item.place, key, std::string("expected a text, not ") + item.kind_text()));
        }
    }
    return texts;
}

bool is_name(const std::string& text) {
    constexpr std::size_t kMaxBytes = 200;
    return !text.empty() && text.size() <= kMaxBytes &&
           text.find_first_of("\n\r\t") == std::string::npos;
}

const std::vector<std::string>& section_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> sections;
        for (const Parameter& parameter : parameters()) {
            const std::size_t dot = parameter.name.find('.');
            const std::string section = parameter.name.substr(0, dot);
            if (dot != std::string::npos && (sections.empty() || sections.back() != section)) {
                sections.push_back(section);
            }
        }
        return sections;
    }();
    return names;
}

}  // namespace harrow::sweeps
