#include "sweeps/class_config.hpp"

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
