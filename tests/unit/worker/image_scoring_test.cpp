// Methods that score images: what they are trained on and scored with, and what comes of a stop.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "storage/checkpoint.hpp"
#include "sweeps/error.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/unit/worker/image_method.hpp"
#include "worker/class_evaluation.hpp"
#include "worker/continual_run.hpp"

namespace harrow::worker {
namespace {

using Numbers = std::vector<float>;
constexpr int kNever = std::numeric_limits<int>::max();

/// Asks for a stop at its n-th question.
class StopAt : public WorkMonitor {
public:
    explicit StopAt(int at = kNever) : left_(at) {}
    bool stop_requested() override {
        ++questions;
        return --left_ < 0;
    }
    int questions = 0;

private:
    int left_;
};

Numbers range(float first, int count) {
    Numbers numbers;
    for (int i = 0; i < count; ++i) {
        numbers.push_back(first + static_cast<float>(i));
    }
    return numbers;
}

Numbers plus_half(Numbers numbers) {
    for (float& number : numbers) {
        number += 0.5F;
    }
    return numbers;
}

/// `a` and `b` arrive together, then `c`.
class ImageScoringTest : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        shared_ = std::make_unique<storage::testing::TemporaryDirectory>();
    }
    static void TearDownTestSuite() { shared_.reset(); }
    void SetUp() override { draw(true); }

    void draw(bool with_maps) {
        sequence_.tasks = {{{views_.draw("a", 0, with_maps), views_.draw("b", 1, with_maps)}, 2},
                           {{views_.draw("c", 2, with_maps)}, 2}};
    }

    storage::PatchScores run(const std::string& name, WorkMonitor& monitor) {
        std::filesystem::create_directories(place_ / name);
        History history(place_ / name / "history.csv");
        TrainingCheckpoints checkpoints(place_ / name, name, {}, monitor);
        coordinator::WorkTimes times;
        std::vector<std::int64_t> parameters;
        storage::PatchScores scores = run_continual(
            sequence_,
            [this] { return std::make_unique<ImageMethod>(options_, calls_); },
            store_,
            history,
            checkpoints,
            times,
            parameters,
            monitor);
        scores.training_key = "key";
        checkpoints.finish();
        return scores;
    }
    storage::PatchScores run() {
        StopAt monitor;
        return run("run", monitor);
    }
    std::string bytes_of(const storage::PatchScores& scores) const {
        storage::save_patch_scores(place_ / "scores.h5", scores);
        return storage::testing::slurp(place_ / "scores.h5");
    }

    static inline std::unique_ptr<storage::testing::TemporaryDirectory> shared_;
    storage::testing::TemporaryDirectory place_;
    DrawnViews views_{*shared_ / "cache"};
    FeatureStore store_{*shared_ / "cache", torch::kCPU, {}, 1};
    ContinualSequence sequence_;
    ImageMethod::Options options_;
    ImageMethodCalls calls_;
};

TEST_F(ImageScoringTest, ATaskBringsTheViewsOfItsClassesWithoutWhatIsHeldOut) {
    const storage::PatchScores scores = run();
    ASSERT_EQ(calls_.tasks.size(), 2U);
    const ImageMethodCalls::Task& first = calls_.tasks[0];
    ASSERT_EQ(first.classes.size(), 2U);
    Numbers all;
    for (std::size_t c = 0; c < 2; ++c) {
        const ImageMethodCalls::Class& one = first.classes[c];
        const float hundred = 100.0F * static_cast<float>(c);
        EXPECT_EQ(one.name, c == 0 ? "a" : "b");
        Numbers left = range(hundred + 16, 8);
        for (const std::string& path :
             {scores.validation[c].image_paths[0], scores.validation[c].image_paths[1]}) {
            const float held_out = hundred + 16 + std::stof(path.substr(path.rfind('/') + 1));
            left.erase(std::remove(left.begin(), left.end(), held_out), left.end());
        }
        EXPECT_EQ(left.size(), 6U);
        EXPECT_EQ(one.features, left);
        EXPECT_EQ(one.maps, plus_half(left));
        EXPECT_EQ(one.anomalies, range(hundred + 48, 5));
        EXPECT_EQ(one.anomaly_patches, plus_half(one.anomalies));
        all.insert(all.end(), left.begin(), left.end());
    }
    EXPECT_EQ(first.features, all);
    EXPECT_EQ(calls_.tasks[1].classes.at(0).name, "c");
}

TEST_F(ImageScoringTest, WithoutFurtherViewsATaskHasNone) {
    draw(false);
    for (SequenceTask& task : sequence_.tasks) {
        for (SequenceClass& entry : task.classes) {
            entry.views.erase(sweeps::kAnomaliesView);
        }
    }
    run();
    const ImageMethodCalls::Class& one = calls_.tasks.at(0).classes.at(0);
    EXPECT_EQ(one.features.size(), 6U);
    EXPECT_TRUE(one.maps.empty() && one.anomalies.empty() && one.anomaly_patches.empty());
}

TEST_F(ImageScoringTest, ImagesAreScoredAsWholeSetsOncePerExpertThatIsWanted) {
    run();
    // Per class: test images, those held out with their anomalies, the split validation; after the
    // last task each again under its own expert, for the check that it did not change.
    std::multiset<std::string> seen;
    for (const ImageMethodCalls::Set& set : calls_.sets) {
        seen.insert(std::to_string(static_cast<int>(set.images.at(0)) / 100) + "/" +
                    std::to_string(set.images.size()) + "/" + std::to_string(set.expert));
    }
    std::multiset<std::string> expected;
    for (const char* set : {"10", "4", "3"}) {
        for (const int again : {0, 1}) {
            expected.insert({std::string("0/") + set + "/0",
                             std::string("1/") + set + "/0",
                             std::string("2/") + set + "/1"});
            if (again == 0) {  // class b is nearer to expert 1, once there is one
                expected.insert(std::string("1/") + set + "/1");
            }
        }
    }
    EXPECT_EQ(seen, expected);
    const auto held_out = std::find_if(calls_.sets.begin(), calls_.sets.end(), [](const auto& set) {
        return set.images.size() == 4;
    });
    EXPECT_LT(held_out->images[1], 24) << "normal images first";
    EXPECT_EQ(Numbers(held_out->images.begin() + 2, held_out->images.end()), range(32, 2));
}

TEST_F(ImageScoringTest, ScoresAndMapsOfAnImageAreKeptTogether) {
    const storage::PatchScores scores = run();
    // What the experts are, from the scores themselves: the largest of a set is given that.
    ASSERT_EQ(scores.classes.size(), 3U);
    const storage::ClassScores& b = scores.classes[1];
    EXPECT_EQ(b.height, 2);
    EXPECT_EQ(b.num_maps(), 20) << "each image by both experts";
    ASSERT_EQ(b.maps.size(), 20U * 4U);
    const double own = b.image_scores[static_cast<std::size_t>(b.oracle_map[9])];
    const double other = b.image_scores[static_cast<std::size_t>(b.routed_map[10 + 9])];
    EXPECT_NE(own, other);
    for (std::size_t n = 0; n < 10; ++n) {
        EXPECT_EQ(b.routed_task[n], 0);
        EXPECT_EQ(b.routed_task[10 + n], 1);
        EXPECT_EQ(b.routed_map[n], b.oracle_map[n]);
        EXPECT_EQ(b.oracle_map[10 + n], b.oracle_map[n]);
        EXPECT_EQ(b.distances[2 * n], 100.0 + static_cast<double>(n));
        for (const auto& [map, expert] :
             {std::pair{b.oracle_map[n], own}, std::pair{b.routed_map[10 + n], other}}) {
            const auto place = static_cast<std::size_t>(map);
            EXPECT_EQ(b.image_scores[place], (static_cast<double>(n) - 9.0) / 3.0 + expert);
            EXPECT_EQ(b.maps[4 * place],
                      100.5F + static_cast<float>(n) + static_cast<float>(expert));
        }
    }
    EXPECT_EQ(scores.validation_split.at(2).num_maps(), 3);
    EXPECT_EQ(scores.validation_split[2].image_paths[1], "c/validation/good/1.png");
    EXPECT_EQ(scores.validation.at(0).image_scores.size(), 4U);
    EXPECT_EQ(scores.validation[0].maps.size(), 16U);
    for (const std::int64_t size : calls_.batch_sizes) {
        EXPECT_EQ(size, kBatchImages);
    }
}

TEST_F(ImageScoringTest, WithoutAViewOfMapsThereAreNone) {
    const storage::PatchScores with = run();
    draw(false);
    calls_ = {};
    const storage::PatchScores without = run();
    EXPECT_EQ(calls_.map_batches, 0);
    for (std::size_t c = 0; c < 3; ++c) {
        EXPECT_EQ(without.classes[c].height, 0);
        EXPECT_EQ(without.classes[c].width, 0);
        EXPECT_TRUE(without.classes[c].maps.empty());
        EXPECT_EQ(without.classes[c].image_scores, with.classes[c].image_scores);
        EXPECT_EQ(without.classes[c].routed_map, with.classes[c].routed_map);
        EXPECT_EQ(without.validation[c].image_scores, with.validation[c].image_scores);
        EXPECT_EQ(without.validation_split[c].image_scores, with.validation_split[c].image_scores);
    }
}

TEST_F(ImageScoringTest, ExpertsThatDriftAreScoredAnewAfterEachTask) {
    options_.isolated = false;
    const storage::PatchScores scores = run();
    const storage::ClassScores& a = scores.classes.at(0);
    EXPECT_EQ(a.num_maps(), 20);
    EXPECT_NE(a.image_scores[static_cast<std::size_t>(a.oracle_map[3])],
              a.image_scores[static_cast<std::size_t>(a.oracle_map[13])]);
    EXPECT_EQ(calls_.sets.size(), 3U * (2 + 3)) << "once per class seen, set and task";
}

TEST_F(ImageScoringTest, AnIsolatedExpertWhoseImageScoresChangeIsNoticed) {
    draw(false);
    options_.drift = 1e-12;
    EXPECT_THROW(run(), std::logic_error);
}

TEST_F(ImageScoringTest, PatchesMayBeScoredOnTheSplitValidationToo) {
    draw(false);
    options_.scores_images = false;
    const storage::PatchScores scores = run();
    EXPECT_TRUE(calls_.sets.empty());
    ASSERT_EQ(scores.validation_split.size(), 3U);
    EXPECT_TRUE(scores.validation_split[1].image_scores.empty());
    EXPECT_EQ(scores.validation_split[1].maps.size(), 6U) << "by both experts";
}

TEST_F(ImageScoringTest, StoppedAnywhereTheScoresAreTheSameToTheBit) {
    for (const bool with_maps : {true, false}) {
        draw(with_maps);
        StopAt counting;
        const std::string expected = bytes_of(run("whole", counting));
        ASSERT_GT(counting.questions, 20);
        for (int at = with_maps ? 0 : 1; at < counting.questions; at += 2) {
            StopAt stopping(at), rest;
            EXPECT_THROW(run("parts", stopping), WorkStopped);
            calls_ = {};
            ASSERT_TRUE(bytes_of(run("parts", rest)) == expected) << at;
            EXPECT_LE(rest.questions + at, counting.questions + 8) << "one class's at most, again";
        }
    }
}

TEST_F(ImageScoringTest, ViewsOfOtherImagesAreRefused) {
    SequenceClass& entry = sequence_.tasks[0].classes[0];
    entry.views[sweeps::kTestMapsView] = entry.views[sweeps::kTrainMapsView];
    try {
        run();
        FAIL() << "the maps are of other images";
    } catch (const sweeps::DataError& error) {
        EXPECT_NE(std::string(error.what()).find("test.maps"), std::string::npos) << error.what();
    }
}

/// What a checkpoint holds of an evaluation, and which ones are refused.
class EvaluationStateTest : public ImageScoringTest {
protected:
    void SetUp() override {
        ImageScoringTest::SetUp();
        set_ = set_of();
        StopAt monitor;
        method_.begin_task(0);
        ClassEvaluation evaluation = unscored();
        evaluation.evaluate(method_, set_, 0, monitor);
        evaluation.save("e.", state_);
        for (auto& [name, tensor] : state_) {
            tensor = tensor.clone();
        }
    }
    EvaluationSet set_of() {
        StopAt monitor;
        return evaluation_set(
            sequence_.tasks[0].classes[0], EvaluatedImages::Test, true, store_, monitor);
    }
    ClassEvaluation unscored() const {
        return {"a", 0, 2, set_, std::vector<std::string>(10, "p")};
    }

    EvaluationSet set_;
    ImageMethod method_{options_, calls_};
    StateTensors state_;
};

TEST_F(EvaluationStateTest, WhatWasScoredIsNotScoredAgain) {
    ClassEvaluation restored = unscored();
    restored.restore("e.", state_);
    calls_ = {};
    StopAt monitor;
    method_.begin_task(1);
    restored.evaluate(method_, set_, 1, monitor);
    EXPECT_TRUE(calls_.sets.empty());
    EXPECT_EQ(calls_.map_batches, 0);
    EXPECT_TRUE(restored.is_unchanged(method_, set_));
}

TEST_F(EvaluationStateTest, StatesThatDoNotFitAreRefused) {
    const auto refused = [this](const std::string& name, const torch::Tensor& tensor) {
        StateTensors other = state_;
        other.erase("e." + name);
        if (tensor.defined()) {
            other["e." + name] = tensor;
        }
        ClassEvaluation restored = unscored();
        EXPECT_THROW(restored.restore("e.", other), storage::UnusableCheckpoint) << name;
    };
    refused("image_scores", {});
    refused("image_scores", state_["e.image_scores"].slice(0, 0, 9));
    refused("image_scores", state_["e.image_scores"].to(torch::kFloat32));
    refused("image_scores", state_["e.image_scores"].view({5, 2}));
    refused("maps", {});
    refused("maps", state_["e.maps"].slice(0, 0, 9));
    refused("set_scores_of_expert.0", state_["e.image_scores"].slice(0, 0, 9));
    refused("map_of_expert.0", torch::full({10}, 10, torch::kInt32));
}

}  // namespace
}  // namespace harrow::worker
