#include "sweeps/run_settings.hpp"

#include <charconv>
#include <cmath>
#include <optional>
#include <system_error>

#include "sweeps/error.hpp"
#include "sweeps/setting.hpp"

namespace harrow::sweeps {
namespace {

constexpr double kMaxCheckpointMinutes = 1e6;
constexpr int kMaxSlotsPerGpu = 64;

using Problems = std::vector<Problem>;

template <typename Number>
std::optional<Number> number_of(const YamlNode& node, const std::string& key, Problems& problems) {
    if (!node.is_scalar()) {
        return std::nullopt;
    }
    const std::optional<std::string> text = read_text(node, key, problems);
    Number value = 0;
    if (!text || text->empty()) {
        return std::nullopt;
    }
    const auto end = std::from_chars(text->data(), text->data() + text->size(), value);
    if (end.ec != std::errc{} || end.ptr != text->data() + text->size()) {
        return std::nullopt;
    }
    return value;
}

void read_checkpoint_minutes(const YamlNode& node, RunSettings& settings, Problems& problems) {
    const std::size_t before = problems.size();
    const auto minutes = number_of<double>(node, "checkpoint_minutes", problems);
    if (minutes && *minutes >= 0 && *minutes <= kMaxCheckpointMinutes) {
        settings.checkpoint_minutes = *minutes;
    } else if (problems.size() == before) {
        problems.push_back(problem_at(node.place,
                                      "checkpoint_minutes",
                                      "expected minutes from 0 (only after each task) to 1e6"));
    }
}

void read_slots_per_gpu(const YamlNode& node, RunSettings& settings, Problems& problems) {
    const std::size_t before = problems.size();
    const auto slots = number_of<int>(node, "slots_per_gpu", problems);
    if (slots && *slots >= 1 && *slots <= kMaxSlotsPerGpu) {
        settings.slots_per_gpu = *slots;
    } else if (problems.size() == before) {
        problems.push_back(
            problem_at(node.place,
                       "slots_per_gpu",
                       "expected an integer from 1 to " + std::to_string(kMaxSlotsPerGpu)));
    }
}

void read_keep_checkpoints(const YamlNode& node, RunSettings& settings, Problems& problems) {
    const std::size_t before = problems.size();
    const std::optional<std::string> text =
        node.is_scalar() ? read_text(node, "keep.checkpoints", problems) : std::nullopt;
    for (const KeepCheckpoints keep :
         {KeepCheckpoints::None, KeepCheckpoints::Last, KeepCheckpoints::All}) {
        if (text && *text == name_of(keep)) {
            settings.keep_checkpoints = keep;
            return;
        }
    }
    if (problems.size() == before) {
        problems.push_back(
            problem_at(node.place, "keep.checkpoints", "expected one of none, last, all"));
    }
}

void read_keep(const YamlNode& node, RunSettings& settings, Problems& problems) {
    if (!node.is_map()) {
        problems.push_back(
            problem_at(node.place, "keep", "expected a mapping, as in {checkpoints: last}"));
        return;
    }
    for (const YamlNode::Entry& entry : node.entries) {
        if (entry.key == "checkpoints") {
            read_keep_checkpoints(entry.value, settings, problems);
        } else {
            problems.push_back(
                problem_at(entry.place, "keep." + entry.key, "unknown key; expected checkpoints"));
        }
    }
}

}  // namespace

const std::vector<std::string>& run_setting_keys() {
    static const std::vector<std::string> keys = {"checkpoint_minutes", "keep", "slots_per_gpu"};
    return keys;
}

void read_run_setting(const std::string& key,
                      const YamlNode& node,
                      RunSettings& settings,
                      Problems& problems) {
    if (key == "checkpoint_minutes") {
        read_checkpoint_minutes(node, settings, problems);
    } else if (key == "slots_per_gpu") {
        read_slots_per_gpu(node, settings, problems);
    } else if (key == "keep.checkpoints") {
        read_keep_checkpoints(node, settings, problems);
    } else {
        read_keep(node, settings, problems);
    }
}

std::string name_of(KeepCheckpoints keep) {
    switch (keep) {
        case KeepCheckpoints::None:
            return "none";
        case KeepCheckpoints::Last:
            return "last";
        case KeepCheckpoints::All:
            return "all";
    }
    return "none";
}

}  // namespace harrow::sweeps
