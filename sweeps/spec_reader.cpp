#include "sweeps/spec_reader.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sweeps/compare_section.hpp"
#include "sweeps/space_reader.hpp"
#include "sweeps/tables/table_reader.hpp"

namespace harrow::sweeps {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxIncludes = 64;

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// Reads one file after another into one Spec.
class SpecReader {
public:
    SpecReader(const KeySet& overridden, std::vector<Problem>& problems)
        : overridden_(overridden), problems_(problems) {}

    void read(const std::string& text, const std::string& file, const std::string& directory) {
        const std::size_t problems_before = problems_.size();
        const YamlNode root = parse_yaml(text, file, problems_);
        if (!root.is_map()) {
            if (problems_.size() == problems_before) {
                problems_.push_back(
                    {file,
                     root.place.line,
                     "",
                     std::string("holds ") + root.kind_text() +
                         "; a sweep file is a mapping with name, data, seeds and what it changes"});
            }
            spec_.is_broken = true;
            return;
        }
        for (const YamlNode::Entry& entry : root.entries) {
            if (entry.key == "include") {
                read_includes(entry, directory);
            }
        }
        for (Setting& setting :
             read_settings(root, top_level_keys(), directory, problems_, overridden_)) {
            set_base(spec_, std::move(setting));
        }
        for (const YamlNode::Entry& entry : root.entries) {
            read_entry(entry, directory);
        }
    }

    Spec take() { return std::move(spec_); }
    /// Guards against a file that includes itself.
    void enter_file(const fs::path& file) {
        std::error_code ignored;
        open_files_.push_back(fs::weakly_canonical(file, ignored));
    }

private:
    static const std::vector<std::string>& top_level_keys() {
        static const std::vector<std::string> keys = [] {
            std::vector<std::string> all = {
                "include", "name", "seeds", "space", "objective", "compare", "tables"};
            all.insert(all.end(), run_setting_keys().begin(), run_setting_keys().end());
            return all;
        }();
        return keys;
    }
    void read_entry(const YamlNode::Entry& entry, const std::string& directory) {
        if (overridden_.count(entry.key) != 0) {
            spec_.has_seeds = spec_.has_seeds || entry.key == "seeds";
        } else if (entry.key == "name") {
            read_name(entry.value);
        } else if (entry.key == "seeds") {
            spec_.has_seeds = true;
            spec_.seeds = read_seeds(entry.value, "seeds", problems_);
        } else if (entry.key == "space") {
            const std::size_t problems_before = problems_.size();
            spec_.space = read_space(entry.value, directory, overridden_, problems_);
            spec_.space_is_sound = problems_.size() == problems_before;
        } else if (entry.key == "objective") {
            spec_.objective = read_objective(entry.value, problems_);
        } else if (entry.key == "compare") {
            spec_.compare = read_compare(entry.value, problems_);
            spec_.compare_place = entry.place;
        } else if (entry.key == "tables") {
            spec_.tables = read_tables(entry.value, false, problems_);
            spec_.tables_text = yaml_line(entry.value);
        } else if (contains(run_setting_keys(), entry.key)) {
            read_run_setting(entry.key, entry.value, spec_.run, problems_);
        }
    }
    void read_name(const YamlNode& node) {
        spec_.name = "?";
        std::optional<std::string> name = node.text;
        if (node.is_scalar() && !(name = read_text(node, "name", problems_))) {
            return;
        }
        if (!node.is_scalar() || !is_name(*name)) {
            problems_.push_back(
                problem_at(node.place, "name", "expected a text of one line, up to 200 bytes"));
            return;
        }
        spec_.name = *name;
    }
    void read_includes(const YamlNode::Entry& entry, const std::string& directory) {
        const std::size_t problems_before = problems_.size();
        const std::vector<std::string> names = read_texts(entry.value, "include", problems_);
        spec_.is_broken = spec_.is_broken || problems_.size() > problems_before;
        for (const std::string& name : names) {
            read_include(name, entry.value.place, directory);
        }
    }
    void read_include(const std::string& name, const Place& place, const std::string& directory) {
        const auto reject = [&](const std::string& message) {
            problems_.push_back(problem_at(place, "include", message));
            spec_.is_broken = true;
        };
        const fs::path path = fs::absolute(fs::path(directory) / name).lexically_normal();
        std::error_code ignored;
        const fs::path identity = fs::weakly_canonical(path, ignored);
        if (std::find(open_files_.begin(), open_files_.end(), identity) != open_files_.end()) {
            reject("'" + name + "' includes itself, directly or through others");
            return;
        }
        if (spec_.included.size() >= kMaxIncludes) {
            reject("more than " + std::to_string(kMaxIncludes) + " files are included");
            return;
        }
        std::string text;
        try {
            text = read_sweep_file(path.string());
        } catch (const UsageError& error) {
            reject(error.what());
            return;
        }
        spec_.included.push_back(path.string());
        open_files_.push_back(identity);
        read(text,
             path.lexically_proximate(fs::current_path()).string(),
             path.parent_path().string());
        open_files_.pop_back();
    }

    const KeySet& overridden_;
    std::vector<Problem>& problems_;
    Spec spec_;
    std::vector<fs::path> open_files_;
};

}  // namespace

void set_base(Spec& spec, Setting setting) {
    const auto found = std::find_if(spec.base.begin(), spec.base.end(), [&](const Setting& other) {
        return other.parameter == setting.parameter;
    });
    if (found == spec.base.end()) {
        spec.base.push_back(std::move(setting));
    } else {
        *found = std::move(setting);
    }
}

std::string read_sweep_file(const std::string& file) {
    const auto reject = [&](const std::string& message) -> UsageError {
        return UsageError({Problem{file, 0, "", message}});
    };
    std::error_code error;
    const fs::file_status status = fs::status(file, error);
    if (!fs::exists(status)) {
        throw reject("there is no such file; check the path");
    }
    if (fs::is_directory(status)) {
        throw reject("is a directory; give a sweep file");
    }
    errno = 0;
    std::ifstream stream(file, std::ios::binary);
    std::string text;
    if (stream) {
        // One byte more than allowed tells a file that is too large, even one without a size.
        text.resize(kMaxYamlBytes + 1);
        stream.read(text.data(), static_cast<std::streamsize>(text.size()));
        text.resize(static_cast<std::size_t>(stream.gcount()));
    }
    if (!stream.is_open() || stream.bad()) {
        throw reject(std::string("cannot be read: ") + std::strerror(errno));
    }
    if (text.size() > kMaxYamlBytes) {
        throw reject("is larger than 4 MiB; is it a sweep file?");
    }
    return text;
}

Spec read_spec(const std::string& text,
               const std::string& file,
               const std::string& directory,
               const KeySet& overridden,
               std::vector<Problem>& problems) {
    SpecReader reader(overridden, problems);
    reader.enter_file(fs::path(directory) / fs::path(file).filename());
    reader.read(text, file, directory);
    return reader.take();
}

}  // namespace harrow::sweeps
