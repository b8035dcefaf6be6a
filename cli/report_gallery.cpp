#include "cli/report_gallery.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include "analysis/comparison/paired_delta.hpp"
#include "analysis/gallery_choice.hpp"
#include "analysis/statistics/test_result.hpp"
#include "analysis/strips.hpp"
#include "cli/report_details.hpp"
#include "cli/trial_pictures.hpp"
#include "cli/trial_training.hpp"
#include "storage/datasets/image.hpp"
#include "storage/run_directory.hpp"
#include "sweeps/error.hpp"

namespace harrow::cli {
namespace {

constexpr std::size_t kPictures = 8;
constexpr int kSide = 112;  // pixels of one panel

bool has_scores(const storage::RunDirectory& directory,
                const storage::RunState& state,
                const storage::CellRecord& cell,
                std::uint64_t seed) {
    const std::optional<std::string> training = training_of(state, cell, seed);
    std::error_code error;
    const std::uintmax_t bytes =
        training ? std::filesystem::file_size(directory.scores_file(*training), error) : 0;
    return training && !error && bytes <= kMaxScoresBytes;
}

struct FoundTrial {
    TrialPictures pictures;
    std::uint64_t seed = 0;
};

/// Nothing where no trial of the cell has its patch scores.
std::optional<FoundTrial> find_trial(const std::vector<RunOfReport>& runs,
                                     const std::string& cell_id) {
    for (const RunOfReport& run : runs) {
        const storage::RunDirectory directory(run.dir);
        for (const storage::CellRecord& cell : run.state->cells) {
            for (const std::uint64_t seed : cell.seeds) {
                if (cell.id == cell_id && has_scores(directory, *run.state, cell, seed)) {
                    return FoundTrial{TrialPictures(directory, *run.state, cell, seed), seed};
                }
            }
        }
    }
    return std::nullopt;
}

std::vector<std::uint8_t> png_bytes(const storage::Image& image) {
    const std::string png = storage::encode_png(image);
    return {png.begin(), png.end()};
}

std::string caption_of(const analysis::ScoredImage& image) {
    const int percent = static_cast<int>(image.mistake * 100 + 0.5);
    return image.path + ": score " + analysis::note_number(image.score) +
           (image.is_defective ? ", below " : ", above ") + std::to_string(percent) + " % of the " +
           (image.is_defective ? "good" : "defective") + " images of its class" +
           (image.expert == image.task
                ? ""
                : "; scored by the expert of task " + std::to_string(image.expert));
}

analysis::Gallery gallery_of(const FoundTrial& trial, const std::string& cell) {
    const TrialPictures& pictures = trial.pictures;
    std::vector<analysis::ScoredClass> classes;
    for (const storage::ClassScores& one : pictures.scores().classes) {
        classes.push_back(pictures.rated(one));
    }
    analysis::Gallery gallery;
    std::map<std::size_t, analysis::ValueRange> ranges;  // by class
    for (const auto& [class_index, image] :
         analysis::choose_images(classes, analysis::GalleryKind::Worst, kPictures)) {
        const analysis::ScoredImage& scored = classes[class_index].images[image];
        if (scored.mistake <= 0) {
            continue;
        }
        const storage::ClassScores& one = pictures.scores().classes[class_index];
        std::vector<analysis::HeatMap> maps;
        if (pictures.has_maps()) {
            if (ranges.count(class_index) == 0) {
                ranges[class_index] = analysis::robust_range(pictures.final_patches(one));
            }
            maps.push_back({pictures.heat_map(one, image, kSide), ranges[class_index]});
        }
        const storage::Image strip = analysis::make_strip(
            pictures.rgb(one, image, kSide), pictures.mask(one, image, kSide), maps);
        gallery.pictures.push_back({caption_of(scored), png_bytes(strip)});
    }
    gallery.caption =
        gallery.pictures.empty()
            ? "No failures to show: in every class of cell " + cell +
                  " all defective images score above all good ones (seed " +
                  std::to_string(trial.seed) + ")."
            : "Test images of cell " + cell + ", seed " + std::to_string(trial.seed) +
                  ", that are ranked worst among those of their class: image, defect" +
                  (pictures.has_maps() ? ", heat map; one colour scale per class."
                                       : ". The cell scores images; it gives no maps.");
    return gallery;
}

}  // namespace

analysis::Gallery failure_gallery(const analysis::Report& report,
                                  const std::vector<RunOfReport>& runs) {
    const std::optional<std::size_t> shown =
        report.selection.cell ? report.selection.cell
                              : analysis::baseline_cell(report.summary, report.compare.baseline);
    if (!shown) {
        return {};
    }
    const analysis::CellInfo& cell = report.summary.cells[*shown].info;
    try {
        if (const auto trial = find_trial(runs, cell.id)) {
            return gallery_of(*trial, cell.name);
        }
    } catch (const sweeps::Error&) {
        // A page without pictures is better than none; harrow show says what is wrong.
    }
    return {"No pictures of failures of cell " + cell.name +
                ": its patch scores, or the images it was tested on, are not at hand.",
            {}};
}

}  // namespace harrow::cli
