#include "cli/map_metrics.hpp"

#include <algorithm>
#include <array>

#include "analysis/metrics.hpp"
#include "analysis/metrics/aupro.hpp"
#include "sweeps/error.hpp"

namespace harrow::cli {
namespace {

using storage::ScoreMapBlock;

/// What the pixels of the images say, in one pass.
struct Images {
    std::vector<float> highest;             ///< score of each image's map
    std::vector<std::uint8_t> has_defect;   ///< by its mask
    std::array<std::uint64_t, 256> levels;  ///< how many mask pixels have each value
};

void look_at(const ScoreMapBlock& block, std::size_t pixels, Images& images) {
    for (std::size_t image = 0; image < block.images; ++image) {
        const float* const scores = block.scores + image * pixels;
        images.highest.push_back(*std::max_element(scores, scores + pixels));
        const std::uint8_t* const mask = block.masks + image * pixels;
        std::uint64_t defects = 0;
        for (std::size_t i = 0; i < pixels; ++i) {
            ++images.levels[mask[i]];
            defects += mask[i] != 0 ? 1 : 0;
        }
        images.has_defect.push_back(defects > 0 ? 1 : 0);
    }
}

void add_curves(const std::string& of,
                const analysis::CurveMetrics& curves,
                const std::string& things,
                std::vector<MapMetric>& metrics) {
    const std::string no_defect = "no " + things + " is defective";
    const std::string none = curves.positives == 0 ? no_defect : "no " + things + " is good";
    metrics.push_back({of + "_auroc", curves.auroc, none});
    metrics.push_back({of + "_ap", curves.average_precision, no_defect});
    metrics.push_back({of + "_f1max",
                       curves.f1max ? std::optional(curves.f1max->value) : std::nullopt,
                       no_defect});
}

std::vector<std::uint8_t> labels_of(const storage::ScoreMapFile& file,
                                    const Images& images,
                                    std::vector<std::string>& notes) {
    if (!file.labels()) {
        notes.emplace_back("no labels: an image counts as defective when its mask has a defect");
        return images.has_defect;
    }
    const std::vector<std::uint8_t>& labels = *file.labels();
    std::size_t without_mask = 0;
    for (std::size_t image = 0; image < labels.size(); ++image) {
        if (labels[image] == 0 && images.has_defect[image] != 0) {
            throw sweeps::UsageError("image " + std::to_string(image) +
                                     " is labelled good (0) and its mask has defect pixels; labels "
                                     "and masks do not belong together");
        }
        without_mask += labels[image] != 0 && images.has_defect[image] == 0 ? 1 : 0;
    }
    if (without_mask > 0) {
        notes.push_back(std::to_string(without_mask) +
                        " images are labelled defective and have no defect pixel; pixel metrics "
                        "count all of their pixels as good");
    }
    return labels;
}

void note_grey_masks(const Images& images, std::vector<std::string>& notes) {
    const auto levels = std::count_if(images.levels.begin() + 1,
                                      images.levels.end(),
                                      [](std::uint64_t count) { return count > 0; });
    if (levels > 1) {
        notes.push_back("masks have " + std::to_string(levels) +
                        " different values besides 0, and each counts as defect: masks that were "
                        "resized smoothly want a threshold at half (mask > 127) before");
    }
}

}  // namespace

MapMetrics map_metrics(const storage::ScoreMapFile& file, double aupro_limit) {
    const auto pixels =
        static_cast<std::size_t>(file.height()) * static_cast<std::size_t>(file.width());
    MapMetrics result;
    Images images{{}, {}, {}};
    analysis::CurveMetrics pixel_curves;
    {
        analysis::ScoreRanking ranking;
        file.visit([&](const ScoreMapBlock& block) {
            look_at(block, pixels, images);
            ranking.add(block.scores, block.masks, block.images * pixels);
        });
        pixel_curves = ranking.metrics();
    }
    const std::vector<std::uint8_t> labels = labels_of(file, images, result.notes);
    note_grey_masks(images, result.notes);
    if (!file.image_scores()) {
        result.notes.emplace_back("no image_scores: the score of an image is its map's highest");
    }
    add_curves("image",
               analysis::curve_metrics(file.image_scores().value_or(images.highest), labels),
               "image",
               result.metrics);
    add_curves("pixel", pixel_curves, "pixel", result.metrics);

    analysis::AuproRanking ranking;
    ranking.reserve(file.pixels());
    file.visit([&](const ScoreMapBlock& block) {
        for (std::size_t image = 0; image < block.images; ++image) {
            ranking.add_image(block.scores + image * pixels,
                              block.masks + image * pixels,
                              file.height(),
                              file.width());
        }
    });
    const analysis::Aupro aupro = ranking.aupro(aupro_limit);
    result.metrics.push_back({"aupro", aupro.value, aupro.note});
    result.regions = aupro.regions;
    result.defect_pixels = file.pixels() - aupro.ok_pixels;
    result.defective_images = static_cast<std::size_t>(
        std::count_if(labels.begin(), labels.end(), [](std::uint8_t label) { return label != 0; }));
    return result;
}

std::vector<analysis::NamedAupro> other_aupros(const storage::ScoreMapFile& file, double limit) {
    const auto pixels =
        static_cast<std::size_t>(file.height()) * static_cast<std::size_t>(file.width());
    analysis::OtherAupros others;
    others.reserve(file.pixels());
    file.visit([&](const ScoreMapBlock& block) {
        for (std::size_t image = 0; image < block.images; ++image) {
            others.add_image(block.scores + image * pixels,
                             block.masks + image * pixels,
                             file.height(),
                             file.width());
        }
    });
    return others.values(limit);
}

}  // namespace harrow::cli
