#include "cli/sweep_source.hpp"

#include <sstream>

#include "storage/feature_cache.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::cli {
namespace {

/// "data.root=a,b" -> "data.root=/cwd/a,/cwd/b"; everything that is no path stays as typed.
std::string with_absolute_path(const std::string& override_text) {
    const std::size_t equals = override_text.find('=');
    const std::string key = override_text.substr(0, equals);
    const sweeps::Parameter* parameter = sweeps::find_parameter(key);
    if (equals == std::string::npos || parameter == nullptr || !parameter->locator) {
        return override_text;
    }
    std::string paths;
    std::istringstream values(override_text.substr(equals + 1));
    for (std::string value; std::getline(values, value, ',');) {
        if (value.empty() || value.find_first_of("[]'\"$") != std::string::npos) {
            return override_text;
        }
        paths += (paths.empty() ? "" : ",") +
                 std::filesystem::absolute(value).lexically_normal().string();
    }
    return key + "=" + paths;
}

}  // namespace

TypedSweep typed_sweep(const std::string& spec, const std::vector<std::string>& overrides) {
    TypedSweep typed{spec, overrides};
    if (spec.find('=') != std::string::npos && !std::filesystem::exists(spec)) {
        typed.overrides.insert(typed.overrides.begin(), spec);
        typed.spec.clear();
    }
    return typed;
}

SweepSource load_sweep_source(const std::string& spec,
                              const std::vector<std::string>& overrides,
                              sweeps::InputCatalog& catalog) {
    SweepSource source;
    for (const std::string& text : overrides) {
        source.overrides.push_back(with_absolute_path(text));
    }
    source.base_directory = std::filesystem::absolute(spec).parent_path().string();
    source.sweep = sweeps::load_sweep(spec, source.overrides, catalog);
    return source;
}

SweepSource resume_sweep_source(const storage::SweepRecord& record,
                                const std::vector<std::string>& overrides,
                                sweeps::InputCatalog& catalog) {
    SweepSource source;
    source.base_directory = record.base_directory;
    source.overrides = record.overrides;
    for (const std::string& text : overrides) {
        source.overrides.push_back(with_absolute_path(text));
    }
    source.sweep = sweeps::parse_sweep(
        record.text, record.file, record.base_directory, source.overrides, catalog);
    return source;
}

std::string absolute_path(const std::filesystem::path& path) {
    return std::filesystem::absolute(path).lexically_normal().string();
}

std::filesystem::path cache_directory(const std::string& cache) {
    return std::filesystem::absolute(cache.empty() ? storage::FeatureCache::default_root()
                                                   : std::filesystem::path(cache));
}

}  // namespace harrow::cli
