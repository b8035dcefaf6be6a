#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <system_error>

#include "sweeps/class_config.hpp"
#include "sweeps/parameters.hpp"
#include "sweeps/sequence.hpp"

namespace harrow::sweeps {
namespace {

using TextList = std::vector<std::string>;

const char* const kAllClasses = "all";
const char* const kNothing = "none";

template <typename T>
std::string number_text(T value) {
    char buffer[64];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    return {buffer, end};
}

bool has_control_character(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
}

std::string quoted(const std::string& text) {
    constexpr std::size_t kShown = 60;
    return "'" + (text.size() > kShown ? text.substr(0, kShown) + "…" : text) + "'";
}

std::string joined(const TextList& items, const char* separator) {
    std::string text;
    for (const std::string& item : items) {
        text += (text.empty() ? "" : separator) + item;
    }
    return text;
}

/// In lists and in what stands for a list of one, `[ ] , \` are written with a backslash before
/// them.
std::string escaped(const std::string& item) {
    std::string text;
    for (const char c : item) {
        if (c == '[' || c == ']' || c == ',' || c == '\\') {
            text += '\\';
        }
        text += c;
    }
    return text;
}

std::string list_text(const TextList& items) {
    std::string text;
    for (const std::string& item : items) {
        text += (text.empty() ? "" : ",") + escaped(item);
    }
    return items.size() == 1 ? text : "[" + text + "]";
}

std::string list_text(const NumberList& numbers) {
    std::string text;
    for (const double number : numbers) {
        text += (text.empty() ? "" : ",") + number_text(number + 0.0);  // -0 becomes 0
    }
    return numbers.size() == 1 ? text : "[" + text + "]";
}

/// The inverse of list_text; spaces around items are dropped.
TextList parse_list_text(std::string_view text) {
    if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
        text = text.substr(1, text.size() - 2);
    }
    TextList items(1);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) {
            items.back() += text[++i];
        } else if (text[i] == ',') {
            items.emplace_back();
        } else {
            items.back() += text[i];
        }
    }
    for (std::string& item : items) {
        item.erase(0, std::min(item.find_first_not_of(' '), item.size()));
        item.erase(item.find_last_not_of(' ') + 1);
    }
    return items;
}

std::string bound_text(double bound, bool is_whole) {
    return is_whole ? number_text(static_cast<std::int64_t>(bound)) : number_text(bound);
}

std::string range_text(const Parameter& parameter) {
    const Range& range = parameter.range;
    const bool is_whole = parameter.type() == Type::Int || range.whole;
    std::string text;
    if (std::isfinite(range.min)) {
        text += (range.min_excluded ? " > " : " >= ") + bound_text(range.min, is_whole);
    }
    if (std::isfinite(range.max)) {
        text += std::string(text.empty() ? "" : " and") + (range.max_excluded ? " < " : " <= ") +
                bound_text(range.max, is_whole);
    }
    return text;
}

bool is_in_range(double value, const Range& range) {
    const bool above = range.min_excluded ? value > range.min : value >= range.min;
    const bool below = range.max_excluded ? value < range.max : value <= range.max;
    return above && below;
}

std::string rejected(const Parameter& parameter, const std::string& text) {
    return quoted(text) + " is not allowed; expected " + allowed_text(parameter);
}

template <typename T>
std::optional<T> parse_number(const std::string& text) {
    T value{};
    const char* const end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, value);
    if (result.ec != std::errc{} || result.ptr != end) {
        return std::nullopt;
    }
    return value;
}

std::optional<std::string> parse_into(const Parameter& parameter,
                                      const std::string& text,
                                      bool& field) {
    const bool is_true = text == "true" || text == "True" || text == "TRUE";
    if (!is_true && text != "false" && text != "False" && text != "FALSE") {
        return rejected(parameter, text);
    }
    field = is_true;
    return std::nullopt;
}

template <typename T>
std::optional<std::string> parse_into(const Parameter& parameter,
                                      const std::string& text,
                                      T& field) {
    std::optional<T> value = parse_number<T>(text);
    if (!value || !std::isfinite(static_cast<double>(*value)) ||
        !is_in_range(static_cast<double>(*value), parameter.range)) {
        return rejected(parameter, text);
    }
    if constexpr (std::is_integral_v<T>) {
        if (parameter.range.odd && *value % 2 == 0) {
            return rejected(parameter, text);
        }
    } else {
        *value += 0.0;  // -0 becomes 0
    }
    field = *value;
    return std::nullopt;
}

std::optional<std::string> parse_into(const Parameter& parameter,
                                      const std::string& text,
                                      std::string& field) {
    if (has_control_character(text)) {
        return "holds a control character";
    }
    if (!parameter.choices.empty()) {
        const auto& choices = parameter.choices;
        if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
            const std::string nearest = nearest_name(text, choices);
            return rejected(parameter, text) +
                   (nearest.empty() ? "" : "; did you mean " + nearest + "?");
        }
    }
    if (parameter.name == "sequence.scenario" && !parse_scenario(text)) {
        return rejected(parameter, text);
    }
    field = text;
    return std::nullopt;
}

/// One number stands for both bounds of a pair.
std::optional<std::string> check_pairs(const Parameter& parameter, NumberList& numbers) {
    if (numbers.size() == 1) {
        numbers.push_back(numbers.front());
    }
    if (numbers.size() % 2 != 0) {
        return rejected(parameter, list_text(numbers));
    }
    for (std::size_t i = 0; i < numbers.size(); i += 2) {
        if (numbers[i] > numbers[i + 1]) {
            return "the lower bound " + number_text(numbers[i]) + " is above the upper bound " +
                   number_text(numbers[i + 1]) + "; expected " + allowed_text(parameter);
        }
    }
    return std::nullopt;
}

std::optional<std::string> parse_into(const Parameter& parameter,
                                      const TextList& items,
                                      NumberList& field) {
    constexpr std::size_t kMostNumbers = 64;
    if (items.empty() || items.size() > kMostNumbers) {
        return (items.empty() ? "the list is empty" : "the list has more than 64 numbers") +
               std::string("; expected ") + allowed_text(parameter);
    }
    NumberList numbers;
    for (const std::string& item : items) {
        const std::optional<double> number = parse_number<double>(item);
        if (!number || !std::isfinite(*number) || !is_in_range(*number, parameter.range) ||
            (parameter.range.whole && *number != std::floor(*number))) {
            return rejected(parameter, item);
        }
        numbers.push_back(*number + 0.0);  // -0 becomes 0
    }
    if (parameter.range.pairs) {
        if (auto wrong = check_pairs(parameter, numbers)) {
            return wrong;
        }
    }
    field = std::move(numbers);
    return std::nullopt;
}

std::optional<std::string> parse_into(const Parameter& parameter,
                                      const TextList& items,
                                      TextList& field) {
    if (items.empty()) {
        return "the list is empty; expected " + allowed_text(parameter);
    }
    if (parameter.name == kPerClass) {
        return items == TextList{kNothing} ? parse_class_settings({}, field)
                                           : parse_class_settings(items, field);
    }
    std::set<std::string> seen;
    for (const std::string& item : items) {
        if (item.empty() || has_control_character(item)) {
            return "an item is empty or holds a control character; expected " +
                   allowed_text(parameter);
        }
        if (!seen.insert(item).second) {
            return quoted(item) + " is listed twice";
        }
        const auto& choices = parameter.choices;
        if (!choices.empty() && std::find(choices.begin(), choices.end(), item) == choices.end()) {
            return rejected(parameter, item);
        }
    }
    if (parameter.name == "data.classes" && seen.count(kAllClasses) != 0) {
        if (items.size() > 1) {
            return "all stands alone; expected " + allowed_text(parameter);
        }
        field.clear();
        return std::nullopt;
    }
    if (parameter.name == "sequence.order" && items.size() > 1) {
        for (const std::string& rule : order_rules()) {
            if (seen.count(rule) != 0) {
                return rule + " stands alone; expected " + allowed_text(parameter);
            }
        }
    }
    field = items;
    if (parameter.name == "data.classes") {
        std::sort(field.begin(), field.end());  // a set: sequence.order says what comes first
    }
    return std::nullopt;
}

}  // namespace

std::string value_text(const Parameter& parameter, const TrialConfig& config) {
    return std::visit(
        [&](const auto& member) -> std::string {
            const auto& value = member.read(config);
            using T = std::decay_t<decltype(value)>;
            if constexpr (std::is_same_v<T, bool>) {
                return value ? "true" : "false";
            } else if constexpr (std::is_same_v<T, std::string>) {
                return value;
            } else if constexpr (std::is_same_v<T, TextList>) {
                const bool is_per_class = parameter.name == kPerClass;
                return value.empty() ? (is_per_class ? kNothing : kAllClasses) : list_text(value);
            } else if constexpr (std::is_same_v<T, NumberList>) {
                return list_text(value);
            } else {
                return number_text(value + T{});  // -0 becomes 0
            }
        },
        parameter.member);
}

std::string default_text(const Parameter& parameter) {
    static const TrialConfig defaults;
    return value_text(parameter, defaults);
}

std::string allowed_text(const Parameter& parameter) {
    if (parameter.name == "sequence.scenario") {
        return "two positive integers as in 10-5";
    }
    if (parameter.name == "data.classes") {
        return "all, or a list of class names";
    }
    if (parameter.name == "sequence.order") {
        return "one of " + joined(order_rules(), ", ") + ", or the list of the classes";
    }
    if (parameter.name == kPerClass) {
        return "none, or a mapping such as {bottle: {train.lr: 8e-5}}";
    }
    switch (parameter.type()) {
        case Type::Bool:
            return "true or false";
        case Type::Int:
            return (parameter.range.odd ? "an odd integer" : "an integer") + range_text(parameter);
        case Type::Real:
            return "a number" + range_text(parameter);
        case Type::Numbers: {
            const Range& range = parameter.range;
            const std::string numbers = (range.whole ? "whole numbers" : "numbers");
            return (range.pairs ? "[low, high], " : "a list of ") + numbers + range_text(parameter);
        }
        case Type::Text:
        case Type::TextList:
            break;
    }
    if (!parameter.choices.empty()) {
        const bool is_list = parameter.type() == Type::TextList;
        return (is_list ? "some of " : "one of ") + joined(parameter.choices, ", ");
    }
    if (parameter.name == "backbone.blocks") {
        return "a list of blocks, from 0";
    }
    return parameter.locator ? "a path" : "a text";
}

std::optional<std::string> set_value(const Parameter& parameter,
                                     TrialConfig& config,
                                     const ParameterValue& value) {
    return std::visit(
        [&](const auto& member) -> std::optional<std::string> {
            auto& field = member.write(config);
            using T = std::decay_t<decltype(field)>;
            if constexpr (std::is_same_v<T, TextList> || std::is_same_v<T, NumberList>) {
                const auto* text = std::get_if<std::string>(&value);
                return parse_into(
                    parameter,
                    text != nullptr ? parse_list_text(*text) : std::get<TextList>(value),
                    field);
            } else {
                const auto* text = std::get_if<std::string>(&value);
                if (text == nullptr) {
                    return "is a list; expected " + allowed_text(parameter);
                }
                return parse_into(parameter, *text, field);
            }
        },
        parameter.member);
}

}  // namespace harrow::sweeps
