#include "cli/trial_pictures.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cli/report_gallery.hpp"
#include "storage/datasets/synth.hpp"
#include "sweeps/canonical.hpp"
#include "sweeps/keys.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::cli {
namespace {

const std::string kKey = "00112233445566778899aabbccddeeff";

/// A trial of a method that scores images, on a small drawn class. Image n has the score n, which
/// lies at the place before the last minus n; its map is flat and says the opposite.
class TrialPicturesTest : public ::testing::Test {
protected:
    TrialPicturesTest() : run_(directory_ / "run") {
        storage::SynthOptions options;
        options.classes = 1;
        options.size = 32;
        storage::write_synthetic_dataset(directory_ / "data", options);
        class_ = storage::list_dataset("mvtec", directory_ / "data").dataset.classes.at(0);
        std::filesystem::create_directories(run_.training_directory(kKey));
        cell_.id = "aa";
        cell_.name = "main";
        cell_.seeds = {0};
        cell_.config = sweeps::canonical_text({});
        cell_.data_root = (directory_ / "data").string();
        state_.sweep.emplace();
        state_.cells = {cell_};
        state_.trainings[sweeps::trial_id("aa", 0)] = kKey;
    }

    void store(bool with_maps) const {
        storage::ClassScores scores;
        scores.class_name = class_.name;
        const auto images = static_cast<std::int32_t>(class_.test.size());
        scores.images = images;
        scores.height = scores.width = with_maps ? 2 : 0;
        for (std::int32_t n = 0; n < images; ++n) {
            scores.image_scores.push_back(images - 1 - n);
            scores.maps.insert(scores.maps.end(), with_maps ? 4 : 0, static_cast<float>(n));
            scores.oracle_map.push_back(images - 1 - n);
            scores.image_paths.push_back(class_.test[static_cast<std::size_t>(n)].relative_path);
        }
        scores.routed_map = scores.oracle_map;
        scores.routed_task.assign(static_cast<std::size_t>(images), 0);
        scores.distances.assign(static_cast<std::size_t>(images), 0.0);
        scores.image_digests.assign(static_cast<std::size_t>(images), "d");
        storage::PatchScores all;
        all.training_key = kKey;
        all.num_tasks = 1;
        all.classes = {scores};
        storage::save_patch_scores(run_.scores_file(kKey), all);
    }
    TrialPictures pictures() const { return {run_, state_, cell_, 0}; }
    analysis::Gallery gallery() const {
        analysis::Report report = analysis::make_report(
            "demo",
            {},
            analysis::summarise({{"aa.s0", "aa", "main", 0, 0, "mean", "routed", "image_auroc", 1}},
                                {{"aa", "main", {"main"}, {}, {0}}}));
        report.selection.cell = 0;
        return failure_gallery(report, {{run_.path().string(), &state_}});
    }

    storage::testing::TemporaryDirectory directory_;
    storage::RunDirectory run_;
    storage::RunState state_;
    storage::CellRecord cell_;
    storage::DatasetClass class_;
};

TEST_F(TrialPicturesTest, AnImageIsRatedByTheScoreItWasGiven) {
    for (const bool with_maps : {true, false}) {
        store(with_maps);
        const TrialPictures trial = pictures();
        EXPECT_EQ(trial.has_maps(), with_maps);
        const analysis::ScoredClass rated = trial.rated(trial.scores().classes.at(0));
        ASSERT_EQ(rated.images.size(), class_.test.size());
        for (std::size_t n = 0; n < rated.images.size(); ++n) {
            EXPECT_EQ(rated.images[n].score, static_cast<double>(n));
            EXPECT_EQ(rated.images[n].oracle_score, static_cast<double>(n));
        }
    }
    store(true);
    const TrialPictures trial = pictures();
    const storage::ClassScores& one = trial.scores().classes.at(0);
    const auto last = static_cast<float>(class_.test.size() - 1);
    EXPECT_EQ(trial.heat_map(one, 3, 8), std::vector<float>(64, last - 3)) << "its own map";
}

TEST_F(TrialPicturesTest, AGalleryWithoutMapsShowsImagesAndSaysSo) {
    store(true);
    EXPECT_NE(gallery().caption.find("heat map"), std::string::npos) << gallery().caption;
    store(false);
    const analysis::Gallery without = gallery();
    EXPECT_FALSE(without.pictures.empty());
    EXPECT_EQ(without.caption.find("heat map"), std::string::npos) << without.caption;
    EXPECT_NE(without.caption.find("gives no maps"), std::string::npos) << without.caption;
}

}  // namespace
}  // namespace harrow::cli
