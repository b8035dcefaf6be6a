#include "cli/sweep_changes.hpp"

#include <gtest/gtest.h>

#include "sweeps/keys.hpp"

namespace harrow::cli {
namespace {

storage::CellRecord cell(const std::string& id,
                         const std::string& name,
                         const std::string& config) {
    return {id, name, {name}, {}, {0, 1}, "harrow-config 1\n" + config, "", "/data"};
}

/// A run directory that holds cells `aaaa` (finished) and `bbbb` (seed 0 finished).
class SweepChangesTest : public ::testing::Test {
protected:
    SweepChangesTest() {
        sweep_.name = "s";
        sweep_.cells = {cell("aaaa", "main", "train.lr=0.1\n"),
                        cell("bbbb", "wo_dia", "model.dia_n_blocks=0\n")};
        held_.sweep = sweep_;
        held_.cells = sweep_.cells;
        for (const auto& [id, seed] : {std::make_pair("aaaa", 0), {"aaaa", 1}, {"bbbb", 0}}) {
            held_.finished[sweeps::trial_id(id, static_cast<std::uint64_t>(seed))];
        }
    }
    storage::SweepRecord sweep_;
    storage::RunState held_;
};

TEST_F(SweepChangesTest, TheSameSweepHasNone) {
    const SweepChanges changes = compare_sweeps(held_, sweep_);
    EXPECT_TRUE(changes.same_trials());
    EXPECT_FALSE(changes.description);
}

TEST_F(SweepChangesTest, NewCellsAndSeedsAreAdded) {
    sweep_.cells[0].seeds = {0, 1, 2};
    sweep_.cells.push_back(cell("cccc", "top", ""));
    const SweepChanges changes = compare_sweeps(held_, sweep_);
    EXPECT_EQ(changes.added,
              (std::vector<std::string>{"main (aaaa), seeds 2", "top (cccc), seeds 0 1"}));
    EXPECT_TRUE(changes.changed.empty() && changes.dropped.empty());
}

TEST_F(SweepChangesTest, ChangedWeightsAreNamed) {
    held_.cells[0].weights = "/w/a.safetensors";
    held_.cells[0].weights_digest = "03b71d65fb2c";
    sweep_.cells[0] = cell("dddd", "main", "train.lr=0.1\n");
    sweep_.cells[0].weights = "/w/a.safetensors";
    sweep_.cells[0].weights_digest = "80c49dee3da4";
    EXPECT_EQ(compare_sweeps(held_, sweep_).changed,
              std::vector<std::string>{"main (dddd): the weights file /w/a.safetensors changed "
                                       "since this run (SHA-256 03b71d65 -> 80c49dee)"});
    sweep_.cells[0].weights = "/w/b.safetensors";
    EXPECT_EQ(compare_sweeps(held_, sweep_).changed,
              std::vector<std::string>{"main (dddd): backbone.weights /w/a.safetensors -> "
                                       "/w/b.safetensors (SHA-256 03b71d65 -> 80c49dee)"});
}

TEST_F(SweepChangesTest, AMovedWeightsFileIsTheSameSweep) {
    held_.cells[0].weights = held_.sweep->cells[0].weights = "/w/a";
    held_.cells[0].weights_digest = sweep_.cells[0].weights_digest = "03b71d65";
    sweep_.cells[0].weights = "/moved/a";
    const SweepChanges changes = compare_sweeps(held_, sweep_);
    EXPECT_TRUE(changes.same_trials());
    EXPECT_TRUE(changes.description);
}

TEST_F(SweepChangesTest, AChangedValueIsNamed) {
    sweep_.cells[0] = cell("dddd", "main", "train.lr=0.2\ntrain.num_epochs=9\n");
    const SweepChanges changes = compare_sweeps(held_, sweep_);
    EXPECT_EQ(changes.changed,
              (std::vector<std::string>{
                  "main (dddd): train.lr 0.1 -> 0.2, train.num_epochs default -> 9"}));
    EXPECT_TRUE(changes.dropped.empty()) << changes.text();
}

TEST_F(SweepChangesTest, ChangedDataIsNamed) {
    sweep_.cells[0].id = "eeee";
    const SweepChanges changes = compare_sweeps(held_, sweep_);
    ASSERT_EQ(changes.changed.size(), 1U);
    EXPECT_NE(changes.changed[0].find("/data changed"), std::string::npos) << changes.changed[0];
}

TEST_F(SweepChangesTest, OnlyUnfinishedWorkCanBeDropped) {
    sweep_.cells.clear();
    const SweepChanges changes = compare_sweeps(held_, sweep_);
    EXPECT_EQ(changes.dropped, (std::vector<std::string>{"wo_dia (bbbb), unfinished seeds 1"}));
}

TEST_F(SweepChangesTest, AnObjectiveOrAPathIsDescriptionOnly) {
    sweep_.objective.metric = "pixel_ap";
    EXPECT_TRUE(compare_sweeps(held_, sweep_).description);
    sweep_ = *held_.sweep;
    sweep_.tables = "[]";
    EXPECT_TRUE(compare_sweeps(held_, sweep_).same_trials());
    EXPECT_TRUE(compare_sweeps(held_, sweep_).description);
    sweep_ = *held_.sweep;
    sweep_.cells[0].data_root = "/moved";
    const SweepChanges changes = compare_sweeps(held_, sweep_);
    EXPECT_TRUE(changes.same_trials() && changes.description);
}

}  // namespace
}  // namespace harrow::cli
