#include "slurm/site_file.hpp"

#include <cstdlib>
#include <string>
#include <vector>

#include "storage/files.hpp"
#include "sweeps/parameters.hpp"
#include "sweeps/setting.hpp"
#include "sweeps/yaml_tree.hpp"

namespace harrow::slurm {
namespace {

using sweeps::problem_at;
using sweeps::YamlNode;
using Problems = std::vector<sweeps::Problem>;

constexpr const char* kSection = "slurm";

std::vector<std::string> setting_names() {
    std::vector<std::string> names;
    for (const JobSetting& setting : job_settings()) {
        names.emplace_back(setting.name);
    }
    return names;
}

void take(const JobSetting& setting,
          const YamlNode& scalar,
          const std::string& before,
          JobRequest& request,
          Problems& problems) {
    const std::string key = std::string(kSection) + "." + setting.name;
    if (!scalar.is_scalar()) {
        problems.push_back(problem_at(
            scalar.place, key, "expected a text, found " + std::string(scalar.kind_text())));
        return;
    }
    const std::optional<std::string> text = sweeps::read_text(scalar, key, problems);
    if (!text) {
        return;
    }
    if (const std::optional<std::string> wrong = setting.take(request, before + *text)) {
        problems.push_back(problem_at(scalar.place, key, *wrong));
    }
}

/// A list setting takes a text or a list of them; `environment` also takes a mapping.
void take_all(const JobSetting& setting,
              const YamlNode& node,
              JobRequest& request,
              Problems& problems) {
    if (setting.is_list && node.is_list()) {
        for (const YamlNode& item : node.items) {
            take(setting, item, "", request, problems);
        }
    } else if (std::string(setting.name) == "environment" && node.is_map()) {
        for (const YamlNode::Entry& entry : node.entries) {
            take(setting, entry.value, entry.key + "=", request, problems);
        }
    } else {
        take(setting, node, "", request, problems);
    }
}

void read_section(const YamlNode& section, JobRequest& request, Problems& problems) {
    if (!section.is_map()) {
        problems.push_back(
            problem_at(section.place, kSection, "expected a mapping, as in {partition: gpu}"));
        return;
    }
    const std::vector<std::string> names = setting_names();
    for (const YamlNode::Entry& entry : section.entries) {
        bool known = false;
        for (const JobSetting& setting : job_settings()) {
            if (entry.key == setting.name) {
                take_all(setting, entry.value, request, problems);
                known = true;
            }
        }
        if (!known) {
            problems.push_back(problem_at(entry.place,
                                          std::string(kSection) + "." + entry.key,
                                          "unknown key" + sweeps::suggestion(entry.key, names)));
        }
    }
}

}  // namespace

std::filesystem::path default_site_file() {
    const char* config = std::getenv("XDG_CONFIG_HOME");
    if (config != nullptr && *config != '\0') {
        return std::filesystem::path(config) / "harrow" / "site.yaml";
    }
    const char* home = std::getenv("HOME");
    return home != nullptr && *home != '\0'
               ? std::filesystem::path(home) / ".config" / "harrow" / "site.yaml"
               : std::filesystem::path();
}

void apply_site_text(const std::string& text, const std::string& file, JobRequest& request) {
    Problems problems;
    const YamlNode root = sweeps::parse_yaml(text, file, problems);
    if (root.is_map()) {
        for (const YamlNode::Entry& entry : root.entries) {
            if (entry.key == kSection) {
                read_section(entry.value, request, problems);
            } else {
                problems.push_back(
                    problem_at(entry.place,
                               entry.key,
                               "unknown key" + sweeps::suggestion(entry.key, {kSection})));
            }
        }
    } else if (root.kind != YamlNode::Kind::Null) {
        problems.push_back(
            problem_at(root.place,
                       "",
                       "expected a mapping with the key slurm, as in slurm: {partition: gpu}"));
    }
    if (!problems.empty()) {
        throw sweeps::UsageError(std::move(problems));
    }
}

void apply_site_file(const std::filesystem::path& file, JobRequest& request) {
    std::string text;
    try {
        text = storage::read_file(file);
    } catch (const sweeps::StorageError& error) {
        throw sweeps::UsageError(error.what());
    }
    apply_site_text(text, file.string(), request);
}

}  // namespace harrow::slurm
