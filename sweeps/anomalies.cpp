#include "sweeps/anomalies.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "sweeps/error.hpp"
#include "sweeps/feature_views.hpp"
#include "sweeps/parameters.hpp"
#include "sweeps/random.hpp"
#include "sweeps/validation.hpp"

namespace harrow::sweeps {
namespace {

constexpr int kAnomaliesRevision = 1;  // raised when other pixels are made

/// Of a list with one number for all resolutions or one per resolution.
std::int64_t count_at(const NumberList& counts, std::size_t resolution) {
    return counts.empty() ? 0 : std::llround(counts[std::min(resolution, counts.size() - 1)]);
}

bool belongs(std::string_view split, std::string_view parameter) {
    if (split == kSyntheticSplit) {
        return parameter == "validation.holdout" || parameter == "validation.synthetic";
    }
    return split == kAnomaliesSplit &&
           (parameter == "method" || parameter == "validation.holdout" ||
            (parameter.substr(0, 10) == "synthetic." && parameter != "synthetic.seed"));
}

}  // namespace

int load_side(const DataConfig& config) {
    return config.load_size > 0 ? config.load_size : config.image_size;
}

std::int64_t AnomalyRows::total() const {
    std::int64_t sum = normals_first;
    for (const AnomalyCounts& counts : resolutions) {
        sum += counts.total();
    }
    return sum;
}

AnomalyRows anomaly_rows(const SyntheticConfig& config, std::int64_t train_images) {
    AnomalyRows rows;
    rows.normals = std::min<std::int64_t>(config.normal_images, train_images);
    rows.normals_first = config.train_pixels == "wrapped_compat" ? rows.normals : 0;
    for (std::size_t i = 0; i < config.resolutions.size(); ++i) {
        rows.resolutions.push_back({static_cast<int>(config.resolutions[i]),
                                    count_at(config.texture, i),
                                    count_at(config.structural, i),
                                    count_at(config.contextual, i)});
    }
    return rows;
}

std::uint64_t anomaly_seed(const SyntheticConfig& config, std::uint64_t trial_seed) {
    return config.seed < 0 ? trial_seed : static_cast<std::uint64_t>(config.seed);
}

std::uint64_t class_anomaly_seed(std::uint64_t seed, std::string_view class_name) {
    return stream_seed(seed, "class/" + std::string(class_name));
}

std::string recipe_text(const TrialConfig& config, std::string_view split) {
    std::map<std::string_view, std::string> lines;
    for (const Parameter& parameter : parameters()) {
        if (belongs(split, parameter.name) && is_active(parameter, config)) {
            lines.emplace(parameter.name, value_text(parameter, config));
        }
    }
    std::string text;
    for (const auto& [name, value] : lines) {
        text += std::string(name) + "=" + value + "\n";
    }
    return text;
}

void apply_recipe(std::string_view recipe, TrialConfig& config) {
    while (!recipe.empty()) {
        const std::string_view line = recipe.substr(0, recipe.find('\n'));
        const std::size_t equals = line.find('=');
        const Parameter* parameter = find_parameter(line.substr(0, equals));
        if (equals == std::string_view::npos || parameter == nullptr ||
            set_value(*parameter, config, std::string(line.substr(equals + 1)))) {
            throw UsageError("'" + std::string(line) + "' says not how an image is made; is it " +
                             "from another version of Harrow?");
        }
        recipe.remove_prefix(std::min(line.size() + 1, recipe.size()));
    }
}

Digest anomalies_digest(const Digest& train_digest, std::string_view recipe, std::uint64_t seed) {
    return hash_text("harrow-anomalies " + std::to_string(kAnomaliesRevision) + "\n" +
                     std::string(recipe) + "seed " + std::to_string(seed) + "\n" + train_digest +
                     "\n");
}

}  // namespace harrow::sweeps
