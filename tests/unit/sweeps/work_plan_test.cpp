#include "sweeps/work_plan.hpp"

#include <set>

#include <gtest/gtest.h>

#include "tests/support/fake_catalog.hpp"

namespace harrow::sweeps {
namespace {

struct Planned {
    Sweep sweep;
    WorkPlan plan;
};

Planned plan(const std::string& text) {
    FakeCatalog catalog;
    Sweep sweep = parse_sweep(text, "s.yaml", "/specs", {}, catalog);
    WorkPlan work = make_work_plan(sweep, catalog);
    return {std::move(sweep), std::move(work)};
}

TEST(WorkPlanTest, ScoringAxisCostsNoTraining) {
    const auto [sweep, work] =
        plan(std::string(kHead) + "space: [{grid: {score.top_k: [1, 3, 5]}}]\n");
    EXPECT_EQ(work.trials.size(), 6U);
    ASSERT_EQ(work.trainings.size(), 2U);
    EXPECT_EQ(work.trainings[0].trials, (std::vector<std::size_t>{0, 2, 4}));
    EXPECT_EQ(work.trainings[1].trials, (std::vector<std::size_t>{1, 3, 5}));
    EXPECT_EQ(work.extractions.size(), 10U);
    for (std::size_t i = 0; i < work.trials.size(); ++i) {
        const PlannedTrial& trial = work.trials[i];
        EXPECT_EQ(trial.id, sweep.cells[trial.cell].id + ".s" + std::to_string(trial.seed));
        EXPECT_EQ(work.trainings[trial.training].seed, trial.seed);
    }
}

TEST(WorkPlanTest, ImagesHeldOutCostATrainingAndOnlyPastedOnesAnExtraction) {
    const auto [sweep, work] = plan(R"(name: a
data: {root: /data}
seeds: [0]
space:
  - cases: [{name: all}]
  - cases: [{name: fewer}]
    set: {validation.holdout: 0.1}
  - cases: [{name: pasted}]
    set: {validation.holdout: 0.1, validation.synthetic: cutpaste}
)");
    ASSERT_EQ(work.trainings.size(), 3U);
    EXPECT_EQ(work.trainings[0].feature_keys, work.trainings[1].feature_keys);
    ASSERT_EQ(work.trainings[2].feature_keys.size(), 15U);
    ASSERT_EQ(work.extractions.size(), 15U);
    const PlannedExtraction& first = work.extractions[10];
    EXPECT_EQ(first.split, "val_synth");
    EXPECT_EQ(first.images, 4);
    EXPECT_EQ(first.feature_key, work.trainings[2].feature_keys[2]);
    EXPECT_EQ(work.trainings[2].feature_keys[0], work.trainings[0].feature_keys[0]);
}

TEST(WorkPlanTest, EveryCellGetsItsFirstSeedBeforeAnySecond) {
    const auto [sweep, work] = plan(std::string(kHead) +
                                    "space: [{grid: {train.lr: [1e-3, 1e-4]}}, "
                                    "{cases: [{name: f, method: finetune}], seeds: [7, 8, 9]}]\n");
    std::vector<std::pair<std::size_t, std::uint64_t>> order;
    for (const PlannedTraining& training : work.trainings) {
        order.emplace_back(training.cell, training.seed);
    }
    EXPECT_EQ(order,
              (std::vector<std::pair<std::size_t, std::uint64_t>>{
                  {0, 0}, {1, 0}, {2, 7}, {0, 1}, {1, 1}, {2, 8}, {2, 9}}));
    EXPECT_EQ(work.extractions.size(), 10U) << "both methods read the same features";
}

TEST(WorkPlanTest, ExtractionsAreUniqueAndInTheOrderOfFirstUse) {
    const auto [sweep, work] = plan(std::string(kHead) + R"(
space:
  - grid: {sequence.scenario: [1-1, 2-1]}
  - grid: {data.image_size: [64]}
    set: {data.classes: [grid, cable]}
)");
    ASSERT_EQ(work.extractions.size(), 14U);
    EXPECT_EQ(work.extractions[0].class_name, "bottle");
    EXPECT_EQ(work.extractions[0].split, "train");
    EXPECT_EQ(work.extractions[0].images, 40);
    EXPECT_EQ(work.extractions[1].split, "test");
    EXPECT_EQ(work.extractions[1].images, 20);
    EXPECT_EQ(work.extractions[10].class_name, "cable");
    EXPECT_EQ(work.extractions[10].cell, 2U);
    EXPECT_EQ(work.extractions[10].config.data.image_size, 64);
    std::set<Digest> known;
    for (const PlannedExtraction& extraction : work.extractions) {
        EXPECT_TRUE(known.insert(extraction.feature_key).second);
    }
    for (const PlannedTraining& training : work.trainings) {
        for (const Digest& key : training.feature_keys) {
            EXPECT_EQ(known.count(key), 1U);
        }
    }
    EXPECT_EQ(work.trainings[0].feature_keys.size(), 10U);
    EXPECT_EQ(work.trainings[0].feature_keys[2], work.extractions[2].feature_key);
}

/// Keys of a plan in which every cell reads `weights`.
std::vector<Digest> keys_with(const std::string& weights) {
    FakeCatalog catalog;
    catalog.add_weights("/w/a", "a");
    catalog.add_weights("/copy/of/a", "a");
    catalog.add_weights("/w/b", "b");
    Sweep sweep = parse_sweep(kHead, "s.yaml", "/specs", {}, catalog);
    for (Cell& cell : sweep.cells) {
        cell.config.backbone.name = "wide_resnet50_2";
        cell.config.backbone.weights = weights;
    }
    const WorkPlan work = make_work_plan(sweep, catalog);
    std::vector<Digest> keys;
    for (const PlannedExtraction& extraction : work.extractions) {
        keys.push_back(extraction.feature_key);
    }
    keys.push_back(work.trainings.front().training_key);
    return keys;
}

TEST(WorkPlanTest, WeightsContentDecidesKeysNotItsPath) {
    const std::vector<Digest> a = keys_with("/w/a");
    const std::vector<Digest> b = keys_with("/w/b");
    EXPECT_EQ(keys_with("/copy/of/a"), a);
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        EXPECT_NE(a[i], b[i]);
    }
}

TEST(WorkPlanTest, CellsWithDifferentWeightsShareNoExtraction) {
    FakeCatalog catalog;
    catalog.add_weights("/w/a", "a");
    catalog.add_weights("/w/b", "b");
    Sweep sweep = parse_sweep(std::string(kHead) + "space: [{grid: {train.lr: [1e-3, 1e-4]}}]\n",
                              "s.yaml",
                              "/specs",
                              {},
                              catalog);
    ASSERT_EQ(sweep.cells.size(), 2U);
    for (std::size_t i = 0; i < 2; ++i) {
        sweep.cells[i].config.backbone = {"resnet18", i == 0 ? "/w/a" : "/w/b", 0};
    }
    EXPECT_EQ(make_work_plan(sweep, catalog).extractions.size(), 20U);
    sweep.cells[1].config.backbone.weights = "/w/a";
    EXPECT_EQ(make_work_plan(sweep, catalog).extractions.size(), 10U);
}

TEST(WorkPlanTest, EqualImagesWithOtherLabelsAreRefused) {
    FakeCatalog catalog;
    catalog.add("/relabelled", {"bottle", "cable", "capsule", "carpet", "grid"}, "", "other");
    const Sweep sweep =
        parse_sweep(std::string(kHead) + "space: [{grid: {data.root: [/data, /relabelled]}}]\n",
                    "s.yaml",
                    "/specs",
                    {},
                    catalog);
    ASSERT_EQ(sweep.cells.size(), 2U);
    EXPECT_THROW(make_work_plan(sweep, catalog), UsageError);
}

TEST(NoopPlanTest, NeedsNoDataAndKeepsEveryOtherParameterApart) {
    FakeCatalog catalog;  // knows no dataset
    const Sweep sweep = parse_sweep(
        "name: a\nmethod: noop\nnoop: {tasks: 3}\nbackbone: {name: resnet18}\nseeds: [0, 1]\n"
        "space: [{grid: {train.lr: [1e-3, 1e-4], score.top_k: [1, 5]}}]\n",
        "a.yaml",
        "/specs",
        {},
        catalog);
    ASSERT_EQ(sweep.cells.size(), 4U);
    EXPECT_EQ(sweep.cells[0].tasks.size(), 3U);
    const WorkPlan plan = make_work_plan(sweep, catalog);
    EXPECT_TRUE(plan.extractions.empty());
    EXPECT_EQ(plan.trials.size(), 8U);
    EXPECT_EQ(plan.trainings.size(), 4U);  // top_k is scored
}

TEST(NoopPlanTest, WhatItDoesNotLookAtMakesNoCells) {
    FakeCatalog catalog;
    const Sweep sweep = parse_sweep(
        "name: a\nmethod: noop\nseeds: [0]\n"
        "space: [{grid: {data.image_size: [64, 128]}}]\n",
        "a.yaml",
        "/specs",
        {},
        catalog);
    EXPECT_EQ(sweep.cells.size(), 1U);
}

}  // namespace
}  // namespace harrow::sweeps
