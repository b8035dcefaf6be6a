#include <algorithm>
#include <filesystem>
#include <iostream>
#include <system_error>

#include "analysis/aggregation.hpp"
#include "analysis/score_map.hpp"
#include "analysis/strips.hpp"
#include "cli/own_results.hpp"
#include "cli/report_source.hpp"
#include "cli/trial_training.hpp"
#include "cli/verbs.hpp"
#include "storage/datasets/dataset.hpp"
#include "storage/datasets/image.hpp"
#include "storage/datasets/preprocess.hpp"
#include "storage/journal_records.hpp"
#include "storage/patch_scores.hpp"
#include "storage/run_directory.hpp"
#include "sweeps/canonical.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::cli {
namespace {

/// One test image under the final model, routed.
struct Candidate {
    const storage::ClassScores* scores = nullptr;
    std::size_t image = 0;
    const storage::ImageEntry* entry = nullptr;
    double score = 0;    ///< image score
    double mistake = 0;  ///< larger: ranked worse among the class's images
};

const storage::CellRecord& find_cell_record(const storage::RunState& state,
                                            const std::string& name) {
    std::vector<std::string> known;
    for (const storage::CellRecord& cell : state.cells) {
        if (cell.name == name || cell.id == name ||
            (name.size() >= 8 && cell.id.rfind(name, 0) == 0)) {
            return cell;
        }
        known.push_back(cell.name);
    }
    throw sweeps::UsageError("no cell is called '" + name + "'" + sweeps::suggestion(name, known));
}

const storage::ImageEntry* find_entry(const storage::Dataset& dataset,
                                      const std::string& cls,
                                      const std::string& path) {
    for (const storage::DatasetClass& candidate : dataset.classes) {
        if (candidate.name != cls) {
            continue;
        }
        for (const storage::ImageEntry& entry : candidate.test) {
            if (entry.relative_path == path) {
                return &entry;
            }
        }
    }
    return nullptr;
}

std::vector<Candidate> candidates_of(const storage::ClassScores& scores,
                                     const storage::PatchScores& all,
                                     const storage::Dataset& dataset,
                                     const sweeps::ScoreConfig& config) {
    std::vector<Candidate> candidates;
    const std::size_t last_row =
        static_cast<std::size_t>(all.num_tasks - 1) * static_cast<std::size_t>(scores.images);
    for (std::size_t image = 0; image < static_cast<std::size_t>(scores.images); ++image) {
        const storage::ImageEntry* entry =
            find_entry(dataset, scores.class_name, scores.image_paths[image]);
        if (entry == nullptr) {
            throw sweeps::DataError(scores.image_paths[image] + " of the run is not in " +
                                    dataset.root.string() +
                                    " any more; point data.root at the data the run used");
        }
        const std::int32_t map = scores.routed_map[last_row + image];
        const float* patches = scores.maps.data() + map * scores.height * scores.width;
        candidates.push_back(
            {&scores,
             image,
             entry,
             analysis::image_score(
                 patches, static_cast<int>(scores.height), static_cast<int>(scores.width), config),
             0});
    }
    return candidates;
}

/// A good image's mistake is the share of defective ones it outranks, and the other way round.
void rate_mistakes(std::vector<Candidate>& candidates) {
    for (Candidate& candidate : candidates) {
        double worse = 0;
        double others = 0;
        for (const Candidate& other : candidates) {
            if (other.entry->defective != candidate.entry->defective) {
                others += 1;
                worse += candidate.entry->defective ? other.score > candidate.score
                                                    : other.score < candidate.score;
            }
        }
        candidate.mistake = others > 0 ? worse / others : 0;
    }
}

/// The `count` worst images; the classes take turns so that every class shows.
std::vector<Candidate> worst_in_turns(std::vector<std::vector<Candidate>> by_class,
                                      std::size_t count) {
    for (std::vector<Candidate>& candidates : by_class) {
        rate_mistakes(candidates);
        std::stable_sort(
            candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
                return std::make_pair(a.mistake, a.entry->defective) >
                       std::make_pair(b.mistake, b.entry->defective);
            });
    }
    std::vector<Candidate> chosen;
    for (std::size_t turn = 0; chosen.size() < count; ++turn) {
        bool any = false;
        for (const std::vector<Candidate>& candidates : by_class) {
            if (turn < candidates.size() && chosen.size() < count) {
                chosen.push_back(candidates[turn]);
                any = true;
            }
        }
        if (!any) {
            break;
        }
    }
    return chosen;
}

}  // namespace

sweeps::ExitCode run_verb(const ShowOptions& options) {
    const storage::RunState state = read_run_state(options.dir);
    require_own_results(state, options.dir, "it has numbers, and no score maps to show");
    const storage::RunDirectory directory(options.dir);
    const storage::CellRecord& cell = find_cell_record(state, options.cell);
    const sweeps::TrialConfig config = sweeps::parse_canonical(cell.config);
    if (!sweeps::uses_data(config)) {
        throw sweeps::UsageError("cell '" + cell.name + "' is of method " + config.method +
                                 ", which looks at no image: there is nothing to show");
    }
    const std::filesystem::path file = directory.scores_file(first_training_of(state, cell));
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) {
        throw sweeps::UsageError("the patch scores of cell '" + cell.name + "', " + file.string() +
                                 ", are not there any more; harrow replay prints the sweep that "
                                 "trains them again, in another --dir");
    }
    const storage::PatchScores scores = storage::load_patch_scores(file);
    const storage::DatasetListing listing =
        storage::list_dataset(config.data.layout, cell.data_root);

    std::vector<std::vector<Candidate>> by_class;
    std::vector<std::string> names;
    for (const storage::ClassScores& cls : scores.classes) {
        names.push_back(cls.class_name);
        if (options.class_name.empty() || options.class_name == cls.class_name) {
            by_class.push_back(candidates_of(cls, scores, listing.dataset, config.score));
        }
    }
    if (by_class.empty()) {
        throw sweeps::UsageError("--class: the cell knows no class '" + options.class_name + "'" +
                                 sweeps::suggestion(options.class_name, names));
    }
    const int size = config.score.map_size;
    const storage::Resize resize = storage::resize_named(config.data.resize);
    std::vector<storage::Image> strips;
    for (const Candidate& candidate :
         worst_in_turns(std::move(by_class), static_cast<std::size_t>(options.worst))) {
        const storage::ClassScores& cls = *candidate.scores;
        const std::size_t last =
            static_cast<std::size_t>(scores.num_tasks - 1) * static_cast<std::size_t>(cls.images);
        std::vector<float> map(static_cast<std::size_t>(size) * static_cast<std::size_t>(size));
        analysis::ScoreMapper(static_cast<int>(cls.height),
                              static_cast<int>(cls.width),
                              size,
                              config.score.smoothing_sigma)
            .render(
                cls.maps.data() + cls.routed_map[last + candidate.image] * cls.height * cls.width,
                map.data());
        strips.push_back(analysis::make_strip(
            storage::square_image(
                storage::read_rgb(listing.dataset.root / candidate.entry->relative_path),
                size,
                resize),
            storage::load_mask(listing.dataset, *candidate.entry, size, resize),
            map,
            analysis::value_range(map)));
        std::cout << strips.size() << "  " << candidate.entry->relative_path << "  score "
                  << candidate.score << "  outranked by "
                  << static_cast<int>(candidate.mistake * 100 + 0.5) << " % of the other kind\n";
    }
    storage::write_png(options.out, analysis::stack_strips(strips));
    std::cout << options.out
              << ": image, mask, heat map (each map on its own scale); rows as listed\n";
    return sweeps::ExitCode::Ok;
}

}  // namespace harrow::cli
