#include "coordinator/work.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace harrow::coordinator {
namespace {

TrainingWork example_training() {
    TrainingWork work;
    work.training_key = "abc";
    work.config_text = "harrow-config 1\nmethod=moleflow\n";
    work.data_root = "/data/größe \"x\"";
    work.data_layout = "mvtec";
    work.seed = std::numeric_limits<std::uint64_t>::max();
    work.tasks = {
        {{{"a", {{"train", "t1"}, {"test", "e1"}}}, {"b", {{"train", "t2"}, {"test", "e2"}}}}},
        {{{"c", {{"train", "t3"}, {"test", "e3"}}}}}};
    work.jobs = {{"cell.s1", "config"}};
    work.train = false;
    work.directory = "/run/trainings/abc";
    work.weights = "/weights/größe.safetensors";
    return work;
}

TEST(WorkTest, TrainingSurvivesTheWay) {
    const TrainingWork work = example_training();
    const TrainingWork back = training_work_from_json(to_json(work));
    EXPECT_EQ(to_json(back), to_json(work));
    EXPECT_EQ(back.seed, work.seed);
    EXPECT_EQ(back.data_root, work.data_root);
    EXPECT_EQ(back.weights, work.weights);
    ASSERT_EQ(back.tasks.size(), 2U);
    EXPECT_EQ(back.tasks[0].classes.at(1).name, "b");
    EXPECT_EQ(back.tasks[0].classes.at(1).feature_keys.at("test"), "e2");
    EXPECT_EQ(back.jobs.at(0).trial, "cell.s1");
    EXPECT_FALSE(back.train);
}

TEST(WorkTest, ExtractionSurvivesTheWay) {
    const ExtractionWork work{
        "key", "config", "/root", "mvtec", "bottle", "test", "digest", "/w", "a=1\n", 7};
    const ExtractionWork back = extraction_work_from_json(to_json(work));
    EXPECT_EQ(to_json(back), to_json(work));
    EXPECT_EQ(back.split, "test");
    EXPECT_EQ(back.images_digest, "digest");
    EXPECT_EQ(back.weights, "/w");
    EXPECT_EQ(back.recipe, "a=1\n");
    EXPECT_EQ(back.seed, 7U);
}

TEST(WorkTest, ValuesArriveToTheLastBit) {
    WorkResult result;
    TrialResult trial;
    trial.trial = "cell.s0";
    for (const double value : {0.1, 1.0 / 3.0, 0.98765432109876543, -0.25, 5e-324}) {
        trial.rows.push_back({4, "mean", "routed", "image_auroc", value});
    }
    trial.notes = {"pixel_ap of bottle: no defects"};
    trial.error = "invalid_scores: NaN";
    result.trials = {trial};
    result.images_extracted = 209;
    result.seconds = 1.5;
    result.times = {0.125, 8.5, 0.25, 1.0, 0.0625, 3.5, 0.75, 0.5};
    const WorkResult back = work_result_from_json(to_json(result));
    ASSERT_EQ(back.trials.size(), 1U);
    ASSERT_EQ(back.trials[0].rows.size(), 5U);
    for (std::size_t row = 0; row < 5; ++row) {
        EXPECT_EQ(back.trials[0].rows[row].value, trial.rows[row].value);
    }
    EXPECT_EQ(back.trials[0].rows[0].after_task, 4);
    EXPECT_EQ(back.trials[0].error, trial.error);
    EXPECT_EQ(back.images_extracted, 209);
    EXPECT_EQ(to_json(back), to_json(result));
    EXPECT_EQ(back.times.decode, 8.5);
    EXPECT_EQ(back.times.write, 0.0625);
    EXPECT_EQ(back.times.train, 3.5);
    EXPECT_EQ(back.times.score, 0.5);
    EXPECT_FALSE(back.cost);
    result.cost = sweeps::TrainingCost{1.0 / 3.0, 0.1, std::int64_t{1} << 40, 7, 5, {3, 2, 1}};
    EXPECT_EQ(work_result_from_json(to_json(result)).cost, result.cost);
    WorkTimes sum = back.times;
    sum += back.times;
    EXPECT_EQ(sum.evaluate, 1.5);
    EXPECT_EQ(sum.check, 0.25);
}

TEST(WorkTest, RefusesWhatIsNoSuchMessage) {
    for (const char* text : {"", "{", "[]", "3", "{}", R"({"trials":3})", R"({"trials":[{}]})"}) {
        EXPECT_THROW(work_result_from_json(text), ProtocolError) << text;
        EXPECT_THROW(training_work_from_json(text), ProtocolError) << text;
        EXPECT_THROW(extraction_work_from_json(text), ProtocolError) << text;
    }
    EXPECT_THROW(
        work_result_from_json(
            R"({"trials":[{"trial":"t","rows":[[0,"a","routed","m",null]],"notes":[],"error":""}],)"
            R"("images_extracted":0,"seconds":0,"notes":[]})"),
        ProtocolError);
}

TEST(WorkTest, RefusesCostsThatAreNone) {
    const std::string text = to_json(WorkResult{});
    const std::string cost = R"(,"cost":{"train_seconds":1}})";
    EXPECT_THROW(work_result_from_json(text.substr(0, text.size() - 1) + cost), ProtocolError);
}

TEST(WorkTest, NotesThatAreNoUtf8DoNotStopAResult) {
    WorkResult result;
    result.notes = {"caf\xe9"};
    EXPECT_EQ(work_result_from_json(to_json(result)).notes.at(0), "caf\xef\xbf\xbd");
}

TEST(WorkTest, PathsThatAreNoUtf8AreRefused) {
    TrainingWork work = example_training();
    work.data_root = "caf\xe9";
    EXPECT_THROW(to_json(work), ProtocolError);
}

}  // namespace
}  // namespace harrow::coordinator
