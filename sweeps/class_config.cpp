#include "sweeps/class_config.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "sweeps/error.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::sweeps {

std::optional<ClassSetting> parse_class_setting(std::string_view text) {
    const std::size_t equals = text.find('=');
    const std::size_t at = text.find('@', equals == std::string_view::npos ? 0 : equals);
    if (equals == std::string_view::npos || at == std::string_view::npos || at + 1 == text.size()) {
        return std::nullopt;
    }
    return ClassSetting{std::string(text.substr(0, equals)),
                        std::string(text.substr(equals + 1, at - equals - 1)),
                        std::string(text.substr(at + 1))};
}

std::string class_setting_text(const ClassSetting& setting) {
    return setting.parameter + "=" + setting.value + "@" + setting.class_name;
}

std::optional<std::string> parse_class_settings(const std::vector<std::string>& texts,
                                                std::vector<std::string>& field) {
    const auto has_control_character = [](const std::string& text) {
        return std::any_of(text.begin(), text.end(), [](char c) {
            return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
        });
    };
    std::set<std::pair<std::string, std::string>> seen;
    std::vector<std::string> found;
    for (const std::string& text : texts) {
        std::optional<ClassSetting> setting = parse_class_setting(text);
        if (!setting || has_control_character(text)) {
            return "'" + text.substr(0, 80) +
                   "' is no value for a class; expected a text such as train.lr=8e-5@bottle, or a "
                   "mapping such as {bottle: {train.lr: 8e-5}}";
        }
        const Parameter* parameter = find_parameter(setting->parameter);
        if (parameter == nullptr || !parameter->per_class) {
            const std::string known =
                parameter == nullptr ? nearest_parameter(setting->parameter) : std::string();
            return "'" + setting->parameter.substr(0, 80) + "' " +
                   (parameter == nullptr ? "is no parameter" : "is one for all classes") +
                   (known.empty() ? "; what may be given for one class: " + per_class_names()
                                  : "; did you mean " + known + "?");
        }
        TrialConfig scratch;
        if (const auto wrong = set_value(*parameter, scratch, setting->value)) {
            return parameter->name + " of " + setting->class_name + ": " + *wrong;
        }
        if (!seen.emplace(parameter->name, setting->class_name).second) {
            return parameter->name + " is given twice for " + setting->class_name + "; keep one";
        }
        found.push_back(class_setting_text(
            {parameter->name, value_text(*parameter, scratch), setting->class_name}));
    }
    std::sort(found.begin(), found.end());
    field = std::move(found);
    return std::nullopt;
}

std::string per_class_names() {
    std::string names;
    for (const Parameter& parameter : parameters()) {
        if (parameter.per_class) {
            names += (names.empty() ? "" : ", ") + parameter.name;
        }
    }
    return names;
}

std::vector<std::string> classes_with_settings(const TrialConfig& config) {
    std::set<std::string> classes;
    for (const std::string& text : config.per_class) {
        if (const std::optional<ClassSetting> setting = parse_class_setting(text)) {
            classes.insert(setting->class_name);
        }
    }
    return {classes.begin(), classes.end()};
}

void drop_ineffective_settings(TrialConfig& config, const std::set<std::string>& classes) {
    std::map<std::string, TrialConfig> of_class;
    std::vector<std::string> kept;
    for (const std::string& text : config.per_class) {
        const std::optional<ClassSetting> setting = parse_class_setting(text);
        const Parameter* parameter = setting ? find_parameter(setting->parameter) : nullptr;
        if (parameter == nullptr || classes.count(setting->class_name) == 0) {
            continue;
        }
        const std::string& name = setting->class_name;
        if (of_class.count(name) == 0) {
            of_class.emplace(name, config_of_class(config, name));
        }
        const TrialConfig& own = of_class.at(name);
        if (is_active(*parameter, own) &&
            value_text(*parameter, own) != value_text(*parameter, config)) {
            kept.push_back(text);
        }
    }
    config.per_class = std::move(kept);
}

TrialConfig config_of_class(const TrialConfig& config, const std::string& class_name) {
    TrialConfig own = config;
    own.per_class.clear();
    for (const std::string& text : config.per_class) {
        const std::optional<ClassSetting> setting = parse_class_setting(text);
        if (!setting || setting->class_name != class_name) {
            continue;
        }
        const Parameter* parameter = find_parameter(setting->parameter);
        if (parameter == nullptr || set_value(*parameter, own, setting->value)) {
            throw UsageError("per_class: '" + text + "' sets no parameter of this version");
        }
    }
    return own;
}

}  // namespace harrow::sweeps
