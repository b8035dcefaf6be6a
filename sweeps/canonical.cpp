#include "sweeps/canonical.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "sweeps/error.hpp"

namespace harrow::sweeps {
namespace {

constexpr std::string_view kHeader = "harrow-config 1\n";
constexpr Stage kStages[] = {Stage::Features, Stage::Training, Stage::Scoring};

int revision_of(Stage stage, const TrialConfig& config) {
    switch (stage) {
        case Stage::Features:
            return kFeaturesRevision;
        case Stage::Training: {
            const Method* method = find_method(config.method);
            return method == nullptr ? 0 : method->training_revision;
        }
        case Stage::Scoring:
            return kScoringRevision;
    }
    return 0;
}

/// Of all parameters, in their order.
std::vector<std::string> default_texts() {
    const TrialConfig defaults;
    std::vector<std::string> texts;
    for (const Parameter& parameter : parameters()) {
        texts.push_back(value_text(parameter, defaults));
    }
    return texts;
}

template <typename Stages>
std::string write(const TrialConfig& config, const Stages& stages) {
    const auto wanted = [&](Stage stage) {
        return std::find(std::begin(stages), std::end(stages), stage) != std::end(stages);
    };
    std::string text(kHeader);
    for (const Stage stage : kStages) {
        if (wanted(stage)) {
            text += std::string(stage_name(stage)) +
                    ".revision=" + std::to_string(revision_of(stage, config)) + "\n";
        }
    }
    static const std::vector<std::string> defaults = default_texts();
    std::map<std::string_view, std::string> lines;
    for (std::size_t i = 0; i < parameters().size(); ++i) {
        const Parameter& parameter = parameters()[i];
        if (parameter.locator || !wanted(parameter.stage) || !is_active(parameter, config)) {
            continue;
        }
        std::string value = value_text(parameter, config);
        if (value != defaults[i]) {
            lines.emplace(parameter.name, std::move(value));
        }
    }
    for (const auto& [name, value] : lines) {
        text += std::string(name) + "=" + value + "\n";
    }
    return text;
}

[[noreturn]] void reject(int line, const std::string& message) {
    throw UsageError({Problem{"canonical text", line, "", message}});
}

/// The stage of a line `<stage>.revision=…`.
std::optional<Stage> stage_of_revision(std::string_view name) {
    for (const Stage stage : kStages) {
        if (name == std::string(stage_name(stage)) + ".revision") {
            return stage;
        }
    }
    return std::nullopt;
}

void read_line(std::string_view line, int number, TrialConfig& config, std::vector<Stage>& stages) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
        reject(number, "expected name=value");
    }
    const std::string_view name = line.substr(0, equals);
    if (const std::optional<Stage> stage = stage_of_revision(name)) {
        stages.push_back(*stage);
        return;
    }
    const Parameter* parameter = find_parameter(name);
    if (parameter == nullptr || parameter->name != name) {
        reject(number, "unknown parameter; is it from another version of Harrow?");
    }
    const std::string value(line.substr(equals + 1));
    if (const auto problem = set_value(*parameter, config, value)) {
        reject(number, parameter->name + ": " + *problem);
    }
}

/// First line, from 1, in which the two differ.
int first_difference(std::string_view a, std::string_view b) {
    const auto [end, other] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    return 1 + static_cast<int>(std::count(a.begin(), end, '\n'));
}

}  // namespace

std::string canonical_text(const TrialConfig& config, std::initializer_list<Stage> stages) {
    return write(config, stages);
}

std::string canonical_text(const TrialConfig& config) {
    return write(config, kStages);
}

TrialConfig parse_canonical(std::string_view text) {
    if (text.substr(0, kHeader.size()) != kHeader) {
        reject(1, "expected '" + std::string(kHeader.substr(0, kHeader.size() - 1)) + "'");
    }
    TrialConfig config;
    std::vector<Stage> stages;
    std::string_view rest = text.substr(kHeader.size());
    for (int number = 2; !rest.empty(); ++number) {
        const std::size_t end = rest.find('\n');
        if (end == std::string_view::npos) {
            reject(number, "the last line does not end");
        }
        read_line(rest.substr(0, end), number, config, stages);
        rest.remove_prefix(end + 1);
    }
    // Order, spelling, revisions, repetition and inactive or default values: one comparison sees
    // all.
    const std::string written = write(config, stages);
    if (written != text) {
        reject(first_difference(text, written),
               "not as this version of Harrow writes it: another revision, order or spelling, or a "
               "parameter without effect");
    }
    return config;
}

}  // namespace harrow::sweeps
