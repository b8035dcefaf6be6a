// From features to rows: the continual loop and scoring.
#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "storage/files.hpp"
#include "storage/patch_scores.hpp"
#include "sweeps/error.hpp"
#include "tests/unit/worker/pipeline_fixture.hpp"

namespace harrow::worker {
namespace {

/// Leaves a unit at its n-th question whether to stop.
class StopAfter : public WorkMonitor {
public:
    explicit StopAfter(int questions) : left_(questions) {}
    bool stop_requested() override { return --left_ < 0; }

private:
    int left_;
};

class CountSteps : public WorkMonitor {
public:
    void step() noexcept override { ++steps_; }
    int steps() const { return steps_; }

private:
    int steps_ = 0;
};

std::vector<std::string> text_of(const coordinator::WorkResult& result) {
    std::vector<std::string> lines;
    for (const coordinator::TrialResult& trial : result.trials) {
        for (const sweeps::MetricRow& row : trial.rows) {
            std::ostringstream line;
            line << trial.trial << " " << row.after_task << " " << row.class_name << " "
                 << row.routing << " " << row.metric << " " << std::hexfloat << row.value;
            lines.push_back(line.str());
        }
    }
    return lines;
}

float map_value(const storage::ClassScores& scores, std::int32_t map, std::int64_t patch) {
    return scores.maps[static_cast<std::size_t>(map * scores.height * scores.width + patch)];
}

TEST_F(PipelineTest, IsolatedExpertsKeepTheirScoresToTheLastBit) {
    const auto work = training_work("isolated", tiny_config("moleflow"));
    train(work);
    const storage::PatchScores scores = scores_of(work);
    EXPECT_EQ(scores.training_key, "isolated");
    EXPECT_EQ(scores.num_tasks, kNumTasks);
    EXPECT_TRUE(scores.has_router);
    ASSERT_EQ(scores.classes.size(), class_names_.size());
    for (const storage::ClassScores& entry : scores.classes) {
        ASSERT_EQ(entry.images, kTestImages);
        for (int after = 0; after < kNumTasks; ++after) {
            for (int n = 0; n < kTestImages; ++n) {
                const auto cell = static_cast<std::size_t>(after * kTestImages + n);
                const auto own = static_cast<std::size_t>(entry.task * kTestImages + n);
                if (after < entry.task) {
                    EXPECT_EQ(entry.oracle_map[cell], -1);
                    EXPECT_EQ(entry.routed_map[cell], -1);
                    EXPECT_EQ(entry.routed_task[cell], -1);
                    continue;
                }
                EXPECT_EQ(entry.oracle_map[cell], entry.oracle_map[own]);
                EXPECT_GE(entry.routed_task[cell], 0);
                EXPECT_LE(entry.routed_task[cell], after);
                const bool right = entry.routed_task[cell] == entry.task;
                EXPECT_EQ(entry.routed_map[cell] == entry.oracle_map[cell], right);
            }
        }
    }
}

TEST_F(PipelineTest, RoutesByTheSmallestDistance) {
    const auto work = training_work("routed", tiny_config("moleflow"));
    train(work);
    for (const storage::ClassScores& entry : scores_of(work).classes) {
        for (int n = 0; n < kTestImages; ++n) {
            const double* row = entry.distances.data() + n * kNumTasks;
            const auto nearest = std::min_element(row, row + kNumTasks) - row;
            const auto last = static_cast<std::size_t>((kNumTasks - 1) * kTestImages + n);
            EXPECT_EQ(entry.routed_task[last], nearest);
        }
    }
}

TEST_F(PipelineTest, GivesRowsForEverySeenClassAfterEveryTask) {
    const auto result = train(training_work("rows", tiny_config("moleflow")));
    ASSERT_EQ(result.trials.size(), 1U);
    EXPECT_EQ(result.trials[0].error, "");
    for (int after = 0; after < kNumTasks; ++after) {
        for (std::size_t c = 0; c < class_names_.size(); ++c) {
            for (const char* routing : {"routed", "oracle"}) {
                const auto matches = [&](const sweeps::MetricRow& row) {
                    return row.after_task == after && row.class_name == class_names_[c] &&
                           row.routing == routing && row.metric == "image_auroc";
                };
                const auto& rows = result.trials[0].rows;
                EXPECT_EQ(std::count_if(rows.begin(), rows.end(), matches),
                          static_cast<int>(c) <= after ? 1 : 0);
            }
        }
    }
}

TEST_F(PipelineTest, SaysWhatATrainingCost) {
    const auto work = training_work("costs", tiny_config("moleflow"));
    const auto result = train(work);
    ASSERT_TRUE(result.cost);
    const sweeps::TrainingCost& cost = *result.cost;
    EXPECT_GT(cost.train_seconds, 0);
    EXPECT_GT(cost.evaluate_seconds, 0);
    EXPECT_LE(cost.train_seconds + cost.evaluate_seconds + result.times.score, result.seconds);
    ASSERT_TRUE(cost.peak_rss_bytes);
    EXPECT_GT(*cost.peak_rss_bytes, 10 << 20);
    EXPECT_FALSE(cost.peak_device_bytes) << "there is no device";
    std::uintmax_t bytes = 0;
    for (const fs::path& file : files_under(cache())) {
        bytes += file.extension() == ".h5" ? fs::file_size(file) : 0;
    }
    EXPECT_EQ(static_cast<std::uintmax_t>(cost.feature_bytes), bytes);
    ASSERT_EQ(cost.parameters.size(), static_cast<std::size_t>(kNumTasks));
    EXPECT_GT(cost.parameters[0], cost.parameters[1]) << "the base is trained with the first task";
    EXPECT_GT(cost.parameters[1], 0);
    EXPECT_EQ(cost.parameters[1], cost.parameters[2]);

    auto scoring = work;
    scoring.train = false;
    EXPECT_FALSE(train(scoring).cost) << "nothing was trained";
}

TEST_F(PipelineTest, WhatALostAttemptHadPublishedCostNobodyKnowsWhat) {
    const auto work = training_work("lost", tiny_config("finetune"));
    const auto first = train(work);
    ASSERT_TRUE(first.cost);
    EXPECT_EQ(first.cost->parameters[0], first.cost->parameters[2]) << "all of it, every time";
    EXPECT_FALSE(train(work).cost);
}

TEST_F(PipelineTest, FinetuneOverwritesItsOnlyExpert) {
    const auto work = training_work("finetune", tiny_config("finetune"));
    train(work);
    const storage::PatchScores scores = scores_of(work);
    EXPECT_FALSE(scores.has_router);
    const storage::ClassScores& first = scores.classes[0];
    EXPECT_EQ(first.routed_map, first.oracle_map);
    EXPECT_EQ(first.num_maps(), kNumTasks * kTestImages);
    for (const std::int32_t task : first.routed_task) {
        EXPECT_EQ(task, 0);
    }
    EXPECT_NE(map_value(first, first.oracle_map[0], 0),
              map_value(first, first.oracle_map[kTestImages], 0));
}

TEST_F(PipelineTest, SameSeedGivesTheSameRowsWhateverWasCached) {
    const sweeps::TrialConfig config = tiny_config("moleflow");
    const auto first = train(training_work("a", config));
    EXPECT_EQ(first.images_extracted, kNumTasks * (kTrainImages + kTestImages));
    const auto second = train(training_work("b", config));
    EXPECT_EQ(second.images_extracted, 0);
    EXPECT_FALSE(text_of(first).empty());
    EXPECT_EQ(text_of(first), text_of(second));

    UnitRunner without_memory = runner(0);
    EXPECT_EQ(text_of(first), text_of(without_memory.train(training_work("c", config), silent_)));

    auto other = training_work("d", config);
    other.seed = 4;
    EXPECT_NE(text_of(first), text_of(train(other)));
}

TEST_F(PipelineTest, ScoresStoredPatchScoresWithoutTraining) {
    sweeps::TrialConfig config = tiny_config("moleflow");
    auto work = training_work("stored", config);
    const auto trained = train(work);
    fs::remove_all(cache());
    config.score.top_k = 7;
    work.train = false;
    work.jobs.push_back({"other", sweeps::canonical_text(config)});
    const auto scored = train(work);
    EXPECT_EQ(scored.images_extracted, 0);
    ASSERT_EQ(scored.trials.size(), 2U);
    coordinator::WorkResult same;
    same.trials = {scored.trials[0]};
    EXPECT_EQ(text_of(trained), text_of(same));
    EXPECT_EQ(scored.trials[1].trial, "other");
    EXPECT_FALSE(scored.trials[1].rows.empty());
}

TEST_F(PipelineTest, ScoringStepsForEveryImageItRanks) {
    sweeps::TrialConfig config = tiny_config("finetune");
    auto work = training_work("steps", config);
    train(work);
    work.train = false;
    const auto steps_of_scoring = [&] {
        CountSteps monitor;
        UnitRunner fresh = runner();
        fresh.train(work, monitor);
        return monitor.steps();
    };
    const int with_one_job = steps_of_scoring();
    config.score.smoothing_sigma = 2.0;
    work.jobs.push_back({"smoother", sweeps::canonical_text(config)});
    // Every class anew after every task that has seen it; masks are known by now.
    EXPECT_EQ(steps_of_scoring(), with_one_job + (3 + 2 + 1) * kTestImages);
}

TEST_F(PipelineTest, SplitsOfEqualImagesShareTheirFeatures) {
    fs::remove_all(data() / class_names_[0] / "test");
    fs::copy(data() / class_names_[0] / "train",
             data() / class_names_[0] / "test",
             fs::copy_options::recursive);
    const auto work = training_work("shared", tiny_config("moleflow"), {{class_names_[0]}});
    const auto& keys = work.tasks[0].classes[0].feature_keys;
    ASSERT_EQ(keys.at("train"), keys.at("test"));
    EXPECT_EQ(train(work).images_extracted, kTrainImages);
}

TEST_F(PipelineTest, ExtractsACorruptFeatureFileAgain) {
    const auto work = training_work("first", tiny_config("moleflow"));
    const auto before = train(work);
    const fs::path file = feature_file(work.tasks[1].classes[0].feature_keys.at("train"));
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(static_cast<std::streamoff>(fs::file_size(file) / 2));
    stream.write("corrupted", 9);
    stream.close();

    auto again = work;
    again.directory = training("again").string();
    const auto after = train(again);
    EXPECT_EQ(after.images_extracted, kTrainImages);
    ASSERT_EQ(after.notes.size(), 1U);
    EXPECT_NE(after.notes[0].find(class_names_[1]), std::string::npos) << after.notes[0];
    EXPECT_EQ(text_of(before), text_of(after));
}

TEST_F(PipelineTest, TasksMayBringSeveralClasses) {
    const auto work = training_work("two-one",
                                    tiny_config("moleflow"),
                                    {{class_names_[2], class_names_[0]}, {class_names_[1]}});
    train(work);
    const storage::PatchScores scores = scores_of(work);
    EXPECT_EQ(scores.num_tasks, 2);
    ASSERT_EQ(scores.classes.size(), 3U);
    EXPECT_EQ(scores.classes[0].class_name, class_names_[2]);
    EXPECT_EQ(scores.classes[1].class_name, class_names_[0]);
    EXPECT_EQ(scores.classes[1].task, 0);
    EXPECT_EQ(scores.classes[2].task, 1);
}

TEST_F(PipelineTest, WritesOneHistoryLinePerEpoch) {
    const auto work = training_work("history", tiny_config("moleflow"));
    train(work);
    std::istringstream text(storage::read_file(fs::path(work.directory) / "history.csv"));
    std::string line;
    std::getline(text, line);
    EXPECT_EQ(line, "task,epoch,loss,lr,grad_norm,skipped_batches");
    std::vector<std::string> starts;
    while (std::getline(text, line)) {
        EXPECT_EQ(std::count(line.begin(), line.end(), ','), 5);
        starts.push_back(line.substr(0, 4));
    }
    EXPECT_EQ(starts, (std::vector<std::string>{"0,0,", "0,1,", "1,0,", "1,1,", "2,0,", "2,1,"}));
}

TEST_F(PipelineTest, StopsOnRequestWithoutPublishingScores) {
    const auto work = training_work("stopped", tiny_config("moleflow"));
    train(work);
    fs::remove_all(work.directory);
    for (const int questions : {0, 5, 12}) {
        StopAfter monitor(questions);
        UnitRunner fresh = runner();
        EXPECT_THROW(fresh.train(work, monitor), WorkStopped);
        EXPECT_FALSE(fs::exists(fs::path(work.directory) / "scores.h5"));
    }
}

TEST_F(PipelineTest, ReplacedTestImagesAreNotScoredWithOldMaps) {
    auto work = training_work("replaced", tiny_config("moleflow"));
    train(work);
    fs::remove(data() / class_names_[0] / "test" / "good" / "000.png");
    work.train = false;
    EXPECT_THROW(train(work), sweeps::DataError);
}

}  // namespace
}  // namespace harrow::worker
