#include "storage/run_state.hpp"

#include <limits>
#include <tuple>

#include <gtest/gtest.h>

#include "sweeps/error.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::storage {
namespace {

using sweeps::StorageError;
using namespace testing;

/// Records as they come back from a journal.
class RunStateTest : public ::testing::Test {
protected:
    RunStateTest() { add(example_sweep()); }

    static SweepRecord example_sweep() {
        SweepRecord sweep;
        sweep.harrow_version = "0.1.0";
        sweep.build = "release";
        sweep.name = "demo";
        sweep.text = "name: demo\nseeds: [0, 1]\n";
        sweep.file = "demo.yaml";
        sweep.base_directory = "/sweeps";
        sweep.overrides = {"train.num_epochs=2"};
        sweep.cells = {{"aa", "main", {"main"}, {"ablation"}, {0, 18446744073709551615U}},
                       {"bb", "lr=0.1", {"lr=0.1"}, {}, {0}}};
        sweep.trials = 3;
        sweep.tables = "[{\"name\": \"t\"}]";
        return sweep;
    }

    void add(const RecordData& data) {
        records_.push_back({records_.size() + 1, record_type(data), record_json(data)});
    }
    void start(const std::string& key, int attempt) {
        add(StartedRecord{UnitKind::Training, key, attempt, "slot 0", "node1"});
    }
    void finish(const std::string& key, const std::string& trial, double value) {
        add(TrainedRecord{key, 1.5, "slot 0", 1});
        add(FinishedRecord{key, {{trial, {{0, "mean", "routed", "image_auroc", value}}, {"n"}}}});
    }
    void fail(const std::string& key, int attempt, bool final) {
        add(FailedRecord{
            UnitKind::Training, key, attempt, "crashed", "signal 11", final, {"bb.s0"}});
    }
    RunState state() const { return replay(records_); }

    std::vector<JournalRecord> records_;
};

TEST_F(RunStateTest, EmptyJournalIsARunNotBegun) {
    EXPECT_FALSE(replay({}).sweep.has_value());
}

TEST_F(RunStateTest, SweepSurvivesTheRoundTrip) {
    const RunState state = this->state();
    ASSERT_TRUE(state.sweep.has_value());
    const SweepRecord expected = example_sweep();
    EXPECT_EQ(state.sweep->text, expected.text);
    EXPECT_EQ(state.sweep->base_directory, expected.base_directory);
    EXPECT_EQ(state.sweep->overrides, expected.overrides);
    EXPECT_EQ(state.sweep->tables, expected.tables);
    ASSERT_EQ(state.cells.size(), 2U);
    EXPECT_EQ(state.cells[0].tags, expected.cells[0].tags);
    EXPECT_EQ(state.cells[0].seeds, expected.cells[0].seeds);
}

TEST_F(RunStateTest, WeightsOfACellSurviveAndAreNotWrittenWithoutAny) {
    SweepRecord sweep = example_sweep();
    EXPECT_EQ(record_json(RecordData(sweep)).find("weights"), std::string::npos);
    sweep.cells[1].weights = "/w/größe.safetensors";
    sweep.cells[1].weights_digest = "03b71d65";
    records_.clear();
    add(sweep);
    EXPECT_EQ(state().cells.at(0).weights, "");
    EXPECT_EQ(state().cells.at(1).weights, "/w/größe.safetensors");
    EXPECT_EQ(state().cells.at(1).weights_digest, "03b71d65");
}

TEST_F(RunStateTest, FinishedTrialsKeepTheirRowsToTheLastDigit) {
    const double value = 0.1 + 0.2;
    start("t1", 1);
    EXPECT_EQ(state().running.count("t1"), 1U);
    finish("t1", "aa.s0", value);
    const RunState state = this->state();
    ASSERT_EQ(state.finished.count("aa.s0"), 1U);
    EXPECT_EQ(state.finished.at("aa.s0").rows.at(0).value, value);
    EXPECT_EQ(state.finished.at("aa.s0").notes, std::vector<std::string>{"n"});
    EXPECT_EQ(state.trainings.at("aa.s0"), "t1");
    EXPECT_EQ(state.trained.count("t1"), 1U);
    EXPECT_TRUE(state.running.empty());
    const std::vector<ResultRow> rows = result_rows(state);
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(std::tie(rows[0].cell, rows[0].cell_name, rows[0].trial),
              std::make_tuple("aa", "main", "aa.s0"));
}

TEST_F(RunStateTest, OnlyFinalFailuresFailTrialsAndAnotherTryClearsThem) {
    start("t2", 1);
    fail("t2", 1, false);
    EXPECT_TRUE(state().failed.empty());
    start("t2", 2);
    fail("t2", 2, true);
    ASSERT_EQ(state().failed.count("bb.s0"), 1U);
    EXPECT_EQ(state().failed.at("bb.s0").state, "crashed");
    EXPECT_EQ(state().attempts.at("t2"), 2);
    EXPECT_EQ(state().total.failed_attempts, 2);
    start("t2", 3);
    EXPECT_TRUE(state().failed.empty());
    finish("t2", "bb.s0", 0.5);
    EXPECT_TRUE(state().failed.empty());
    EXPECT_EQ(state().finished.size(), 1U);
}

TEST_F(RunStateTest, FinishedTrialsDoNotFailWithALaterUnit) {
    finish("t2", "bb.s0", 0.5);
    fail("t2", 1, true);
    EXPECT_TRUE(state().failed.empty());
}

TEST_F(RunStateTest, CountsWorkInTotalAndOfTheLastSession) {
    add(SessionStartRecord{"node1", 11, 1, 2, "2026-01-01T00:00:00Z"});
    add(ExtractedRecord{"f1", 8, 0.5, "slot 1", 1});
    finish("t1", "aa.s0", 0.5);
    start("t9", 1);
    add(SessionStartRecord{"node2", 12, 3, 4, "2026-01-02T00:00:00Z"});
    finish("t2", "bb.s0", 0.5);
    RunState state = this->state();
    EXPECT_EQ(state.total.extractions, 1);
    EXPECT_EQ(state.total.trainings, 2);
    EXPECT_EQ(state.last_session().trainings, 1);
    EXPECT_EQ(state.last_session().extractions, 0);
    EXPECT_TRUE(state.running.empty()) << "what a dead session ran is not running";
    EXPECT_FALSE(state.sessions.back().end.has_value());
    add(SessionEndRecord{"done", "2026-01-02T00:01:00Z"});
    EXPECT_EQ(this->state().sessions.back().end->outcome, "done");
}

TEST_F(RunStateTest, SessionsKnowTheirDeviceAndOldOnesComputedOnTheCpu) {
    add(SessionStartRecord{"node1", 11, 1, 2, "2026-01-01T00:00:00Z", "cuda"});
    EXPECT_EQ(state().sessions.back().start.device, "cuda");
    records_.push_back({records_.size() + 1,
                        "session_start",
                        R"({"host":"node1","pid":11,"ranks":1,"slots":2,"time":"now"})"});
    EXPECT_EQ(state().sessions.back().start.device, "cpu");
}

TEST_F(RunStateTest, ExtendingAddsCellsAndRenamesNone) {
    SweepRecord longer = example_sweep();
    longer.text = "name: demo\nseeds: [0, 1, 2]\n";
    longer.cells[0].name = "renamed";
    longer.cells[0].seeds = {0, 1, 2};
    longer.cells.push_back({"cc", "new", {"new"}, {}, {0}});
    add(ExtendedRecord{longer});
    const RunState state = this->state();
    ASSERT_EQ(state.cells.size(), 3U);
    EXPECT_EQ(state.cells[0].name, "main");
    EXPECT_EQ(state.cells[0].seeds, (std::vector<std::uint64_t>{0, 18446744073709551615U, 1, 2}))
        << "a seed once asked for stays";
    EXPECT_EQ(state.sweep->text, longer.text);
    EXPECT_EQ(state.cells[2].name, "new");
    longer.cells[2].tags = {"late"};
    add(ExtendedRecord{longer});
    ASSERT_EQ(this->state().cells.size(), 3U);
    EXPECT_EQ(this->state().cells[2].tags, std::vector<std::string>{"late"});
}

TEST_F(RunStateTest, CancelledTrialsStayOutUntilTheyAreRetried) {
    add(CancelledRecord{{"bb.s0", "aa.s0"}, "me@node1", "2026-01-01T00:00:00Z"});
    ASSERT_EQ(state().failed.count("bb.s0"), 1U);
    EXPECT_EQ(state().failed.at("bb.s0").state, "cancelled");
    EXPECT_TRUE(contains(state().failed.at("bb.s0").message, "me@node1"));
    fail("t2", 1, true);
    EXPECT_EQ(state().failed.at("bb.s0").state, "cancelled") << "its unit's end changes nothing";
    start("t2", 2);
    EXPECT_EQ(state().failed.count("bb.s0"), 1U) << "nor does the unit's start for other trials";
    finish("t1", "aa.s0", 0.5);
    EXPECT_EQ(state().failed.count("aa.s0"), 0U) << "rows that came all the same count";
    add(CancelledRecord{{"aa.s0"}, "me@node1"});
    EXPECT_EQ(state().failed.count("aa.s0"), 0U);
    add(RetriedRecord{{"bb.s0"}, "me@node1"});
    EXPECT_TRUE(state().failed.empty());
}

TEST_F(RunStateTest, TheNewestCheckpointOfATrainingIsKnownUntilItIsTrained) {
    start("t1", 1);
    add(CheckpointRecord{"t1", 1, 0, 5, 1000, "2026-01-01T00:00:05Z"});
    add(CheckpointRecord{"t1", 1, 1, 0, 2000, "2026-01-01T00:00:09Z"});
    EXPECT_EQ(state().running.at("t1").checkpoint->task, 1);
    add(SessionStartRecord{"node1", 11, 1, 2, "2026-01-01T00:01:00Z"});
    EXPECT_EQ(state().checkpoints.at("t1").bytes, 2000) << "it outlives its session";
    start("t1", 2);
    add(ResumedRecord{"t1", 2, 1, 0});
    const RunState resumed = state();
    EXPECT_EQ(resumed.running.at("t1").checkpoint->time, "2026-01-01T00:00:09Z");
    EXPECT_EQ(resumed.running.at("t1").resumed->task, 1);
    finish("t1", "aa.s0", 0.5);
    EXPECT_TRUE(state().checkpoints.empty());
    EXPECT_EQ(state().seconds.at("t1"), 1.5);
}

sweeps::TrainingCost example_cost() {
    sweeps::TrainingCost cost;
    cost.train_seconds = 80.25;
    cost.evaluate_seconds = 9.5;
    cost.peak_rss_bytes = std::int64_t{3} << 30;
    cost.feature_bytes = 123456789012;
    cost.parameters = {8900000, 1930000};
    return cost;
}

TEST_F(RunStateTest, WhatATrainingCostIsKnownOfItsTrialsAlsoOfThoseScoredLater) {
    add(TrainedRecord{"t1", 100, "slot 0", 1, example_cost()});
    add(FinishedRecord{"t1", {{"aa.s0", {}, {}}}, 1.25});
    add(SessionStartRecord{"node1", 11, 1, 2, "2026-01-01T00:01:00Z"});
    add(FinishedRecord{"t1", {{"bb.s0", {}, {}}}, 2.5});
    const RunState state = this->state();
    ASSERT_EQ(state.spent.size(), 2U);
    EXPECT_EQ(*state.spent.at("aa.s0").training, example_cost());
    EXPECT_FALSE(state.spent.at("aa.s0").training->peak_device_bytes);
    EXPECT_EQ(state.spent.at("aa.s0").score_seconds, 1.25);
    EXPECT_EQ(state.spent.at("bb.s0").training, state.spent.at("aa.s0").training) << "shared";
    EXPECT_EQ(state.spent.at("bb.s0").score_seconds, 2.5);
}

TEST_F(RunStateTest, ATrainingOfUnknownCostDoesNotInheritThatOfAnEarlierOne) {
    add(TrainedRecord{"t1", 100, "slot 0", 1, example_cost()});
    finish("t1", "aa.s0", 0.5);  // its scores were lost; this record says no costs
    EXPECT_TRUE(state().spent.empty());
}

TEST_F(RunStateTest, CostsThatAreNoneAreRefused) {
    std::string json = record_json(RecordData(TrainedRecord{"t1", 1, "s", 1, example_cost()}));
    json.replace(json.find("80.25"), 5, "\"no\"");
    EXPECT_THROW(parse_record({1, "trained", json}), StorageError);
}

TEST_F(RunStateTest, FailedAttemptsAreKeptWithWhatKilledThemUpToALimit) {
    FailedRecord failed{UnitKind::Training, "t2", 1, "lost", "killed by SIGKILL", false, {}};
    failed.slot = "node1/0";
    failed.host = "node1";
    failed.signal = 9;
    failed.peak_rss_bytes = 1 << 30;
    failed.stderr_tail = "line 1\nline 2";
    for (int attempt = 1; attempt <= 12; ++attempt) {
        failed.attempt = attempt;
        add(failed);
    }
    const RunState state = this->state();
    const std::vector<FailedAttempt>& kept = state.failed_attempts.at("t2");
    ASSERT_EQ(kept.size(), kKeptAttempts);
    EXPECT_EQ(kept.front().attempt, 3);
    EXPECT_EQ(kept.back().attempt, 12);
    EXPECT_EQ(kept.back().signal, 9);
    EXPECT_EQ(kept.back().peak_rss_bytes, 1 << 30);
    EXPECT_EQ(kept.back().slot, "node1/0");
    const RecordData record = parse_record(records_.at(kept.back().record - 1));
    EXPECT_EQ(std::get<FailedRecord>(record).stderr_tail, "line 1\nline 2");
}

TEST_F(RunStateTest, LostRanksBelongToTheirSession) {
    add(SessionStartRecord{"node1", 11, 3, 2, "2026-01-01T00:00:00Z"});
    add(LostRankRecord{2, "node3", "no sign of life for 30 s", "2026-01-01T00:01:00Z"});
    ASSERT_EQ(state().sessions.back().lost_ranks.size(), 1U);
    EXPECT_EQ(state().sessions.back().lost_ranks[0].host, "node3");
}

TEST_F(RunStateTest, RecordsOfAnOlderHarrowLackSomeMembers) {
    records_.push_back({records_.size() + 1,
                        "started",
                        R"({"kind":"training","key":"t1","attempt":1,"slot":"s","host":"h"})"});
    EXPECT_EQ(state().running.at("t1").started, "");
    records_.push_back(
        {records_.size() + 1,
         "failed",
         R"({"kind":"training","key":"t1","attempt":1,"state":"lost","message":"m","final":true,"trials":["bb.s0"]})"});
    EXPECT_EQ(state().failed_attempts.at("t1").back().signal, 0);
    records_.push_back({records_.size() + 1,
                        "session_start",
                        R"({"host":"h","pid":1,"ranks":1,"slots":1,"time":"now"})"});
    records_.push_back({records_.size() + 1, "session_end", R"({"outcome":"done","time":"now"})"});
    EXPECT_EQ(state().sessions.back().end->reason, "");
}

TEST_F(RunStateTest, ContradictionsNameTheRecord) {
    add(example_sweep());
    EXPECT_TRUE(contains(message_of<StorageError>([this] { state(); }), "record 2"));
    records_.erase(records_.begin(), records_.end());
    start("t1", 1);
    EXPECT_THROW(state(), StorageError);
}

TEST_F(RunStateTest, UnknownTypesAndWrongMembersAreRefusedNotMisread) {
    const std::vector<std::pair<std::string, std::string>> bad = {
        {"pruned", "{}"},
        {"started", R"({"kind":"training","key":"k","attempt":1,"slot":"s"})"},
        {"started", R"({"kind":"nap","key":"k","attempt":1,"slot":"s","host":"h"})"},
        {"started", R"({"kind":"training","key":7,"attempt":1,"slot":"s","host":"h"})"},
        {"trained", R"({"training_key":"k","seconds":1,"slot":"s","attempt":99999999999})"},
        {"finished", R"({"training_key":"k","trials":[{"trial":"t","rows":[[0]],"notes":[]}]})"},
        {"finished", R"({"training_key":"k","trials":[7]})"},
        {"failed", "not json"}};
    for (const auto& [type, json] : bad) {
        EXPECT_THROW(parse_record({1, type, json}), StorageError) << type << " " << json;
    }
}

TEST_F(RunStateTest, MembersAddedLaterAreIgnored) {
    EXPECT_NO_THROW(parse_record({1, "session_end", R"({"outcome":"done","time":"now","new":1})"}));
}

TEST_F(RunStateTest, NumbersThatAreNotFiniteCannotBeRecorded) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_THROW(
        record_json(FinishedRecord{"t", {{"a.s0", {{0, "mean", "routed", "m", nan}}, {}}}}),
        StorageError);
}

TEST_F(RunStateTest, TextThatIsNotUtf8IsRecordedReadably) {
    fail("t2", 1, true);
    add(FailedRecord{
        UnitKind::Training, "t2", 1, "crashed", "bad \xff byte\nline", true, {"bb.s0"}});
    EXPECT_TRUE(contains(state().failed.at("bb.s0").message, "bad "));
    EXPECT_EQ(records_.back().json.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace harrow::storage
