#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "storage/patch_scores.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/unit/worker/drawn_views.hpp"
#include "worker/continual_run.hpp"

/// Whole sequences of a method that scores images, from made-up features.
namespace harrow::worker {

/// Asks for a stop at its n-th question.
class StopAt : public WorkMonitor {
public:
    explicit StopAt(int at = std::numeric_limits<int>::max()) : left_(at) {}
    bool stop_requested() override {
        ++questions;
        return --left_ < 0;
    }
    int questions = 0;

private:
    int left_;
};

/// `a` and `b` arrive together, then `c`.
class ImageRunTest : public ::testing::Test {
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
            sequence_, make_, store_, history, checkpoints, times, parameters, monitor);
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

    /// Stops at every `step`-th question from `first` on and goes on.
    void expect_stops_change_nothing(int first, int step) {
        StopAt counting;
        const std::string expected = bytes_of(run("whole", counting));
        ASSERT_GT(counting.questions, 10);
        for (int at = first; at < counting.questions; at += step) {
            StopAt stopping(at), rest;
            EXPECT_THROW(run("parts", stopping), WorkStopped);
            ASSERT_TRUE(bytes_of(run("parts", rest)) == expected) << at;
            EXPECT_LE(rest.questions + at, counting.questions + 8) << "one set at most, again";
        }
    }

    static inline std::unique_ptr<storage::testing::TemporaryDirectory> shared_;
    storage::testing::TemporaryDirectory place_;
    DrawnViews views_{*shared_ / "cache"};
    FeatureStore store_{*shared_ / "cache", torch::kCPU, {}, 1};
    ContinualSequence sequence_;
    MethodFactory make_;
};

}  // namespace harrow::worker
