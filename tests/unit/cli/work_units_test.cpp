#include "cli/work_units.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>

#include <gtest/gtest.h>

#include "sweeps/sweep.hpp"
#include "tests/support/fake_catalog.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::cli {
namespace {

using coordinator::UnitKind;

/// Two cells that differ in scoring only, two seeds, two classes: 4 trials, 2 trainings, 4
/// extractions.
class WorkUnitsTest : public ::testing::Test {
protected:
    WorkUnitsTest() {
        catalog_.add("/data", {"bottle", "cable"});
        sweep_ = sweeps::parse_sweep(
            "name: a\ndata: {root: /data}\nseeds: [0, 1]\nspace: [{grid: {score.top_k: [1, 5]}}]\n",
            "a.yaml",
            "/specs",
            {},
            catalog_);
        plan_ = sweeps::make_work_plan(sweep_, catalog_);
    }

    WorkUnits remaining() const {
        return remaining_work(
            sweep_, plan_, state_, storage::FeatureCache(directory_ / "cache"), run_);
    }
    void finish(const std::string& trial) { state_.finished[trial].trial = trial; }
    void store_scores(const std::string& training_key) {
        state_.trained.insert(training_key);
        std::filesystem::create_directories(run_.training_directory(training_key));
        std::ofstream(run_.scores_file(training_key)) << "x";
    }

    storage::testing::TemporaryDirectory directory_;
    storage::RunDirectory run_{directory_ / "run"};
    sweeps::FakeCatalog catalog_;
    sweeps::Sweep sweep_;
    sweeps::WorkPlan plan_;
    storage::RunState state_;
};

TEST_F(WorkUnitsTest, FreshRunExtractsOnceAndTrainsOncePerSeed) {
    const WorkUnits work = remaining();
    EXPECT_EQ(work.extractions, 4U);
    EXPECT_EQ(work.trainings, 2U);
    ASSERT_EQ(work.plan.units.size(), 6U);
    for (std::size_t unit = 0; unit < 4; ++unit) {
        EXPECT_EQ(work.meanings[unit].kind, UnitKind::Extract);
    }
    for (std::size_t unit = 4; unit < 6; ++unit) {
        EXPECT_EQ(work.plan.units[unit].depends_on, (std::vector<std::size_t>{0, 1, 2, 3}));
        EXPECT_EQ(work.meanings[unit].trials.size(), 2U);
        const auto payload = coordinator::training_work_from_json(work.plan.payload_of(unit));
        EXPECT_TRUE(payload.train);
        EXPECT_EQ(payload.jobs.size(), 2U);
        EXPECT_EQ(payload.tasks.size(), 2U);
    }
}

TEST_F(WorkUnitsTest, TrainingsWaitForTheirOwnFeaturesOnly) {
    sweep_ = sweeps::parse_sweep(
        "name: a\ndata: {root: /data}\nseeds: [0]\nspace: [{grid: {data.image_size: [64, 128]}}]\n",
        "a.yaml",
        "/specs",
        {},
        catalog_);
    plan_ = sweeps::make_work_plan(sweep_, catalog_);
    const WorkUnits work = remaining();
    ASSERT_EQ(work.plan.units.size(), 8U + 2U);
    EXPECT_EQ(work.feature_keys.size(), 8U);
    for (std::size_t unit = 8; unit < 10; ++unit) {
        std::set<std::string> waits_for;
        for (std::size_t needed : work.plan.units[unit].depends_on) {
            waits_for.insert(work.meanings[needed].key);
        }
        const auto payload = coordinator::training_work_from_json(work.plan.payload_of(unit));
        std::set<std::string> reads;
        for (const coordinator::TaskWork& task : payload.tasks) {
            for (const coordinator::ClassWork& one : task.classes) {
                for (const auto& [view, key] : one.feature_keys) {
                    reads.insert(key);
                }
            }
        }
        EXPECT_EQ(reads.size(), 4U);
        EXPECT_EQ(waits_for, reads);
    }
}

TEST_F(WorkUnitsTest, TrainingsWaitForTheAnomaliesOfTheirOwnSeed) {
    catalog_.add_weights("/w/a", "a");
    for (sweeps::Cell& cell : sweep_.cells) {
        cell.config.method = "anomalyvfm";
        cell.config.data.image_size = 518;
        cell.config.data.crop_size = 37;
        cell.config.backbone = {"dinov2_vitb14", "/w/a"};
        cell.config.backbone.feature = "cls";
        cell.config.model.maps = "crops";
    }
    plan_ = sweeps::make_work_plan(sweep_, catalog_);
    const WorkUnits work = remaining();
    ASSERT_EQ(work.extractions, 2U * (2 + 1 + 2)) << "train, test, test.maps, two of anomalies";
    const auto& units = work.plan.units;
    for (std::size_t training = 0; training < 2; ++training) {
        std::set<std::string> labels;
        for (const std::size_t unit : units[work.extractions + training].depends_on) {
            labels.insert(units[unit].label);
        }
        const std::string seed = " seed " + std::to_string(training);
        EXPECT_EQ(labels,
                  (std::set<std::string>{"bottle/train",
                                         "bottle/test",
                                         "bottle/test.maps",
                                         "bottle/anomalies" + seed,
                                         "cable/train",
                                         "cable/test",
                                         "cable/test.maps",
                                         "cable/anomalies" + seed}));
    }
    const auto images_of = [&](const std::string& label) {
        return std::find_if(units.begin(),
                            units.end(),
                            [&](const auto& unit) { return unit.label == label; })
            ->size.images;
    };
    EXPECT_EQ(images_of("bottle/test"), 20);
    EXPECT_EQ(images_of("bottle/test.maps"), 20 * 14 * 14) << "the backbone sees every crop";
    EXPECT_EQ(units.back().size.images, 2 * 2 * 90);
}

TEST_F(WorkUnitsTest, TrainingsKeepSomethingAfterATaskOrTheIntervalOfCheckpoints) {
    sweep_.run.checkpoint_minutes = 3;
    const coordinator::RunUnit with = remaining().plan.units.back();
    EXPECT_EQ(with.checkpoint_interval_s, 180);
    EXPECT_EQ(with.share_to_checkpoint, 1.0 / static_cast<double>(sweep_.cells[0].tasks.size()));
    sweep_.run.checkpoint_minutes = 0;
    EXPECT_TRUE(std::isinf(remaining().plan.units.back().checkpoint_interval_s));
}

TEST_F(WorkUnitsTest, UnitsCarryTheWeightsOfBackbonesThatNeedThem) {
    const auto weights_of = [](const coordinator::RunPlan& plan, std::size_t unit) {
        return plan.units[unit].kind == UnitKind::Extract
                   ? coordinator::extraction_work_from_json(plan.payload_of(unit)).weights
                   : coordinator::training_work_from_json(plan.payload_of(unit)).weights;
    };
    const WorkUnits without = remaining();
    for (std::size_t unit = 0; unit < without.plan.units.size(); ++unit) {
        EXPECT_EQ(weights_of(without.plan, unit), "");
    }
    catalog_.add_weights("/w/a", "a");
    for (sweeps::Cell& cell : sweep_.cells) {
        cell.config.backbone.name = "resnet18";
        cell.config.backbone.weights = "/w/a";
    }
    plan_ = sweeps::make_work_plan(sweep_, catalog_);
    const WorkUnits work = remaining();
    ASSERT_EQ(work.plan.units.size(), 6U);
    for (std::size_t unit = 0; unit < work.plan.units.size(); ++unit) {
        EXPECT_EQ(weights_of(work.plan, unit), "/w/a");
    }
}

TEST_F(WorkUnitsTest, FinishedTrialsNeedNothing) {
    for (const sweeps::PlannedTrial& trial : plan_.trials) {
        finish(trial.id);
    }
    EXPECT_TRUE(remaining().plan.units.empty());
    EXPECT_EQ(remaining().plan.trials_done_before, 4U);
}

TEST_F(WorkUnitsTest, StoredPatchScoresAreOnlyScored) {
    const sweeps::PlannedTraining& training = plan_.trainings.front();
    finish(plan_.trials[training.trials.front()].id);
    store_scores(training.training_key);

    const WorkUnits work = remaining();
    EXPECT_EQ(work.trainings, 1U);
    const UnitMeaning* scoring = nullptr;
    for (std::size_t unit = 0; unit < work.meanings.size(); ++unit) {
        if (work.meanings[unit].key == training.training_key) {
            scoring = &work.meanings[unit];
            EXPECT_TRUE(work.plan.units[unit].depends_on.empty());
            EXPECT_FALSE(coordinator::training_work_from_json(work.plan.payload_of(unit)).train);
        }
    }
    ASSERT_NE(scoring, nullptr);
    EXPECT_FALSE(scoring->trains);
    EXPECT_EQ(scoring->trials, (std::vector<std::string>{plan_.trials[training.trials.back()].id}));
}

TEST_F(WorkUnitsTest, LostPatchScoresAreTrainedAgain) {
    state_.trained.insert(plan_.trainings.front().training_key);  // recorded, but the file is gone
    EXPECT_EQ(remaining().trainings, 2U);
}

TEST_F(WorkUnitsTest, FailedTrialsStayFailed) {
    for (std::size_t trial : plan_.trainings.front().trials) {
        state_.failed[plan_.trials[trial].id].state = "diverged";
    }
    EXPECT_EQ(remaining().trainings, 1U);
}

TEST_F(WorkUnitsTest, WhatInfrastructureFailedIsTriedAgain) {
    for (const sweeps::PlannedTrial& trial : plan_.trials) {
        state_.failed[trial.id].state = "storage_error";
    }
    EXPECT_EQ(remaining().trainings, 2U);
}

}  // namespace
}  // namespace harrow::cli
