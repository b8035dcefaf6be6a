#include "cli/report_details.hpp"

#include <filesystem>

#include <gtest/gtest.h>

#include "storage/files.hpp"
#include "storage/patch_scores.hpp"
#include "storage/run_directory.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::cli {
namespace {

using storage::testing::TemporaryDirectory;

const std::string kKey = "00112233445566778899aabbccddeeff";

/// Two tasks of one class with two images; one of the second goes to the first task.
storage::PatchScores example() {
    storage::PatchScores scores;
    scores.training_key = kKey;
    scores.num_tasks = 2;
    scores.has_router = true;
    for (int task = 0; task < 2; ++task) {
        storage::ClassScores known;
        known.class_name = task == 0 ? "grain" : "dots";
        known.task = task;
        known.images = 2;
        known.height = known.width = 1;
        known.maps = {0.5F, 1.5F};
        known.routed_map = known.oracle_map = {task == 0 ? 0 : -1, task == 0 ? 1 : -1, 0, 1};
        known.routed_task = {task == 0 ? 0 : -1, task == 0 ? 0 : -1, 0, task};
        known.distances = {1, 2, 3, 4};
        known.image_paths = {"a.png", "b.png"};
        known.image_digests = {"a", "b"};
        scores.classes.push_back(known);
    }
    return scores;
}

class ReportDetailsTest : public ::testing::Test {
protected:
    ReportDetailsTest() : run_(directory_ / "run") {
        std::filesystem::create_directories(run_.training_directory(kKey));
        state_.trainings["aa.s0"] = kKey;
        analysis::Summary summary =
            analysis::summarise({{"aa.s0", "aa", "main", 0, 1, "mean", "routed", "image_auroc", 1}},
                                {{"aa", "main", {"main"}, {}, {0, 1}}});
        report_ = analysis::make_report("demo", {}, std::move(summary));
    }

    void add_details() { add_report_details(report_, {{run_.path().string(), &state_}}); }
    const analysis::CellSummary& cell() const { return report_.summary.cells.at(0); }

    TemporaryDirectory directory_;
    storage::RunDirectory run_;
    storage::RunState state_;
    analysis::Report report_;
};

TEST_F(ReportDetailsTest, RoutingComesFromThePatchScores) {
    storage::save_patch_scores(run_.scores_file(kKey), example());
    add_details();
    ASSERT_TRUE(cell().confusion.has_value());
    EXPECT_EQ(cell().confusion->images, (std::vector<std::vector<std::uint64_t>>{{2, 0}, {1, 1}}));
    EXPECT_EQ(cell().confusion->tasks, (std::vector<std::string>{"grain", "dots"}));
    EXPECT_TRUE(report_.summary.notes.empty());
}

TEST_F(ReportDetailsTest, ScoresThatAreGoneAreLeftOut) {
    add_details();
    EXPECT_FALSE(cell().confusion.has_value());
    EXPECT_TRUE(report_.summary.notes.empty());
}

TEST_F(ReportDetailsTest, MoreScoresThanAReportReadsAreLeftOut) {
    storage::save_patch_scores(run_.scores_file(kKey), example());
    add_report_details(report_, {{run_.path().string(), &state_}}, 100);
    EXPECT_FALSE(cell().confusion.has_value());
    EXPECT_TRUE(report_.summary.notes.empty());
}

TEST_F(ReportDetailsTest, DamagedScoresAreNoted) {
    storage::write_file_atomic(run_.scores_file(kKey), "no HDF5");
    add_details();
    EXPECT_FALSE(cell().confusion.has_value());
    ASSERT_EQ(report_.summary.notes.size(), 1U);
    EXPECT_EQ(report_.summary.notes[0].reason.rfind("routing: ", 0), 0U);
}

}  // namespace
}  // namespace harrow::cli
