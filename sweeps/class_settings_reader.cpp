#include "sweeps/class_settings_reader.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "sweeps/class_config.hpp"

namespace harrow::sweeps {
namespace {

/// The parts of "a, b" without the spaces around them.
std::vector<std::string> split_names(const std::string& key) {
    std::vector<std::string> names(1);
    for (const char c : key) {
        if (c == ',') {
            names.emplace_back();
        } else if (c != ' ' || !names.back().empty()) {
            names.back() += c;
        }
    }
    for (std::string& name : names) {
        name.erase(name.find_last_not_of(' ') + 1);
    }
    return names;
}

/// Texts of one mapping of classes.
class ClassSettingsReader {
public:
    ClassSettingsReader(const std::string& directory, std::vector<Problem>& problems)
        : directory_(directory), problems_(problems) {}

    std::vector<std::string> read(const YamlNode& map) {
        for (const YamlNode::Entry& entry : map.entries) {
            read_classes(entry);
        }
        std::sort(texts_.begin(), texts_.end());
        return std::move(texts_);
    }

private:
    void read_classes(const YamlNode::Entry& entry) {
        const std::vector<std::string> names = split_names(entry.key);
        if (std::find(names.begin(), names.end(), "") != names.end()) {
            problems_.push_back(problem_at(
                entry.place, kPerClass, "'" + entry.key + "' names a class without a letter"));
            return;
        }
        if (!entry.value.is_map()) {
            problems_.push_back(
                problem_at(entry.place,
                           kPerClass,
                           entry.key + " has " + entry.value.kind_text() +
                               "; expected a mapping of parameters such as {train.lr: 8e-5}"));
            return;
        }
        for (const Setting& setting : read_settings(entry.value, {}, directory_, problems_)) {
            if (!setting.parameter->per_class) {
                problems_.push_back(
                    problem_at(setting.place,
                               setting.parameter->name,
                               "is one for all classes; what may be given for one class: " +
                                   per_class_names()));
                continue;
            }
            for (const std::string& name : names) {
                add(setting, name);
            }
        }
    }
    void add(const Setting& setting, const std::string& class_name) {
        const std::string& parameter = setting.parameter->name;
        const auto [first, is_new] =
            lines_.emplace(std::make_pair(class_name, parameter), setting.place.line);
        if (!is_new) {
            problems_.push_back(problem_at(setting.place,
                                           kPerClass,
                                           parameter + " is given twice for " + class_name +
                                               ", first in line " + std::to_string(first->second) +
                                               "; keep one"));
            return;
        }
        TrialConfig scratch;
        apply(setting, scratch);
        texts_.push_back(
            class_setting_text({parameter, value_text(*setting.parameter, scratch), class_name}));
    }

    const std::string& directory_;
    std::vector<Problem>& problems_;
    std::vector<std::string> texts_;
    std::map<std::pair<std::string, std::string>, int> lines_;
};

}  // namespace

std::optional<Setting> read_class_settings(const Parameter& per_class,
                                           const YamlNode& map,
                                           const std::string& directory,
                                           std::vector<Problem>& problems) {
    const std::size_t problems_before = problems.size();
    std::vector<std::string> texts = ClassSettingsReader(directory, problems).read(map);
    if (problems.size() > problems_before) {
        return std::nullopt;
    }
    if (texts.empty()) {
        texts.emplace_back("none");
    }
    return Setting{&per_class, std::move(texts), map.place};
}

}  // namespace harrow::sweeps
