// Trainings that are stopped, killed, cancelled or whose checkpoints are damaged, and what comes of
// them when they are started again.
#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "storage/checkpoint_directory.hpp"
#include "storage/files.hpp"
#include "storage/run_directory.hpp"
#include "sweeps/error.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/unit/worker/pipeline_fixture.hpp"

namespace harrow::worker {
namespace {

constexpr int kNever = std::numeric_limits<int>::max();
/// Batches of one class's evaluation, at most: distances, its own expert, the other one.
constexpr int kEvaluationBatches = 3 * (kTestImages / 8 + 1);

/// Stands for SIGKILL: nobody on the way out may do anything about it.
struct Killed {};

/// Ends a unit at its n-th question whether to stop; each question is one tick of its clock.
class Interrupter : public WorkMonitor {
public:
    enum class How { Stop, Cancel, Kill };
    explicit Interrupter(int at = kNever, How how = How::Stop) : left_(at), how_(how) {}

    bool stop_requested() override {
        ++questions;
        ended_ = ended_ || --left_ < 0;
        if (ended_ && how_ == How::Kill) {
            throw Killed();
        }
        return ended_;
    }
    bool cancelled() override { return ended_ && how_ == How::Cancel; }
    double seconds() override { return questions; }
    void checkpointed(const TrainingPlace& place, std::uint64_t bytes) override {
        EXPECT_GT(bytes, 1000U);
        published.push_back(place);
    }
    void resumed(const TrainingPlace& place) override { begun.push_back(place); }

    int questions = 0;
    std::vector<TrainingPlace> published, begun;

private:
    int left_;
    How how_;
    bool ended_ = false;
};

struct Variant {
    const char* name;
    void (*change)(sweeps::TrialConfig&);
};
const std::vector<Variant>& variants() {
    static const std::vector<Variant> all = {
        {"moleflow", [](auto&) {}},
        {"unfrozen", [](auto& config) { config.model.unfreeze_base = true; }},
        {"finetune", [](auto& config) { config.method = "finetune"; }},
        {"unrouted", [](auto& config) {
             config.router.distance = "none";
             config.train.optimizer = "adamw";
         }}};
    return all;
}

class ResumeTest : public PipelineTest {
protected:
    /// Two tasks of one class, two epochs of two batches each. Features are shared by all tests.
    coordinator::TrainingWork work_of(const Variant& variant, const std::string& directory) const {
        sweeps::TrialConfig config = tiny_config("moleflow");
        config.train.batch_size = 12;
        config.model.num_coupling_layers = 1;
        variant.change(config);
        auto work = training_work(variant.name, config, {{class_names_[0]}, {class_names_[1]}});
        work.directory = training(directory).string();
        return work;
    }
    coordinator::TrainingWork plain_work(const std::string& directory) const {
        return work_of(variants()[0], directory);
    }

    coordinator::WorkResult run(const coordinator::TrainingWork& work, WorkMonitor& monitor) const {
        UnitRunner fresh = runner();
        return fresh.train(work, monitor);
    }
    /// With features at hand, as in every later run.
    int questions_of(const coordinator::TrainingWork& work) const {
        Interrupter extracting;
        run(work, extracting);
        fs::remove_all(work.directory);
        Interrupter counting;
        run(work, counting);
        EXPECT_TRUE(counting.begun.empty());
        return counting.questions;
    }
    static std::string product_of(const coordinator::TrainingWork& work) {
        return storage::read_file(storage::training_scores_file(work.directory)) +
               storage::read_file(storage::training_history_file(work.directory));
    }
    static std::vector<fs::path> checkpoints_of(const coordinator::TrainingWork& work) {
        return storage::CheckpointDirectory(storage::training_checkpoints(work.directory))
            .newest_first();
    }
    static void damage(const fs::path& file) {
        std::string bytes = storage::read_file(file);
        bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
        storage::write_file_atomic(file, bytes);
    }
    static bool mentions(const std::vector<std::string>& notes, const std::string& part) {
        return std::any_of(notes.begin(), notes.end(), [&](const std::string& note) {
            return note.find(part) != std::string::npos;
        });
    }
};

TEST_F(ResumeTest, StoppedAnywhereEveryMethodGoesOnToTheSameBits) {
    for (const Variant& variant : variants()) {
        const auto undisturbed = work_of(variant, "undisturbed");
        const int all = questions_of(undisturbed);
        const std::string expected = product_of(undisturbed);
        ASSERT_GT(all, 12);
        fs::remove_all(undisturbed.directory);
        for (int at = 0; at < all; ++at) {
            const auto work = work_of(variant, "stopped");
            Interrupter stopping(at);
            ASSERT_THROW(run(work, stopping), WorkStopped) << variant.name << " " << at;
            Interrupter rest;
            run(work, rest);
            ASSERT_TRUE(product_of(work) == expected) << variant.name << " " << at;
            // A batch of training is never made twice, and of evaluations one class's at most.
            EXPECT_LE(rest.questions + at, all + kEvaluationBatches) << variant.name << " " << at;
            EXPECT_EQ(rest.begun.size(), 1U) << variant.name << " " << at;
            EXPECT_TRUE(checkpoints_of(work).empty());
            fs::remove_all(work.directory);
        }
    }
}

TEST_F(ResumeTest, KilledAnywhereAtMostOneIntervalIsDoneAgain) {
    constexpr int kInterval = 3;
    const int all = questions_of(plain_work("undisturbed"));
    const std::string expected = product_of(plain_work("undisturbed"));
    for (int at = 0; at < all; at += 2) {
        auto work = plain_work("killed");
        work.checkpoint_seconds = kInterval;
        Interrupter killing(at, Interrupter::How::Kill);
        EXPECT_THROW(run(work, killing), Killed);
        EXPECT_LE(checkpoints_of(work).size(), 2U);
        Interrupter rest;
        run(work, rest);
        ASSERT_TRUE(product_of(work) == expected) << at;
        EXPECT_EQ(rest.begun.size(), killing.published.empty() ? 0U : 1U) << at;
        EXPECT_LE(rest.questions + at, all + kInterval + kEvaluationBatches) << at;
        fs::remove_all(work.directory);
    }
}

TEST_F(ResumeTest, WithoutAnIntervalOnlyTasksAreKept) {
    const auto work = plain_work("tasks");
    Interrupter monitor;
    run(work, monitor);
    ASSERT_EQ(monitor.published.size(), 1U);  // after the last task there is nothing to go on with
    EXPECT_EQ(monitor.published[0].task, 1);
    EXPECT_EQ(monitor.published[0].epoch, 0);
    EXPECT_FALSE(fs::exists(storage::training_checkpoints(work.directory)));
}

TEST_F(ResumeTest, SecondsCountWhatWentBefore) {
    const auto work = plain_work("seconds");
    Interrupter stopping(20);
    EXPECT_THROW(run(work, stopping), WorkStopped);
    Interrupter rest;
    const auto result = run(work, rest);
    Interrupter again;
    const auto whole = run(plain_work("whole"), again);
    EXPECT_GT(result.times.train, 0);
    EXPECT_GE(result.seconds, result.times.train + result.times.evaluate);
    ASSERT_TRUE(result.cost && whole.cost);
    EXPECT_EQ(result.cost->parameters, whole.cost->parameters);
    EXPECT_EQ(result.cost->train_seconds, result.times.train) << "before the stop, too";
    EXPECT_EQ(whole.notes.size(), 0U);
}

/// Stops after two intervals, so that two generations are there.
class DamageTest : public ResumeTest {
protected:
    void SetUp() override {
        ResumeTest::SetUp();
        run(plain_work("undisturbed"), silent_);
        work_ = plain_work("damaged");
        work_.checkpoint_seconds = 2;
        Interrupter killing(9, Interrupter::How::Kill);
        EXPECT_THROW(run(work_, killing), Killed);
        files_ = checkpoints_of(work_);
        ASSERT_EQ(files_.size(), 2U);
    }
    void TearDown() override {
        EXPECT_TRUE(product_of(work_) == product_of(plain_work("undisturbed")));
        EXPECT_TRUE(checkpoints_of(work_).empty());
        ResumeTest::TearDown();
    }

    coordinator::TrainingWork work_;
    std::vector<fs::path> files_;
    Interrupter rest_;
};

TEST_F(DamageTest, TheOneBeforeIsUsedAndTheDamagedOneNamed) {
    damage(files_[0]);
    const auto result = run(work_, rest_);
    EXPECT_EQ(rest_.begun.size(), 1U);
    EXPECT_EQ(result.notes.size(), 1U);
    EXPECT_TRUE(mentions(result.notes, files_[0].string()));
    EXPECT_TRUE(mentions(result.notes, "checksum"));
}

TEST_F(DamageTest, WithNoneThatIsWholeItBeginsAtTheStart) {
    damage(files_[0]);
    fs::resize_file(files_[1], fs::file_size(files_[1]) / 2);
    const auto result = run(work_, rest_);
    EXPECT_TRUE(rest_.begun.empty());
    EXPECT_EQ(result.notes.size(), 2U);
}

TEST_F(DamageTest, AnUnreadableOneIsPassedOver) {
    fs::remove(files_[0]);
    fs::create_directory(files_[0]);
    const auto result = run(work_, rest_);
    EXPECT_EQ(rest_.begun.size(), 1U);
    EXPECT_TRUE(mentions(result.notes, files_[0].string()));
    fs::remove_all(files_[0]);
}

TEST_F(DamageTest, AnotherTrainingsIsRefused) {
    auto other = work_of(variants()[2], "other");
    Interrupter stopping(9);
    EXPECT_THROW(run(other, stopping), WorkStopped);
    fs::copy_file(checkpoints_of(other)[0], files_[0], fs::copy_options::overwrite_existing);
    const auto result = run(work_, rest_);
    EXPECT_EQ(rest_.begun.size(), 1U);
    EXPECT_TRUE(mentions(result.notes, "belongs to training finetune"));
}

TEST_F(DamageTest, TensorsThatDoNotFitAreRefused) {
    sweeps::TrialConfig config = tiny_config("moleflow");
    config.train.batch_size = 12;
    config.model.num_coupling_layers = 1;
    config.model.lora_rank = 5;
    auto wider = training_work(work_.training_key, config, {{class_names_[0]}, {class_names_[1]}});
    wider.directory = work_.directory;
    const auto result = run(wider, rest_);
    EXPECT_TRUE(rest_.begun.empty());
    EXPECT_TRUE(mentions(result.notes, "was expected")) << result.notes.at(0);
    fs::remove(storage::training_scores_file(work_.directory));
    run(work_, silent_);
}

TEST_F(ResumeTest, CancelledLeavesNoCheckpoint) {
    auto work = plain_work("cancelled");
    work.checkpoint_seconds = 1;
    for (const int at : {0, 9, 20}) {
        Interrupter cancelling(at, Interrupter::How::Cancel);
        EXPECT_THROW(run(work, cancelling), WorkCancelled);
        EXPECT_FALSE(fs::exists(storage::training_checkpoints(work.directory))) << at;
        EXPECT_FALSE(fs::exists(storage::training_scores_file(work.directory))) << at;
    }
    Interrupter rest;
    run(work, rest);
    EXPECT_TRUE(rest.begun.empty());
}

TEST_F(ResumeTest, WhatStaysIsWhatWasAsked) {
    const auto names_left = [&](const std::string& keep) {
        auto work = plain_work(keep);
        work.keep_checkpoints = keep;
        work.checkpoint_seconds = 1;
        run(work, silent_);
        Interrupter monitor;
        fs::remove(storage::training_scores_file(work.directory));
        run(work, monitor);  // a kept one says all that the scores did
        EXPECT_EQ(monitor.begun.size(), 1U);
        EXPECT_EQ(monitor.begun.at(0).task, 2);
        std::vector<std::string> names;
        for (const fs::path& file : checkpoints_of(work)) {
            names.push_back(file.filename().string());
        }
        return names;
    };
    EXPECT_EQ(names_left("last"), std::vector<std::string>{"000002-after-task-1.safetensors"});
    EXPECT_EQ(names_left("all"),
              (std::vector<std::string>{"000002-after-task-1.safetensors",
                                        "000001-after-task-0.safetensors"}));
}

// The process died between publishing scores and tidying up.
TEST_F(ResumeTest, PublishedScoresStillTidyUp) {
    auto work = plain_work("tidied");
    work.keep_checkpoints = "last";
    run(work, silent_);
    const fs::path kept = checkpoints_of(work).at(0);
    const fs::path newer = kept.parent_path() / "000009.safetensors";
    fs::copy_file(kept, newer);
    run(work, silent_);
    EXPECT_EQ(checkpoints_of(work), std::vector<fs::path>{newer});
    work.keep_checkpoints = "none";
    run(work, silent_);
    EXPECT_FALSE(fs::exists(kept.parent_path()));
}

TEST_F(ResumeTest, ADiskThatRefusesCheckpointsCostsANoteNotTheTraining) {
    run(plain_work("undisturbed"), silent_);
    auto work = plain_work("refused");
    work.checkpoint_seconds = 1;
    fs::create_directories(work.directory);
    storage::write_file_atomic(storage::training_checkpoints(work.directory), "in the way");
    Interrupter monitor;
    const auto result = run(work, monitor);
    EXPECT_TRUE(monitor.published.empty());
    EXPECT_TRUE(product_of(work) == product_of(plain_work("undisturbed")));
    ASSERT_EQ(result.notes.size(), 2U);  // not one for each that could not be written
    EXPECT_TRUE(mentions(result.notes, "no checkpoint is used"));
    EXPECT_TRUE(mentions(result.notes, "no checkpoint could be written"));
}

// What was published before stays; a disk too full for scores fails the unit.
TEST_F(ResumeTest, AFullDiskCostsTheCheckpointsAndAtLastTheScores) {
    Interrupter sizing;
    auto work = plain_work("undisturbed");
    run(work, sizing);
    const auto scores = fs::file_size(storage::training_scores_file(work.directory));
    work = plain_work("full");
    Interrupter stopping(1);
    EXPECT_THROW(run(work, stopping), WorkStopped);
    const std::vector<fs::path> before = checkpoints_of(work);
    ASSERT_LT(scores, fs::file_size(before.at(0)));
    {
        const storage::testing::FileSizeLimit full(scores - 1);
        EXPECT_THROW(run(work, silent_), sweeps::StorageError);
        EXPECT_EQ(checkpoints_of(work), before);
    }
    const storage::testing::FileSizeLimit full(scores);
    Interrupter rest;
    const auto result = run(work, rest);
    EXPECT_EQ(rest.begun.size(), 1U);
    EXPECT_TRUE(rest.published.empty());
    EXPECT_TRUE(product_of(work) == product_of(plain_work("undisturbed")));
    ASSERT_EQ(result.notes.size(), 1U);
    EXPECT_TRUE(mentions(result.notes, "no checkpoint could be written"));
}

/// Dies when scoring begins: scores.h5 is there, its word was not given.
class DiesScoring : public WorkMonitor {
public:
    void report(const WorkStatus& status) override {
        if (status.text == "scoring") {
            throw Killed();
        }
    }
};

TEST_F(ResumeTest, PublishedScoresAreNotTrainedAgain) {
    const auto work = plain_work("scored");
    DiesScoring dying;
    EXPECT_THROW(run(work, dying), Killed);
    const std::string published = product_of(work);
    Interrupter rest;
    const auto result = run(work, rest);
    EXPECT_EQ(rest.begun.at(0).task, 2);
    EXPECT_EQ(rest.questions, 0);
    EXPECT_EQ(product_of(work), published);
    EXPECT_FALSE(result.trials.at(0).rows.empty());

    damage(storage::training_scores_file(work.directory));
    Interrupter again;
    run(work, again);
    EXPECT_TRUE(again.begun.empty());
    EXPECT_EQ(product_of(work), published);
}

TEST_F(ResumeTest, DivergenceLeavesNoCheckpoint) {
    sweeps::TrialConfig config = tiny_config("moleflow");
    config.train.lr = 10;
    config.train.grad_clip = 1e6;
    config.train.num_epochs = 60;
    auto work = training_work("diverging", config);
    work.checkpoint_seconds = 1;
    Interrupter monitor;
    EXPECT_THROW(run(work, monitor), TrainingDiverged);
    EXPECT_FALSE(monitor.published.empty());
    EXPECT_FALSE(fs::exists(storage::training_checkpoints(work.directory)));
}

}  // namespace
}  // namespace harrow::worker
