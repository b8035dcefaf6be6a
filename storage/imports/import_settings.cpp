#include "storage/imports/import_settings.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "sweeps/parameters.hpp"

namespace harrow::storage {

std::optional<std::string> setting_name(std::string_view column) {
    constexpr std::array<std::pair<std::string_view, const char*>, 3> kUsual = {
        {{"epochs", "train.num_epochs"},
         {"learning_rate", "train.lr"},
         {"bs", "train.batch_size"}}};
    for (const auto& [usual, name] : kUsual) {
        if (column == usual) {
            return name;
        }
    }
    const sweeps::Parameter* parameter = sweeps::find_parameter(column);
    if (parameter == nullptr || parameter->locator) {
        return std::nullopt;
    }
    // Their last words mean other things in most tables.
    constexpr std::array<std::string_view, 3> kInFull = {"noop.", "synthetic.", "model.version"};
    const bool is_in_full = std::any_of(kInFull.begin(), kInFull.end(), [&](auto start) {
        return std::string_view(parameter->name).substr(0, start.size()) == start;
    });
    if (is_in_full && column != parameter->name) {
        return std::nullopt;
    }
    return parameter->name;
}

std::string setting_text(const std::string& dotted_name, std::string_view value) {
    const sweeps::Parameter* parameter = sweeps::find_parameter(dotted_name);
    std::string text(value);
    if (parameter == nullptr || parameter->type() == sweeps::Type::TextList) {
        return text;
    }
    if (parameter->type() == sweeps::Type::Bool) {
        std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
            return c < 0x80 && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a')
                                                    : static_cast<char>(c);
        });
    }
    if (parameter->type() == sweeps::Type::Real) {
        std::replace(text.begin(), text.end(), ',', '.');
    }
    sweeps::TrialConfig config;
    if (sweeps::set_value(*parameter, config, text)) {
        return std::string(value);
    }
    return sweeps::value_text(*parameter, config);
}

}  // namespace harrow::storage
