#include "cli/sweep_source.hpp"

#include "storage/feature_cache.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::cli {
namespace {

/// "data.root=rel" -> "data.root=/cwd/rel"; everything that is no path stays as typed.
std::string with_absolute_path(const std::string& override_text) {
    const std::size_t equals = override_text.find('=');
    if (equals == std::string::npos) {
        return override_text;
    }
    const sweeps::Parameter* parameter = sweeps::find_parameter(override_text.substr(0, equals));
    const std::string value = override_text.substr(equals + 1);
    const bool is_single_path = parameter != nullptr && parameter->locator && !value.empty() &&
                                value.find_first_of(",[$") == std::string::npos;
    if (!is_single_path) {
        return override_text;
    }
    return override_text.substr(0, equals + 1) +
           std::filesystem::absolute(value).lexically_normal().string();
}

}  // namespace

SweepSource load_sweep_source(const std::string& spec,
                              const std::vector<std::string>& overrides,
                              sweeps::DatasetCatalog& catalog) {
    SweepSource source;
    for (const std::string& text : overrides) {
        source.overrides.push_back(with_absolute_path(text));
    }
    source.base_directory = std::filesystem::absolute(spec).parent_path().string();
    source.sweep = sweeps::load_sweep(spec, source.overrides, catalog);
    return source;
}

SweepSource resume_sweep_source(const storage::SweepRecord& record,
                                sweeps::DatasetCatalog& catalog) {
    return {sweeps::parse_sweep(
                record.text, record.file, record.base_directory, record.overrides, catalog),
            record.base_directory,
            record.overrides};
}

std::filesystem::path cache_directory(const std::string& cache) {
    return std::filesystem::absolute(cache.empty() ? storage::FeatureCache::default_root()
                                                   : std::filesystem::path(cache));
}

}  // namespace harrow::cli
