#include "sweeps/parameter_text.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "sweeps/error.hpp"
#include "sweeps/method_defaults.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::sweeps {
namespace {

using Cells = std::vector<std::string>;

std::vector<const Parameter*> parameters_of(const std::string& method) {
    if (!method.empty() && find_method(method) == nullptr) {
        std::vector<std::string> names;
        std::string listed;
        for (const Method& known : methods()) {
            names.push_back(known.name);
            listed += (listed.empty() ? "" : ", ") + known.name;
        }
        const std::string nearest = nearest_name(method, names);
        throw UsageError("unknown method '" + method + "'; expected one of " + listed +
                         (nearest.empty() ? "" : "; did you mean " + nearest + "?"));
    }
    std::vector<const Parameter*> rows;
    for (const Parameter& parameter : parameters()) {
        const auto& owners = parameter.methods;
        if (method.empty() || owners.empty() ||
            std::find(owners.begin(), owners.end(), method) != owners.end()) {
            rows.push_back(&parameter);
        }
    }
    return rows;
}

std::string section_of(const Parameter& parameter) {
    const std::size_t dot = parameter.name.find('.');
    return dot == std::string::npos ? "" : parameter.name.substr(0, dot);
}

std::string owners_text(const Parameter& parameter) {
    std::string text;
    for (const std::string& owner : parameter.methods) {
        text += (text.empty() ? "" : ", ") + owner;
    }
    return text.empty() ? "all" : text;
}

std::string text_of(const Parameter& parameter, const TrialConfig& config) {
    const std::string text = value_text(parameter, config);
    return text.empty() ? "none" : text;
}

/// "30; 1.3: [8,16,20]": versions whose values are not those of the method.
std::string version_defaults(const Parameter& parameter, const std::string& method) {
    const std::string first = text_of(parameter, method_defaults(method, ""));
    std::string text;
    for (const std::string& version : find_parameter("model.version")->choices) {
        const std::string other = text_of(parameter, method_defaults(method, version));
        if (other != first && parameter.name != "model.version") {
            text += "; " + version + ": " + other;
        }
    }
    return text;
}

/// Where a sweep file of `method`, or of any method, begins.
std::string shown_default(const Parameter& parameter, const std::string& method) {
    if (parameter.name == "method") {
        return method.empty() ? default_text(parameter) : method;
    }
    if (!method.empty()) {
        return text_of(parameter, method_defaults(method, "")) +
               version_defaults(parameter, method);
    }
    std::string text = text_of(parameter, TrialConfig{});
    for (const Method& known : methods()) {
        const auto& owners = parameter.methods;
        const bool owned =
            owners.empty() || std::find(owners.begin(), owners.end(), known.name) != owners.end();
        const std::string other = text_of(parameter, method_defaults(known.name, ""));
        if (owned && other != text_of(parameter, TrialConfig{})) {
            text += "; " + known.name + ": " + other;
        }
        text += owned ? version_defaults(parameter, known.name) : "";
    }
    return text;
}

std::string help_text(const Parameter& parameter) {
    std::string text = parameter.help;
    if (!parameter.unit.empty()) {
        text += " [" + parameter.unit + "]";
    }
    if (parameter.per_class) {
        text += "; may be given per class";
    }
    if (parameter.locator) {
        text += "; its content enters the keys, not its path";
    }
    return text;
}

std::string joined_aliases(const Parameter& parameter) {
    std::string text;
    for (const std::string& alias : parameter.aliases) {
        text += (text.empty() ? "also `" : ", `") + alias + "`";
    }
    return text;
}

/// Characters, not bytes: every value is UTF-8 without combining marks.
std::size_t width(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
    }));
}

}  // namespace

std::string parameters_markdown(const std::string& method) {
    std::string text = "# Parameters" + (method.empty() ? "" : " of " + method) + "\n\n";
    text +=
        "Written by `harrow params --markdown`. A stage says what a change makes stale: `features` "
        "everything,\n`training` trainings and scores, `scoring` scores only.\n"
        "Where a method begins with another value than the others, its name stands before that "
        "value, and so does a\nnumber of model.version. A list of numbers may be one number; of "
        "a list of pairs one number is both bounds.\nRanges of whole numbers in `synthetic` leave "
        "their upper bound out.\n";
    std::string section = "?";
    for (const Parameter* parameter : parameters_of(method)) {
        if (section_of(*parameter) != section) {
            section = section_of(*parameter);
            text += "\n## " + (section.empty() ? std::string("method") : section) + "\n\n";
            text += "| parameter | default | allowed | stage | methods | meaning | source |\n";
            text += "|---|---|---|---|---|---|---|\n";
        }
        const std::string aliases = joined_aliases(*parameter);
        text += "| `" + parameter->name + "`" + (aliases.empty() ? "" : "<br>" + aliases) + " | " +
                shown_default(*parameter, method) + " | " + allowed_text(*parameter) + " | " +
                stage_name(parameter->stage) + " | " + owners_text(*parameter) + " | " +
                help_text(*parameter) + " | " + parameter->source + " |\n";
    }
    return text;
}

std::string parameters_table(const std::string& method) {
    std::vector<Cells> rows = {{"PARAMETER", "DEFAULT", "STAGE", "METHODS", "ALLOWED", "MEANING"}};
    for (const Parameter* parameter : parameters_of(method)) {
        rows.push_back({parameter->name,
                        shown_default(*parameter, method),
                        stage_name(parameter->stage),
                        owners_text(*parameter),
                        allowed_text(*parameter),
                        help_text(*parameter)});
    }
    std::vector<std::size_t> widths(rows.front().size(), 0);
    constexpr std::size_t kWidest = 48;  // longer cells push the rest of their line
    for (const Cells& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], std::min(width(row[i]), kWidest));
        }
    }
    std::string text;
    for (const Cells& row : rows) {
        for (std::size_t i = 0; i + 1 < row.size(); ++i) {
            const std::size_t used = width(row[i]);
            text += row[i] + std::string(widths[i] > used ? widths[i] - used : 0, ' ') + "  ";
        }
        text += row.back() + "\n";
    }
    return text;
}

}  // namespace harrow::sweeps
