#pragma once

#include "sweeps/parameters.hpp"

namespace harrow::sweeps {

/// False for a choice between one: it cannot leave its default.
inline bool has_other_value(const Parameter& parameter) {
    return parameter.choices.size() != 1;
}

/// An allowed value that is not the default, where there is one.
inline ParameterValue off_default(const Parameter& parameter) {
    const TrialConfig defaults;
    switch (parameter.type()) {
        case Type::Bool:
            return default_text(parameter) == "true" ? "false" : "true";
        case Type::Int: {
            const long long value = std::stoll(default_text(parameter));
            return std::to_string(value + 2);
        }
        case Type::Real: {
            const double value = std::stod(default_text(parameter));
            return std::to_string(value * 0.5 + 0.0009765625);
        }
        case Type::Text:
            if (!parameter.choices.empty()) {
                return parameter.choices.back() == default_text(parameter)
                           ? parameter.choices.front()
                           : parameter.choices.back();
            }
            return std::string("3-2");  // a scenario, or the name of a file
        case Type::TextList:
            if (parameter.name == "per_class") {
                return std::vector<std::string>{"train.lr=0.5@b", "synthetic.noise=[3,4]@a"};
            }
            if (!parameter.choices.empty()) {
                return std::vector<std::string>{parameter.choices.back(),
                                                parameter.choices.front()};
            }
            return std::vector<std::string>{"b", "a"};
        case Type::Numbers: {
            std::vector<std::string> numbers;
            const NumberList list =
                std::get<MemberAccess<NumberList>>(parameter.member).read(defaults);
            for (const double number : list) {
                numbers.push_back(
                    std::to_string(parameter.range.whole ? number + 2 : number / 2 + 0.25));
            }
            return numbers;
        }
    }
    return {};
}

}  // namespace harrow::sweeps
