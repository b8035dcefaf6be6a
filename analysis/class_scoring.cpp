#include "analysis/class_scoring.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "analysis/metrics/image_overlap_curve.hpp"
#include "sweeps/error.hpp"

namespace harrow::analysis {
namespace {

void copy_values(const CurveMetrics& metrics, TestValues& values, std::size_t first) {
    values[first] = metrics.auroc;
    values[first + 1] = metrics.average_precision;
    if (metrics.f1max) {
        values[first + 2] = metrics.f1max->value;
    }
}

void add_reason(std::string reason, std::vector<std::string>& reasons) {
    if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) {
        reasons.push_back(std::move(reason));
    }
}

/// "class 'can': X undefined because Y; …". what: "image_auroc is", "a and b are".
void add_undefined(const std::string& class_name,
                   const std::string& what,
                   const std::string& cause,
                   std::vector<std::string>& reasons) {
    add_reason("class '" + class_name + "': " + what + " undefined because " + cause +
                   "; so are the means over sets of classes that include it",
               reasons);
}

// kind: "image" or "pixel".
void add_undefined_curves(const CurveMetrics& metrics,
                          const std::string& kind,
                          const std::string& class_name,
                          std::vector<std::string>& reasons) {
    if (metrics.positives == 0) {
        add_undefined(class_name,
                      kind == "pixel" ? "pixel_auroc, pixel_ap, pixel_f1max and aupro are"
                                      : "image_auroc, image_ap and image_f1max are",
                      "no test " + kind + " is defective",
                      reasons);
    } else if (metrics.negatives == 0) {
        add_undefined(class_name,
                      kind == "pixel" ? "pixel_auroc and aupro are" : "image_auroc is",
                      "every test " + kind + " is defective",
                      reasons);
    }
}

/// What was predicted, against what is.
struct Hits {
    std::uint64_t both = 0, predicted = 0, defective = 0;

    void add(bool is_predicted, bool is_defective) {
        both += is_predicted && is_defective ? 1 : 0;
        predicted += is_predicted ? 1 : 0;
        defective += is_defective ? 1 : 0;
    }
    /// 2 TP / (2 TP + FP + FN); absent where nothing is defective: then there is nothing to hit.
    std::optional<double> f1() const {
        return defective == 0
                   ? std::nullopt
                   : std::optional(2.0 * static_cast<double>(both) /
                                   static_cast<double>(predicted + defective));
    }
};

/// To [0, 1]; equal scores become 0.
void rescale(std::vector<float>& map) {
    const auto [low, high] = std::minmax_element(map.begin(), map.end());
    const float first = *low, range = *high - *low;
    std::transform(map.begin(), map.end(), map.begin(), [&](float score) {
        return range > 0 ? (score - first) / range : 0.0F;
    });
}

}  // namespace

ClassScorer::ClassScorer(const storage::PatchScores& training,
                         const storage::ClassScores& scores,
                         const ClassTruth& truth,
                         std::vector<double> aupro_limits)
    : truth_(truth), maps_(training, scores, truth), aupro_limits_(std::move(aupro_limits)) {}

std::vector<double> ClassScorer::normal_image_scores(std::size_t after_task,
                                                     Routing routing,
                                                     const sweeps::ScoreConfig& config) const {
    const std::vector<double> scores =
        maps_.image_scores(maps_.indices(after_task, routing), config);
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
    return double_curve_metrics(maps_.image_scores(maps, config), truth_.labels);
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

void ClassScorer::count_image() const {
    if (truth_.on_image) {
        truth_.on_image();
    }
}

ClassScorer::PixelKey ClassScorer::pixel_key(const MapIndices& maps,
                                             const sweeps::ScoreConfig& config) {
    return {maps, config.map_size, config.smoothing_sigma, config.nan_compat};
}

const PixelMetrics& ClassScorer::rank_pixels(const MapIndices& maps,
                                             const sweeps::ScoreConfig& config) {
    const auto [entry, is_new] = ranked_pixels_.try_emplace(pixel_key(maps, config));
    if (!is_new) {
        return entry->second;
    }
    PixelRanking ranking;
    maps_.render(maps, config, [&](std::size_t image, const std::vector<float>& map) {
        const Mask& truth = mask(image, config.map_size);
        ranking.add_image(map.data(), truth.pixels.data(), map.size(), truth.regions);
        count_image();
    });
    entry->second = ranking.metrics(aupro_limits_);
    return entry->second;
}

/// False where finite scores became infinite.
bool ClassScorer::add_curves(std::size_t after_task,
                             Routing routing,
                             const CurveMetrics& images,
                             const sweeps::ScoreConfig& config,
                             ClassValues& result) {
    const std::string& class_name = maps_.scores().class_name;
    TestValues& values = result.values[after_task][routing];
    if (images.non_finite > 0) {
        return false;
    }
    copy_values(images, values, 0);
    add_undefined_curves(images, "image", class_name, result.undefined);
    if (!maps_.has_pixels()) {
        return true;
    }
    const PixelMetrics& pixels = rank_pixels(maps_.indices(after_task, routing), config);
    if (pixels.curves.non_finite > 0) {
        return false;
    }
    copy_values(pixels.curves, values, 3);
    values[6] = aupro(pixels, config.aupro_limit);
    add_undefined_curves(pixels.curves, "pixel", class_name, result.undefined);
    return true;
}

ClassValues ClassScorer::score(const sweeps::ScoreConfig& config) {
    ClassValues result;
    result.task = maps_.scores().task;
    if (maps_.non_finite() && !config.nan_compat) {
        result.invalid_scores = maps_.non_finite();
        return result;
    }
    const auto tasks = static_cast<std::size_t>(maps_.num_tasks());
    result.values.resize(tasks);
    result.routing_acc.resize(tasks);
    if (!maps_.has_pixels()) {
        add_reason(
            "metrics of pixels have no values because the training gives scores of whole "
            "images alone (model.maps is none)",
            result.undefined);
    }
    std::map<MapIndices, CurveMetrics> ranked_images;
    for (auto after = static_cast<std::size_t>(result.task); after < tasks; ++after) {
        result.routing_acc[after] = maps_.routing_accuracy(after);
        for (const Routing routing : {Routed, Oracle}) {
            const MapIndices maps = maps_.indices(after, routing);
            auto known = ranked_images.find(maps);
            if (known == ranked_images.end()) {
                known = ranked_images.emplace(maps, rank_images(maps, config)).first;
            }
            if (!add_curves(after, routing, known->second, config, result)) {
                result.invalid_scores = "class '" + maps_.scores().class_name + "' after task " +
                                        std::to_string(after) +
                                        ": finite patch scores exceed float32 once aggregated";
                return result;
            }
        }
    }
    return result;
}

std::optional<double> ClassScorer::segf1(const MapIndices& maps,
                                         const sweeps::ScoreConfig& config,
                                         double threshold) {
    const auto [entry, is_new] = segf1_.try_emplace({pixel_key(maps, config), threshold});
    if (is_new) {
        Hits hits;
        maps_.render(maps, config, [&](std::size_t image, const std::vector<float>& map) {
            const std::vector<std::uint8_t>& truth = mask(image, config.map_size).pixels;
            for (std::size_t pixel = 0; pixel < map.size(); ++pixel) {
                hits.add(map[pixel] >= threshold, truth[pixel] != 0);
            }
            count_image();
        });
        entry->second = hits.f1();
    }
    return entry->second;
}

std::optional<double> ClassScorer::classf1(const MapIndices& maps,
                                           const sweeps::ScoreConfig& config,
                                           double threshold) const {
    Hits hits;
    const std::vector<double> scores = maps_.image_scores(maps, config);
    for (std::size_t image = 0; image < scores.size(); ++image) {
        hits.add(scores[image] >= threshold, truth_.labels[image] != 0);
    }
    return hits.f1();
}

void ClassScorer::add_local_f1(const sweeps::ScoreConfig& config,
                               NormalScores& normal,
                               ClassValues& values) {
    if (values.invalid_scores || (values.invalid_scores = normal.invalid_scores(config))) {
        return;
    }
    const std::string& class_name = maps_.scores().class_name;
    const double deviations = config.threshold_deviations;
    const std::string cause = " is defective";
    for (auto after = static_cast<std::size_t>(values.task); after < values.values.size();
         ++after) {
        for (const Routing routing : {Routed, Oracle}) {
            TestValues& stage = values.values[after][routing];
            const MapIndices maps = maps_.indices(after, routing);
            const std::optional<ScoreLevel> images = normal.images(after, routing, config);
            if (!images) {
                add_undefined(class_name,
                              "segf1_local and classf1_local are",
                              "its split 'validation' has no image",
                              values.undefined);
                return;
            }
            stage[ClassF1Local] = classf1(maps, config, images->threshold(deviations));
            if (!stage[ClassF1Local]) {
                add_undefined(
                    class_name, "classf1_local is", "no test image" + cause, values.undefined);
            }
            const std::optional<ScoreLevel> pixels = normal.pixels(after, routing, config);
            if (!pixels || !maps_.has_pixels()) {
                continue;
            }
            stage[SegF1Local] = segf1(maps, config, pixels->threshold(deviations));
            if (!stage[SegF1Local]) {
                add_undefined(
                    class_name, "segf1_local is", "no test pixel" + cause, values.undefined);
            }
        }
    }
}

std::optional<double> ClassScorer::aucpro(const MapIndices& maps,
                                          const sweeps::ScoreConfig& config) {
    const auto [entry, is_new] = aucpro_.try_emplace({pixel_key(maps, config),
                                                      config.aucpro_thresholds,
                                                      config.aucpro_rescale,
                                                      config.aucpro_images});
    if (!is_new) {
        return entry->second;
    }
    const int size = config.map_size;
    const auto wanted = static_cast<std::size_t>(config.aucpro_images);
    ImageOverlapCurve curve(config.aucpro_thresholds);
    maps_.render(maps, config, [&](std::size_t image, const std::vector<float>& map) {
        if (truth_.labels[image] == 0 || (wanted > 0 && curve.images() == wanted)) {
            return;
        }
        std::vector<float> scores = map;
        if (config.aucpro_rescale) {
            rescale(scores);
        }
        curve.add_image(scores.data(), mask(image, size).pixels.data(), size, size);
        count_image();
    });
    entry->second = curve.area();
    return entry->second;
}

void ClassScorer::add_aucpro(const sweeps::ScoreConfig& config, ClassValues& values) {
    if (values.invalid_scores || !maps_.has_pixels()) {
        return;
    }
    for (auto after = static_cast<std::size_t>(values.task); after < values.values.size();
         ++after) {
        for (const Routing routing : {Routed, Oracle}) {
            std::optional<double>& value = values.values[after][routing][AucproCompat];
            value = aucpro(maps_.indices(after, routing), config);
            if (!value) {
                add_undefined(maps_.scores().class_name,
                              "aucpro_compat is",
                              "no defective test image has a defect in its mask",
                              values.undefined);
            }
        }
    }
}

}  // namespace harrow::analysis
