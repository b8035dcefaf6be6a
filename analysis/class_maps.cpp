#include "analysis/class_maps.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/aggregation.hpp"
#include "sweeps/error.hpp"

namespace harrow::analysis {
namespace {

// What the reference makes of broken scores (score.nan_compat).
template <typename Score>
Score reference_replacement(Score score) {
    if (std::isfinite(score)) {
        return score;
    }
    return score > 0 ? Score{1} : Score{0};  // +inf -> 1; NaN, -inf -> 0
}

}  // namespace

ClassMaps::ClassMaps(const storage::PatchScores& training,
                     const storage::ClassScores& scores,
                     const ClassTruth& truth)
    : training_(training), scores_(scores), truth_(truth) {
    check_shapes();
    find_non_finite();
}

bool ClassMaps::fits_shapes() const {
    const std::size_t cells =
        static_cast<std::size_t>(training_.num_tasks) * static_cast<std::size_t>(scores_.images);
    const bool has_none = scores_.height == 0 && scores_.width == 0;
    return (has_none ? !scores_.image_scores.empty() : scores_.height > 0 && scores_.width > 0) &&
           scores_.maps.size() ==
               static_cast<std::size_t>(scores_.num_maps() * scores_.height * scores_.width) &&
           scores_.task >= 0 && scores_.task < training_.num_tasks &&
           scores_.routed_map.size() == cells && scores_.oracle_map.size() == cells &&
           (!training_.has_router || scores_.routed_task.size() == cells);
}

void ClassMaps::check_shapes() const {
    const auto images = static_cast<std::size_t>(scores_.images);
    const std::string where =
        "training " + training_.training_key + ", class '" + scores_.class_name + "': ";
    if (truth_.labels.size() != images) {
        throw sweeps::DataError(where + std::to_string(images) + " scored images, but " +
                                std::to_string(truth_.labels.size()) + " " + truth_.images +
                                " in the dataset; it changed since the training");
    }
    const auto maps = static_cast<std::int32_t>(scores_.num_maps());
    const auto has_maps = [&](const std::vector<std::int32_t>& table) {
        const auto first = table.begin() + static_cast<std::ptrdiff_t>(scores_.task * images);
        return std::all_of(
            first, table.end(), [maps](std::int32_t map) { return map >= 0 && map < maps; });
    };
    if (!fits_shapes() || !has_maps(scores_.routed_map) || !has_maps(scores_.oracle_map)) {
        throw sweeps::StorageError(where +
                                   "the patch scores lack maps or do not fit their shapes; "
                                   "remove them and run again to train anew");
    }
}

void ClassMaps::find_non_finite() {
    const auto patches_per_map = static_cast<std::size_t>(scores_.height * scores_.width);
    std::vector<bool> broken(static_cast<std::size_t>(scores_.num_maps()));
    bool is_image_score = false;
    for (std::size_t map = 0; map < broken.size(); ++map) {
        const float* first = patches(static_cast<std::int32_t>(map));
        broken[map] = !std::all_of(
            first, first + patches_per_map, [](float score) { return std::isfinite(score); });
        if (!scores_.image_scores.empty() && !std::isfinite(scores_.image_scores[map])) {
            broken[map] = is_image_score = true;
        }
    }
    const auto images = static_cast<std::size_t>(scores_.images);
    for (int after = scores_.task; after < training_.num_tasks; ++after) {
        std::size_t count = 0, first = 0;
        for (std::size_t image = images; image-- > 0;) {
            const std::size_t cell = static_cast<std::size_t>(after) * images + image;
            if (broken[static_cast<std::size_t>(scores_.routed_map[cell])] ||
                broken[static_cast<std::size_t>(scores_.oracle_map[cell])]) {
                ++count;
                first = image;
            }
        }
        if (count > 0) {
            const std::string path =
                first < scores_.image_paths.size() ? " (" + scores_.image_paths[first] + ")" : "";
            non_finite_ = "class '" + scores_.class_name + "' after task " + std::to_string(after) +
                          ": " + std::to_string(count) + " of " + std::to_string(images) + " " +
                          truth_.images + " have NaN or infinite " +
                          (is_image_score ? "" : "patch ") + "scores, the first is image " +
                          std::to_string(first) + path +
                          "; the model diverged (try a lower train.lr), or rank them as the "
                          "reference does with score.nan_compat=true";
            return;
        }
    }
}

MapIndices ClassMaps::indices(std::size_t after_task, Routing routing) const {
    const auto& table = routing == Routed ? scores_.routed_map : scores_.oracle_map;
    const auto first = table.begin() + static_cast<std::ptrdiff_t>(after_task * scores_.images);
    return {first, first + static_cast<std::ptrdiff_t>(scores_.images)};
}

std::optional<double> ClassMaps::routing_accuracy(std::size_t after_task) const {
    const auto images = static_cast<std::size_t>(scores_.images);
    if (!training_.has_router || images == 0) {
        return std::nullopt;
    }
    const auto first =
        scores_.routed_task.begin() + static_cast<std::ptrdiff_t>(after_task * images);
    const auto right = std::count(first, first + static_cast<std::ptrdiff_t>(images), scores_.task);
    return static_cast<double>(right) / static_cast<double>(images);
}

const float* ClassMaps::patches(std::int32_t map) const {
    return scores_.maps.data() + static_cast<std::size_t>(map) * scores_.height * scores_.width;
}

std::vector<double> ClassMaps::image_scores(const MapIndices& maps,
                                            const sweeps::ScoreConfig& config) const {
    std::vector<double> scores;
    for (const std::int32_t map : maps) {
        const double score = scores_.image_scores.empty()
                                 ? image_score(patches(map),
                                               static_cast<int>(scores_.height),
                                               static_cast<int>(scores_.width),
                                               config)
                                 : scores_.image_scores[static_cast<std::size_t>(map)];
        scores.push_back(config.nan_compat ? reference_replacement(score) : score);
    }
    return scores;
}

void ClassMaps::render(
    const MapIndices& maps,
    const sweeps::ScoreConfig& config,
    const std::function<void(std::size_t image, const std::vector<float>& map)>& visit) {
    const int size = config.map_size;
    ScoreMapper& mapper = mappers_
                              .try_emplace({size, config.smoothing_sigma},
                                           static_cast<int>(scores_.height),
                                           static_cast<int>(scores_.width),
                                           size,
                                           config.smoothing_sigma)
                              .first->second;
    std::vector<float> map(static_cast<std::size_t>(size) * static_cast<std::size_t>(size));
    for (std::size_t image = 0; image < maps.size(); ++image) {
        mapper.render(patches(maps[image]), map.data());
        if (config.nan_compat) {
            std::transform(map.begin(), map.end(), map.begin(), reference_replacement<float>);
        }
        visit(image, map);
    }
}

}  // namespace harrow::analysis
