#include "cli/trial_story.hpp"

#include <gtest/gtest.h>

#include "cli/explanation.hpp"
#include "storage/run_state.hpp"

namespace harrow::cli {
namespace {

using storage::UnitKind;

constexpr const char* kTrial = "aaaa.s0";
constexpr const char* kKey = "k0";

/// A journal written record by record, and what is concluded from it.
class TrialStoryTest : public ::testing::Test {
protected:
    TrialStoryTest() {
        storage::SweepRecord sweep;
        sweep.name = "demo";
        sweep.objective.metric = "pixel_ap";
        storage::CellRecord cell;
        cell.id = "aaaa";
        cell.name = "main";
        cell.seeds = {0, 1};
        sweep.cells = {cell};
        add(sweep);
    }
    void add(const storage::RecordData& data) {
        records_.push_back(
            {records_.size() + 1, storage::record_type(data), storage::record_json(data)});
    }
    void session() {
        add(storage::SessionStartRecord{"node1", 7, 1, 2, "2026-01-01T00:00:00Z", "cpu", "b1", 2});
    }
    void start(int attempt, const std::string& slot = "node1/0") {
        add(storage::StartedRecord{UnitKind::Training,
                                   kKey,
                                   attempt,
                                   slot,
                                   "node1",
                                   "2026-01-01T00:01:00Z",
                                   "main seed 0",
                                   {kTrial}});
    }
    void fail(int attempt, const std::string& state, const std::string& message, bool is_final) {
        storage::FailedRecord failed{
            UnitKind::Training, kKey, attempt, state, message, is_final, {kTrial}};
        failed.signal = 11;
        failed.peak_rss_bytes = std::int64_t{3} << 30;
        failed.stderr_tail = "first line\nSegmentation fault\x1b[31m";
        add(failed);
    }
    TrialStory story() const { return trial_story(records_, kTrial); }
    std::string explained(bool alive, std::vector<NeededFeatures> needs = {}) const {
        ExplainFacts facts;
        facts.status.dir = "runs/a";
        facts.status.now = *seconds_of("2026-01-01T00:02:00Z");
        facts.status.coordinator = {alive, "node1", "2026-01-01T00:00:00Z", 7};
        const storage::RunState state = storage::replay(records_);
        facts.trial = find_trial(trial_names(state), "main.s0");
        facts.story = story();
        facts.needs = std::move(needs);
        std::string all;
        for (const std::string& line : explain(state, facts)) {
            EXPECT_EQ(line.find_first_of("\x1b\n\a"), std::string::npos) << line;
            all += line + "\n";
        }
        return all;
    }
    static void expect_said(const std::string& text, const std::vector<std::string>& parts) {
        for (const std::string& part : parts) {
            EXPECT_NE(text.find(part), std::string::npos) << part << "\nin\n" << text;
        }
    }

    std::vector<storage::JournalRecord> records_;
};

TEST_F(TrialStoryTest, NothingIsToldOfWhatNeverBegan) {
    session();
    EXPECT_EQ(story().training_key, "");
    EXPECT_TRUE(story().attempts.empty());
}

TEST_F(TrialStoryTest, TellsEveryAttemptThroughSessionsAndHowItEnded) {
    session();
    start(1);
    fail(1, "crashed", "killed by SIGSEGV", false);
    start(2, "node1/1");
    add(storage::CheckpointRecord{kKey, 2, 1, 5, 10, "2026-01-01T00:01:30Z"});
    session();  // the one before was killed
    start(3);
    add(storage::ResumedRecord{kKey, 3, 1, 5, "2026-01-01T00:01:40Z"});
    add(storage::TrainedRecord{kKey, 12.5, "node1/0", 3});
    add(storage::FinishedRecord{kKey, {{kTrial, {{0, "c", "routed", "m", 0.5}}, {}}}});
    const TrialStory told = story();
    EXPECT_EQ(told.training_key, kKey);
    EXPECT_EQ(told.label, "main seed 0");
    EXPECT_EQ(told.rows, 1U);
    ASSERT_EQ(told.attempts.size(), 3U);
    EXPECT_EQ(told.attempts[0].end, AttemptStory::End::Failed);
    EXPECT_EQ(told.attempts[0].failure->signal, 11);
    EXPECT_EQ(told.attempts[1].end, AttemptStory::End::Interrupted);
    EXPECT_EQ(told.attempts[1].slot, "node1/1");
    EXPECT_EQ(told.attempts[1].checkpoint->epoch, 5);
    EXPECT_EQ(told.attempts[2].end, AttemptStory::End::Done);
    EXPECT_EQ(told.attempts[2].resumed->task, 1);
    EXPECT_DOUBLE_EQ(told.attempts[2].seconds, 12.5);
    EXPECT_EQ(told.attempts[2].session.threads, 2);
    EXPECT_EQ(trial_story(records_, "aaaa.s1").training_key, "");
    expect_said(explained(false),
                {"main.s0 is finished", "1 rows, trained in 12 s, 3 attempts", "SIGSEGV"});
    EXPECT_EQ(explained(false).find("harrow show"), std::string::npos)
        << "there are no patch scores to show";
}

TEST_F(TrialStoryTest, AFailureBeforeAnyAttemptIsTold) {
    session();
    add(storage::FailedRecord{UnitKind::Training,
                              kKey,
                              0,
                              "bad_data",
                              "bottle/train failed: x.png is damaged",
                              true,
                              {kTrial}});
    EXPECT_EQ(story().other_failures.size(), 1U);
    EXPECT_TRUE(trial_story(records_, "aaaa.s1").other_failures.empty());
    expect_said(
        explained(true),
        {"main.s0 is failed",
         "x.png is damaged",
         "put back the file that is named as it was when the run began, then harrow retry runs/a "
         "main.s0; if it was broken from the start, mend it and run the sweep in a new --dir"});
}

TEST_F(TrialStoryTest, ExplainsWhatFailedWithSignalMemoryAndLastWords) {
    session();
    start(1);
    fail(1, "crashed", "killed by SIGSEGV", true);
    expect_said(explained(true),
                {"main.s0 is failed  (aaaa.s0)",
                 "attempt 1 on node1/0",
                 "crashed: killed by SIGSEGV; signal SIGSEGV; peak memory 3.0 GiB",
                 "| Segmentation fault?[31m",
                 "next: read its last words",
                 "harrow retry runs/a main.s0"});
}

TEST_F(TrialStoryTest, ExplainsWhereItRunsAndFromWhichCheckpoint) {
    session();
    start(1);
    expect_said(explained(true),
                {"main.s0 is running",
                 "on node1/0 (node1), attempt 1, started 1 min 00 s ago",
                 "no checkpoint yet",
                 "harrow logs runs/a main.s0 --follow"});
    add(storage::CheckpointRecord{kKey, 1, 1, 0, 10, "2026-01-01T00:01:30Z"});
    expect_said(explained(true), {"last checkpoint: after task 1, 30 s ago"});
    // Nobody is there any more: it does not run.
    expect_said(explained(false),
                {"main.s0 is waiting",
                 "ended without a word",
                 "harrow run --dir runs/a",
                 "attempt 1 on node1/0, 2026-01-01T00:01:00Z: interrupted with its session, "
                 "checkpoint after task 1"});
}

TEST_F(TrialStoryTest, ExplainsWhatItWaitsFor) {
    session();
    add(storage::StartedRecord{UnitKind::Extraction,
                               "f1",
                               1,
                               "node1/1",
                               "node1",
                               "2026-01-01T00:01:00Z",
                               "bottle/train",
                               {}});
    expect_said(explained(true,
                          {{"bottle/train", "f1", false},
                           {"bottle/test", "f2", true},
                           {"cable/train", "f3", false}}),
                {"2 of the 3 feature files",
                 "extraction of bottle/train: runs on node1/1",
                 "extraction of cable/train: waits for a slot",
                 "running now: bottle/train"});
    expect_said(explained(true, {{"bottle/test", "f2", true}}), {"waits for a free slot"});
    add(storage::SessionEndRecord{"drained", "2026-01-01T00:01:50Z", "a signal"});
    expect_said(explained(false), {"ended at 2026-01-01T00:01:50Z (drained: a signal)"});
}

TEST_F(TrialStoryTest, ExplainsWhoCancelledAndHowToBringItBack) {
    session();
    add(storage::CancelledRecord{{kTrial}, "ann@node9", "2026-01-01T00:01:00Z"});
    expect_said(explained(true),
                {"main.s0 is cancelled",
                 "ann@node9",
                 "to bring it back, harrow "
                 "retry runs/a main.s0"});
    add(storage::RetriedRecord{{kTrial}, "ann@node9", "2026-01-01T00:01:10Z"});
    expect_said(explained(true), {"main.s0 is waiting"});
}

TEST(AdviceTest, InfrastructureIsNotTheTrialsFault) {
    EXPECT_NE(advice("lost", "d", "t").find("harrow run --dir d"), std::string::npos);
    EXPECT_NE(advice("diverged", "d", "t").find("train.lr"), std::string::npos);
    EXPECT_NE(advice("something_new", "d", "t").find("harrow retry d t"), std::string::npos);
}

}  // namespace
}  // namespace harrow::cli
