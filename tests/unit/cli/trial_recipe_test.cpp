#include "cli/trial_recipe.hpp"

#include <gtest/gtest.h>

#include "sweeps/canonical.hpp"
#include "sweeps/keys.hpp"
#include "tests/support/fake_catalog.hpp"

namespace harrow::cli {
namespace {

/// Ids of the one cell of a sweep and of the cell its recipe makes.
void expect_same_trial(const std::string& text) {
    sweeps::FakeCatalog catalog;
    catalog.add("/it's: #1", {"a: b #c", "- x, y", "[z]", "null", "1e3", "it's"});
    catalog.add_weights("/w: a #1.safetensors", "w");
    const auto parsed = [&](const std::string& sweep) {
        return sweeps::parse_sweep(sweep, "s.yaml", "/specs", {}, catalog);
    };
    const sweeps::Sweep sweep = parsed(text);
    ASSERT_EQ(sweep.cells.size(), 1U);
    const sweeps::Cell& cell = sweep.cells[0];
    storage::CellRecord record;
    record.id = cell.id;
    record.config = sweeps::canonical_text(cell.config);
    record.data_root = sweeps::uses_data(cell.config) ? cell.config.data.root : "";
    record.weights = cell.config.backbone.weights;
    const std::string recipe = trial_recipe(record, 123U);
    SCOPED_TRACE(recipe);
    const sweeps::Sweep again = parsed(recipe);
    ASSERT_EQ(again.cells.size(), 1U);
    EXPECT_EQ(again.cells[0].id, cell.id);
    EXPECT_EQ(again.cells[0].seeds, std::vector<std::uint64_t>{123U});
}

TEST(TrialRecipeTest, ARecipeIsASweepOfTheSameTrial) {
    expect_same_trial("name: a\ndata.root: /data\nseeds: [0]\ntrain: {lr: 1e-3, num_epochs: 3}\n");
    expect_same_trial(
        "name: a\ndata.root: /data\nseeds: [0]\ndata.classes: [cable, grid]\n"
        "sequence.scenario: 1-1\nsequence.order: [grid, cable]\n");
}

TEST(TrialRecipeTest, NamesThatMeanSomethingInYamlStayNames) {
    for (const char* name : {"'a: b #c'", "'[z]'", "'null'", "'1e3'", "\"it's\""}) {
        expect_same_trial("name: a\nseeds: [0]\ndata: {root: \"/it's: #1\", classes: [" +
                          std::string(name) + "]}\n");
    }
}

TEST(TrialRecipeTest, ARecipeKeepsWhatTheMethodStartsOtherwise) {
    const std::string head =
        "name: a\nseeds: [0]\ndata.root: /data\nmethod: anomalyvfm\n"
        "backbone.weights: \"/w: a #1.safetensors\"\n";
    expect_same_trial(head +
                      "train: {lr: 3e-4, num_epochs: 60}\nbackbone.name: vit_base_patch16_224\n"
                      "data.image_size: 224\nsynthetic.texture_side: [50, 150]\n"
                      "synthetic.contextual_side: [20, 40]\n");
    expect_same_trial(head +
                      "model.version: '1.3'\nsynthetic.noise: 30\n"
                      "per_class: {bottle: {synthetic.noise: [3, 4]}, cable: {lr: 1e-3}}\n");
}

TEST(TrialRecipeTest, AMethodWithoutDataNamesNone) {
    expect_same_trial("name: a\nmethod: noop\nnoop: {seconds: 0.5, tasks: 5}\nseeds: [0]\n");
}

TEST(TrialRecipeTest, ACellKeepsItsTagsAndWhatItIsJudgedBy) {
    sweeps::FakeCatalog catalog;
    const auto parsed = [&](const std::string& text) {
        return sweeps::parse_sweep(text, "s.yaml", "/specs", {}, catalog);
    };
    const sweeps::Sweep sweep = parsed(
        "name: a\nmethod: noop\nseeds: [0]\n"
        "objective: {metric: image_auroc.fm, goal: minimize, subject_to: ['pixel_ap >= 0.5']}\n"
        "compare: {baseline: main, test: wilcoxon, adjust: bh, same: [train.lr]}\n"
        "space:\n  - cases: [{name: main, noop.tasks: 5}]\n    tags: [t, \"it's\"]\n");
    storage::CellRecord record;
    record.id = sweep.cells[0].id;
    record.name = sweep.cells[0].name;
    record.tags = sweep.cells[0].tags;
    record.config = sweeps::canonical_text(sweep.cells[0].config);
    const std::string recipe = cell_recipe(record, "b", sweep.objective, sweep.compare, {7});
    SCOPED_TRACE(recipe);
    const sweeps::Sweep again = parsed(recipe);
    EXPECT_EQ(again.cells.at(0).id, sweep.cells[0].id);
    EXPECT_EQ(again.cells[0].tags, (std::vector<std::string>{"t", "it's"}));
    EXPECT_EQ(again.objective.metric, "image_auroc.fm");
    EXPECT_EQ(again.objective.goal, sweeps::Goal::Minimize);
    EXPECT_EQ(again.objective.subject_to, sweep.objective.subject_to);
    ASSERT_TRUE(again.compare.has_value());
    EXPECT_EQ(again.compare->test, "wilcoxon");
    EXPECT_EQ(again.compare->same, sweep.compare->same);
    record.name = "other";
    EXPECT_FALSE(parsed(cell_recipe(record, "b", sweep.objective, sweep.compare, {7})).compare)
        << "its baseline is not in this file";
}

}  // namespace
}  // namespace harrow::cli
