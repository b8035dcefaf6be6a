#include "analysis/class_scoring.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "analysis/aggregation.hpp"
#include "sweeps/error.hpp"

namespace harrow::analysis {
namespace {

// What the reference makes of broken scores (score.nan_compat).
float reference_replacement(float score) {
    if (std::isfinite(score)) {
        return score;
    }
    return score > 0 ? 1.0F : 0.0F;  // +inf -> 1; NaN, -inf -> 0
}

void copy_values(const CurveMetrics& metrics, CurveValues& values, std::size_t first) {
    values[first] = metrics.auroc;
    values[first + 1] = metrics.average_precision;
    if (metrics.f1max) {
        values[first + 2] = metrics.f1max->value;
    }
}

// kind: "image" or "pixel".
void add_undefined(const CurveMetrics& metrics,
                   const std::string& kind,
                   const std::string& class_name,
                   std::vector<std::string>& reasons) {
    std::string names, cause;
    if (metrics.positives == 0) {
        names = kind == "pixel" ? "pixel_auroc, pixel_ap, pixel_f1max and aupro are"
                                : "image_auroc, image_ap and image_f1max are";
        cause = "no test " + kind + " is defective";
    } else if (metrics.negatives == 0) {
        names = kind == "pixel" ? "pixel_auroc and aupro are" : "image_auroc is";
        cause = "every test " + kind + " is defective";
    } else {
        return;
    }
    std::string reason = "class '" + class_name + "': " + names + " undefined because " + cause +
                         "; so are the means over sets of classes that include it";
    if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) {
        reasons.push_back(std::move(reason));
    }
}

}  // namespace

ClassScorer::ClassScorer(const storage::PatchScores& training,
                         const storage::ClassScores& scores,
                         const ClassTruth& truth,
                         std::vector<double> aupro_limits)
    : training_(training), scores_(scores), truth_(truth), aupro_limits_(std::move(aupro_limits)) {
    check_shapes();
    find_non_finite();
}

void ClassScorer::check_shapes() const {
    const auto images = static_cast<std::size_t>(scores_.images);
    const std::string where =
        "training " + training_.training_key + ", class '" + scores_.class_name + "': ";
    if (truth_.labels.size() != images) {
        throw sweeps::DataError(where + std::to_string(images) + " scored images, but " +
                                std::to_string(truth_.labels.size()) + " " + truth_.images +
                                " in the dataset; it changed since the training");
    }
    const std::size_t cells = static_cast<std::size_t>(training_.num_tasks) * images;
    const bool sizes_fit = scores_.height > 0 && scores_.width > 0 && scores_.task >= 0 &&
                           scores_.task < training_.num_tasks &&
                           scores_.routed_map.size() == cells &&
                           scores_.oracle_map.size() == cells &&
                           (!training_.has_router || scores_.routed_task.size() == cells);
    const auto maps = static_cast<std::int32_t>(scores_.num_maps());
    const auto has_maps = [&](const std::vector<std::int32_t>& table) {
        const auto first = table.begin() + static_cast<std::ptrdiff_t>(scores_.task * images);
        return std::all_of(
            first, table.end(), [maps](std::int32_t map) { return map >= 0 && map < maps; });
    };
    if (!sizes_fit || !has_maps(scores_.routed_map) || !has_maps(scores_.oracle_map)) {
        throw sweeps::StorageError(where +
                                   "the patch scores lack maps or do not fit their shapes; "
                                   "remove them and run again to train anew");
    }
}

void ClassScorer::find_non_finite() {
    const auto patches_per_map = static_cast<std::size_t>(scores_.height * scores_.width);
    std::vector<bool> broken(static_cast<std::size_t>(scores_.num_maps()));
    for (std::size_t map = 0; map < broken.size(); ++map) {
        const float* first = patches(static_cast<std::int32_t>(map));
        broken[map] = !std::all_of(
            first, first + patches_per_map, [](float score) { return std::isfinite(score); });
    }
    const auto images = static_cast<std::size_t>(scores_.images);
    for (int after = scores_.task; after < training_.num_tasks; ++after) {
        std::size_t count = 0, first = 0;
        for (std::size_t image = images; image-- > 0;) {
            const std::size_t cell = static_cast<std::size_t>(after) * images + image;
            if (broken[scores_.routed_map[cell]] || broken[scores_.oracle_map[cell]]) {
                ++count;
                first = image;
            }
        }
        if (count > 0) {
            const std::string path =
                first < scores_.image_paths.size() ? " (" + scores_.image_paths[first] + ")" : "";
            non_finite_ = "class '" + scores_.class_name + "' after task " + std::to_string(after) +
                          ": " + std::to_string(count) + " of " + std::to_string(images) + " " +
                          truth_.images +
                          " have NaN or infinite patch scores, the first is image " +
                          std::to_string(first) + path +
                          "; the model diverged (try a lower train.lr), or rank them as the "
                          "reference does with score.nan_compat=true";
            return;
        }
    }
}

ClassScorer::MapIndices ClassScorer::map_indices(std::size_t after_task, Routing routing) const {
    const auto& table = routing == Routed ? scores_.routed_map : scores_.oracle_map;
    const auto first = table.begin() + static_cast<std::ptrdiff_t>(after_task * scores_.images);
    return {first, first + static_cast<std::ptrdiff_t>(scores_.images)};
}

const float* ClassScorer::patches(std::int32_t map) const {
    return scores_.maps.data() + static_cast<std::size_t>(map) * scores_.height * scores_.width;
}

std::vector<float> ClassScorer::image_scores(const MapIndices& maps,
                                             const sweeps::ScoreConfig& config) const {
    std::vector<float> scores;
    for (const std::int32_t map : maps) {
        const float score = image_score(patches(map),
                                        static_cast<int>(scores_.height),
                                        static_cast<int>(scores_.width),
                                        config);
        scores.push_back(config.nan_compat ? reference_replacement(score) : score);
    }
    return scores;
}

std::vector<double> ClassScorer::normal_image_scores(std::size_t after_task,
                                                     Routing routing,
                                                     const sweeps::ScoreConfig& config) const {
    const std::vector<float> scores = image_scores(map_indices(after_task, routing), config);
    std::vector<double> normal;
    for (std::size_t image = 0; image < scores.size(); ++image) {
        if (truth_.labels[image] == 0) {
            normal.push_back(scores[image]);
        }
    }
    return normal;
}

CurveMetrics ClassScorer::rank_images(const MapIndices& maps,
                                      const sweeps::ScoreConfig& config) const {
    return curve_metrics(image_scores(maps, config), truth_.labels);
}

const ClassScorer::Mask& ClassScorer::mask(std::size_t image, int size) {
    const auto [entry, is_new] = masks_.try_emplace({size, image});
    Mask& mask = entry->second;
    if (!is_new) {
        return mask;
    }
    if (truth_.mask) {
        mask.pixels = truth_.mask(image, size);
    }
    if (mask.pixels.size() != static_cast<std::size_t>(size) * size) {
        throw sweeps::DataError("class '" + truth_.class_name + "', test image " +
                                std::to_string(image) + ": a mask of " + std::to_string(size) +
                                " x " + std::to_string(size) + " is expected, " +
                                std::to_string(mask.pixels.size()) + " pixels came");
    }
    mask.regions = find_regions(mask.pixels.data(), size, size, Connectivity::Eight);
    return mask;
}

const std::optional<double>& ClassScorer::aupro(const PixelMetrics& pixels, double limit) const {
    const auto found = std::find(aupro_limits_.begin(), aupro_limits_.end(), limit);
    if (found == aupro_limits_.end()) {
        throw std::out_of_range("a class is scored with a limit of AU-PRO it was not told of");
    }
    return pixels.aupro[static_cast<std::size_t>(found - aupro_limits_.begin())];
}

const PixelMetrics& ClassScorer::rank_pixels(const MapIndices& maps,
                                             const sweeps::ScoreConfig& config) {
    const int size = config.map_size;
    const double sigma = config.smoothing_sigma;
    const auto [entry, is_new] =
        ranked_pixels_.try_emplace(PixelKey{maps, size, sigma, config.nan_compat});
    if (!is_new) {
        return entry->second;
    }
    ScoreMapper& mapper = mappers_
                              .try_emplace({size, sigma},
                                           static_cast<int>(scores_.height),
                                           static_cast<int>(scores_.width),
                                           size,
                                           sigma)
                              .first->second;
    std::vector<float> map(static_cast<std::size_t>(size) * size);
    PixelRanking ranking;
    for (std::size_t image = 0; image < maps.size(); ++image) {
        mapper.render(patches(maps[image]), map.data());
        if (config.nan_compat) {
            std::transform(map.begin(), map.end(), map.begin(), reference_replacement);
        }
        const Mask& truth = mask(image, size);
        ranking.add_image(map.data(), truth.pixels.data(), map.size(), truth.regions);
        if (truth_.on_image) {
            truth_.on_image();
        }
    }
    entry->second = ranking.metrics(aupro_limits_);
    return entry->second;
}

std::optional<double> ClassScorer::routing_accuracy(std::size_t after_task) const {
    const auto images = static_cast<std::size_t>(scores_.images);
    if (!training_.has_router || images == 0) {
        return std::nullopt;
    }
    const auto first =
        scores_.routed_task.begin() + static_cast<std::ptrdiff_t>(after_task * images);
    const auto right = std::count(first, first + static_cast<std::ptrdiff_t>(images), scores_.task);
    return static_cast<double>(right) / static_cast<double>(images);
}

ClassValues ClassScorer::score(const sweeps::ScoreConfig& config) {
    ClassValues result;
    result.task = scores_.task;
    if (non_finite_ && !config.nan_compat) {
        result.invalid_scores = non_finite_;
        return result;
    }
    const auto tasks = static_cast<std::size_t>(training_.num_tasks);
    result.curves.resize(tasks);
    result.routing_acc.resize(tasks);
    std::map<MapIndices, CurveMetrics> ranked_images;
    for (auto after = static_cast<std::size_t>(scores_.task); after < tasks; ++after) {
        result.routing_acc[after] = routing_accuracy(after);
        for (const Routing routing : {Routed, Oracle}) {
            const MapIndices maps = map_indices(after, routing);
            auto known = ranked_images.find(maps);
            if (known == ranked_images.end()) {
                known = ranked_images.emplace(maps, rank_images(maps, config)).first;
            }
            const CurveMetrics& images = known->second;
            const PixelMetrics& pixels = rank_pixels(maps, config);
            if (images.non_finite + pixels.curves.non_finite > 0) {
                result.invalid_scores = "class '" + scores_.class_name + "' after task " +
                                        std::to_string(after) +
                                        ": finite patch scores exceed float32 once aggregated";
                return result;
            }
            copy_values(images, result.curves[after][routing], 0);
            copy_values(pixels.curves, result.curves[after][routing], 3);
            result.curves[after][routing][6] = aupro(pixels, config.aupro_limit);
            add_undefined(images, "image", scores_.class_name, result.undefined);
            add_undefined(pixels.curves, "pixel", scores_.class_name, result.undefined);
        }
    }
    return result;
}

}  // namespace harrow::analysis
