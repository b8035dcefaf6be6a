#include "cli/trial_pictures.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>

#include "analysis/aggregation.hpp"
#include "analysis/score_map.hpp"
#include "cli/trial_training.hpp"
#include "storage/datasets/preprocess.hpp"
#include "sweeps/canonical.hpp"
#include "sweeps/error.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::cli {
namespace {

std::filesystem::path scores_file(const storage::RunDirectory& directory,
                                  const storage::RunState& state,
                                  const storage::CellRecord& cell,
                                  std::uint64_t seed) {
    const std::optional<std::string> training = training_of(state, cell, seed);
    if (!training) {
        throw sweeps::UsageError("cell '" + cell.name + "' has no finished trial for seed " +
                                 std::to_string(seed) + "; see harrow status");
    }
    std::filesystem::path file = directory.scores_file(*training);
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) {
        throw sweeps::UsageError("the patch scores of cell '" + cell.name + "', " + file.string() +
                                 ", are not there any more; harrow replay prints the sweep that "
                                 "trains them again, in another --dir");
    }
    return file;
}

sweeps::TrialConfig config_of(const storage::RunState& state, const storage::CellRecord& cell) {
    if (state.sweep->imported) {
        throw sweeps::UsageError("cell '" + cell.name +
                                 "' was made elsewhere: there are no scores to show");
    }
    sweeps::TrialConfig config = sweeps::parse_canonical(cell.config);
    if (!sweeps::uses_data(config)) {
        throw sweeps::UsageError("cell '" + cell.name + "' is of method " + config.method +
                                 ", which looks at no image: there is nothing to show");
    }
    return config;
}

std::vector<std::string> class_names(const storage::PatchScores& scores) {
    std::vector<std::string> names;
    for (const storage::ClassScores& one : scores.classes) {
        names.push_back(one.class_name);
    }
    return names;
}

}  // namespace

TrialPictures::TrialPictures(const storage::RunDirectory& directory,
                             const storage::RunState& state,
                             const storage::CellRecord& cell,
                             std::uint64_t seed)
    : name_(cell.name),
      config_(config_of(state, cell)),
      scores_(storage::load_patch_scores(scores_file(directory, state, cell, seed))),
      dataset_(
          storage::list_dataset(
              config_.data.layout, cell.data_root, class_names(scores_), storage::Headers::Skip)
              .dataset) {
    for (const storage::DatasetClass& one : dataset_.classes) {
        for (const storage::ImageEntry& image : one.test) {
            entries_.emplace(image.relative_path, &image);
        }
    }
}

const storage::ClassScores* TrialPictures::find_class(const std::string& name) const {
    const auto found = std::find_if(
        scores_.classes.begin(), scores_.classes.end(), [&](const storage::ClassScores& one) {
            return one.class_name == name;
        });
    return found == scores_.classes.end() ? nullptr : &*found;
}

const storage::ImageEntry& TrialPictures::entry(const storage::ClassScores& one,
                                                std::size_t image) const {
    const auto found = entries_.find(one.image_paths[image]);
    if (found == entries_.end()) {
        throw sweeps::DataError(one.image_paths[image] + " of the run is not in " +
                                dataset_.root.string() +
                                " any more; point data.root at the data the run used");
    }
    return *found->second;
}

bool TrialPictures::has_maps() const {
    return std::all_of(scores_.classes.begin(),
                       scores_.classes.end(),
                       [](const storage::ClassScores& one) { return one.height > 0; });
}

std::size_t TrialPictures::final_place(const storage::ClassScores& one,
                                       std::size_t image,
                                       bool oracle) const {
    const std::size_t last =
        static_cast<std::size_t>(scores_.num_tasks - 1) * static_cast<std::size_t>(one.images);
    const auto& places = oracle ? one.oracle_map : one.routed_map;
    return static_cast<std::size_t>(places[last + image]);
}

const float* TrialPictures::map_at(const storage::ClassScores& one, std::size_t place) const {
    return one.maps.data() + place * static_cast<std::size_t>(one.height * one.width);
}

double TrialPictures::score_at(const storage::ClassScores& one, std::size_t place) const {
    return one.image_scores.empty() ? analysis::image_score(map_at(one, place),
                                                            static_cast<int>(one.height),
                                                            static_cast<int>(one.width),
                                                            config_.score)
                                    : one.image_scores[place];
}

analysis::ScoredClass TrialPictures::rated(const storage::ClassScores& one) const {
    analysis::ScoredClass rated{one.class_name, {}};
    const std::size_t last =
        static_cast<std::size_t>(scores_.num_tasks - 1) * static_cast<std::size_t>(one.images);
    const auto score = [&](std::size_t image, bool oracle) {
        return score_at(one, final_place(one, image, oracle));
    };
    for (std::size_t image = 0; image < static_cast<std::size_t>(one.images); ++image) {
        analysis::ScoredImage scored;
        scored.path = one.image_paths[image];
        scored.is_defective = entry(one, image).defective;
        scored.score = score(image, false);
        scored.task = one.task;
        scored.expert = scores_.has_router ? one.routed_task[last + image] : one.task;
        scored.oracle_score = scored.expert == one.task ? scored.score : score(image, true);
        rated.images.push_back(std::move(scored));
    }
    analysis::rate_mistakes(rated.images);
    return rated;
}

std::vector<float> TrialPictures::final_patches(const storage::ClassScores& one) const {
    std::vector<float> patches;
    for (std::size_t image = 0; image < static_cast<std::size_t>(one.images); ++image) {
        const float* map = map_at(one, final_place(one, image, false));
        patches.insert(patches.end(), map, map + one.height * one.width);
    }
    return patches;
}

storage::Image TrialPictures::rgb(const storage::ClassScores& one,
                                  std::size_t image,
                                  int size) const {
    return storage::square_image(storage::read_rgb(dataset_.root / entry(one, image).relative_path),
                                 size,
                                 storage::resize_named(config_.data.resize));
}

std::vector<std::uint8_t> TrialPictures::mask(const storage::ClassScores& one,
                                              std::size_t image,
                                              int size) const {
    return storage::load_mask(
        dataset_, entry(one, image), size, storage::resize_named(config_.data.resize));
}

std::vector<float> TrialPictures::heat_map(const storage::ClassScores& one,
                                           std::size_t image,
                                           int size) const {
    std::vector<float> map(static_cast<std::size_t>(size) * static_cast<std::size_t>(size));
    const double sigma = config_.score.smoothing_sigma * size / config_.score.map_size;
    analysis::ScoreMapper(static_cast<int>(one.height), static_cast<int>(one.width), size, sigma)
        .render(map_at(one, final_place(one, image, false)), map.data());
    return map;
}

const storage::CellRecord& find_cell_record(const storage::RunState& state,
                                            const std::string& name) {
    constexpr std::size_t kFewestDigits = 8;
    std::vector<std::string> known;
    for (const storage::CellRecord& cell : state.cells) {
        const bool is_alias =
            std::find(cell.names.begin(), cell.names.end(), name) != cell.names.end();
        if (cell.name == name || is_alias || cell.id == name ||
            (name.size() >= kFewestDigits && cell.id.rfind(name, 0) == 0)) {
            return cell;
        }
        known.push_back(cell.name);
    }
    throw sweeps::UsageError("no cell is called '" + name + "'" + sweeps::suggestion(name, known));
}

}  // namespace harrow::cli
