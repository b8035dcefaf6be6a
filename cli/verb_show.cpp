#include <algorithm>
#include <iostream>
#include <map>
#include <utility>

#include "analysis/gallery_choice.hpp"
#include "analysis/strips.hpp"
#include "cli/own_results.hpp"
#include "cli/report_source.hpp"
#include "cli/terminal_text.hpp"
#include "cli/trial_pictures.hpp"
#include "cli/trial_training.hpp"
#include "cli/verbs.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::cli {
namespace {

using analysis::GalleryKind;

constexpr int kDefaultCount = 8;

/// The first seed that all cells have finished, or the one asked for.
std::uint64_t chosen_seed(const ShowOptions& options,
                          const storage::RunState& state,
                          const std::vector<const storage::CellRecord*>& cells) {
    if (options.seed) {
        return *options.seed;
    }
    for (const std::uint64_t seed : cells.front()->seeds) {
        if (std::all_of(cells.begin(), cells.end(), [&](const storage::CellRecord* cell) {
                return training_of(state, *cell, seed).has_value();
            })) {
            return seed;
        }
    }
    if (cells.size() > 1) {
        throw sweeps::UsageError(
            "there is no seed that all cells have finished; see harrow status");
    }
    // Is refused later, with what there is to do.
    return cells.front()->seeds.empty() ? 0 : cells.front()->seeds.front();
}

std::vector<TrialPictures> load_trials(const ShowOptions& options) {
    const storage::RunState state = read_run_state(options.dir);
    require_own_results(state, options.dir, "it has numbers, and no score maps to show");
    const storage::RunDirectory directory(options.dir);
    std::vector<const storage::CellRecord*> cells;
    for (const std::string& name : options.cells) {
        cells.push_back(&find_cell_record(state, name));
    }
    const std::uint64_t seed = chosen_seed(options, state, cells);
    std::vector<TrialPictures> trials;
    for (const storage::CellRecord* cell : cells) {
        trials.emplace_back(directory, state, *cell, seed);
    }
    return trials;
}

std::vector<analysis::ScoredClass> rated_classes(const TrialPictures& trial,
                                                 const std::string& only) {
    std::vector<analysis::ScoredClass> classes;
    std::vector<std::string> names;
    for (const storage::ClassScores& one : trial.scores().classes) {
        names.push_back(one.class_name);
        if (only.empty() || only == one.class_name) {
            classes.push_back(trial.rated(one));
        }
    }
    if (classes.empty()) {
        throw sweeps::UsageError("--class: the cell knows no class '" + only + "'" +
                                 sweeps::suggestion(only, names));
    }
    return classes;
}

/// One class in all cells: where its images are, and the colours of its maps.
struct ShownClass {
    std::vector<const storage::ClassScores*> scores;        // by trial
    std::vector<std::map<std::string, std::size_t>> index;  // by trial: path -> image
    std::vector<analysis::ValueRange> ranges;               // by trial
};

ShownClass shown_class(const std::vector<TrialPictures>& trials,
                       const std::string& name,
                       bool is_shared) {
    ShownClass shown;
    std::vector<float> patches;
    for (const TrialPictures& trial : trials) {
        const storage::ClassScores* scores = trial.find_class(name);
        if (scores == nullptr) {
            throw sweeps::UsageError("cell '" + trial.name() + "' knows no class '" + name +
                                     "': cells side by side must share their data");
        }
        shown.scores.push_back(scores);
        shown.index.emplace_back();
        for (std::size_t i = 0; i < scores->image_paths.size(); ++i) {
            shown.index.back().emplace(scores->image_paths[i], i);
        }
        if (!trial.has_maps()) {
            shown.ranges.emplace_back();
            continue;
        }
        std::vector<float> more = trial.final_patches(*scores);
        patches.insert(patches.end(), more.begin(), more.end());
        shown.ranges.push_back(analysis::robust_range(std::move(more)));
    }
    if (is_shared) {
        shown.ranges.assign(trials.size(), analysis::robust_range(std::move(patches)));
    }
    return shown;
}

storage::Image strip_of(const std::vector<TrialPictures>& trials,
                        const ShownClass& shown,
                        const std::string& path) {
    const TrialPictures& first = trials.front();
    const int size = first.config().score.map_size;
    std::vector<analysis::HeatMap> maps;
    for (std::size_t t = 0; t < trials.size(); ++t) {
        const auto found = shown.index[t].find(path);
        if (found == shown.index[t].end()) {
            throw sweeps::UsageError("cell '" + trials[t].name() + "' never saw " + path +
                                     ": cells side by side must share their data");
        }
        if (trials[t].has_maps()) {
            maps.push_back(
                {trials[t].heat_map(*shown.scores[t], found->second, size), shown.ranges[t]});
        }
    }
    const std::size_t image = shown.index.front().at(path);
    return analysis::make_strip(first.rgb(*shown.scores.front(), image, size),
                                first.mask(*shown.scores.front(), image, size),
                                maps);
}

/// "task 1 (cable, grid)"
std::string task_text(const storage::PatchScores& scores, int task) {
    std::string classes;
    for (const storage::ClassScores& one : scores.classes) {
        if (one.task == task) {
            classes += (classes.empty() ? "" : ", ") + one.class_name;
        }
    }
    return "task " + std::to_string(task) + " (" + classes + ")";
}

void print_line(std::size_t number,
                const analysis::ScoredImage& image,
                const storage::PatchScores& scores) {
    std::cout << number << "  " << printable(image.path) << "  score " << image.score
              << "  outranked by " << static_cast<int>(image.mistake * 100 + 0.5)
              << " % of the other kind";
    if (image.expert != image.task) {
        std::cout << "  by the expert of " << printable(task_text(scores, image.expert))
                  << ", not of " << printable(task_text(scores, image.task)) << ", which scores "
                  << image.oracle_score;
    }
    std::cout << "\n";
}

/// What the picture's columns are.
void print_legend(const ShowOptions& options, const std::vector<TrialPictures>& trials) {
    std::string heat_maps, without;
    for (const TrialPictures& trial : trials) {
        const std::string name = printable(trial.name());
        if (trial.has_maps()) {
            heat_maps += (heat_maps.empty() ? ", heat map of " : ", of ") + name;
        } else {
            without += (without.empty() ? "" : ", ") + name;
        }
    }
    std::cout << printable(options.out) << ": image, mask" << heat_maps;
    if (!heat_maps.empty()) {
        std::cout << "; one colour scale per class"
                  << (options.scale == "class" ? "" : " and cell");
    }
    std::cout << "; rows as listed\n";
    if (!without.empty()) {
        std::cout << "without heat map, because only images are scored (model.maps: none): "
                  << without << "\n";
    }
}

/// Whether there is nothing to show, and says so.
bool has_none(const std::vector<analysis::ScoredClass>& classes,
              const std::vector<analysis::ChosenImage>& chosen,
              const TrialPictures& trial) {
    std::size_t images = 0;
    for (const analysis::ScoredClass& one : classes) {
        images += one.images.size();
    }
    if (chosen.empty()) {
        std::cout << "none of " << images << " test images of cell '" << printable(trial.name())
                  << "' went to another class's expert: no picture is written\n";
    }
    return chosen.empty();
}

}  // namespace

sweeps::ExitCode run_verb(const ShowOptions& options) {
    const std::vector<TrialPictures> trials = load_trials(options);
    const TrialPictures& first = trials.front();
    const GalleryKind kind = options.misrouted ? GalleryKind::Misrouted
                             : options.best    ? GalleryKind::Best
                                               : GalleryKind::Worst;
    if (kind == GalleryKind::Misrouted && !first.scores().has_router) {
        throw sweeps::UsageError("--misrouted: cell '" + first.name() +
                                 "' has no router: every image is scored by its class's expert");
    }
    const int count = options.misrouted ? *options.misrouted
                      : options.best    ? *options.best
                                        : options.worst.value_or(kDefaultCount);
    const std::vector<analysis::ScoredClass> classes = rated_classes(first, options.class_name);
    const std::vector<analysis::ChosenImage> chosen =
        analysis::choose_images(classes, kind, static_cast<std::size_t>(count));
    if (has_none(classes, chosen, first)) {
        return sweeps::ExitCode::Ok;
    }
    const bool is_shared = options.scale == "class";
    std::map<std::size_t, ShownClass> shown;  // by index in `classes`
    std::vector<storage::Image> strips;
    for (const auto& [class_index, image] : chosen) {
        if (shown.count(class_index) == 0) {
            shown.emplace(class_index, shown_class(trials, classes[class_index].name, is_shared));
        }
        const analysis::ScoredImage& scored = classes[class_index].images[image];
        strips.push_back(strip_of(trials, shown.at(class_index), scored.path));
        print_line(strips.size(), scored, first.scores());
    }
    storage::write_png(options.out, analysis::stack_strips(strips));
    print_legend(options, trials);
    return sweeps::ExitCode::Ok;
}

}  // namespace harrow::cli
