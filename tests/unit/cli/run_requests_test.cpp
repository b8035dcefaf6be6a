#include "cli/run_requests.hpp"

#include <cstdio>
#include <filesystem>

#include <gtest/gtest.h>

#include "storage/run_state.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::cli {
namespace {

using coordinator::FailureKind;
using coordinator::RunRequest;

/// A session with an extraction (unit 0), a training of two trials (1) and one of a third (2).
class RunRequestsTest : public ::testing::Test {
protected:
    RunRequestsTest() : journal_(storage::Journal::open(directory_ / "journal.jsonl")) {
        for (const auto& [kind, key, trials] :
             {std::tuple(coordinator::UnitKind::Extract, "f", std::vector<std::string>{}),
              std::tuple(
                  coordinator::UnitKind::Train, "k1", std::vector<std::string>{"a.s0", "b.s0"}),
              std::tuple(coordinator::UnitKind::Train, "k2", std::vector<std::string>{"a.s1"})}) {
            coordinator::RunUnit unit;
            unit.key = key;
            unit.kind = kind;
            unit.label = key;
            unit.trials = trials.size();
            if (kind == coordinator::UnitKind::Train) {
                unit.depends_on = {0};
            }
            work_.plan.units.push_back(unit);
            UnitMeaning meaning;
            meaning.kind = kind;
            meaning.key = key;
            meaning.trains = kind == coordinator::UnitKind::Train;
            meaning.trials = trials;
            work_.meanings.push_back(meaning);
        }
        for (const char* trial : {"a.s0", "b.s0", "a.s1", "old.s0", "old.s1"}) {
            sweeps::PlannedTrial planned;
            planned.id = trial;
            plan_.trials.push_back(planned);
        }
        storage::SweepRecord sweep;
        sweep.objective.metric = "m";
        storage::append_record(journal_, sweep);
        storage::append_record(journal_,
                               storage::SessionStartRecord{"n", 1, 1, 1, "2026-01-01T00:00:00Z"});
        journal_.commit();
    }

    /// Posts, polls and returns the answer.
    storage::InboxAnswer ask(const std::string& verb, std::vector<std::string> trials) {
        const std::string id = inbox_.post({"", verb, std::move(trials), "ann@n", "t"});
        asked_ = requests_.poll();
        const auto answer = inbox_.collect(id);
        EXPECT_TRUE(answer);
        return answer.value_or(storage::InboxAnswer{});
    }
    void finish(std::size_t unit) {
        coordinator::WorkResult result;
        for (const std::string& trial : work_.meanings[unit].trials) {
            result.trials.push_back({trial, {{0, "c", "routed", "m", 0.5}}, {}, ""});
        }
        observer_.finished(unit, 1, {}, result);
        observer_.commit();
    }
    void fail(std::size_t unit, FailureKind kind) {
        coordinator::UnitFailure failure;
        failure.unit = unit;
        failure.kind = kind;
        failure.message = "x";
        observer_.failed(failure);
        observer_.commit();
    }
    storage::RunState state() const {
        return storage::replay(storage::read_journal(directory_ / "journal.jsonl").records);
    }
    void expect_asked(std::vector<std::pair<RunRequest::Kind, std::size_t>> expected) const {
        std::vector<std::pair<RunRequest::Kind, std::size_t>> asked;
        for (const RunRequest& request : asked_) {
            asked.emplace_back(request.kind, request.unit);
        }
        EXPECT_EQ(asked, expected);
    }

    storage::testing::TemporaryDirectory directory_;
    storage::Journal journal_;
    WorkUnits work_;
    sweeps::WorkPlan plan_;
    storage::FailedTrial diverged_{"diverged", "x", storage::UnitKind::Training, "k0", 1};
    std::FILE* silence_ = std::fopen("/dev/null", "w");
    coordinator::ProgressDisplay display_{silence_, false, ""};
    coordinator::RunLimits limits_;
    storage::RunDirectory run_{directory_.path()};
    RunJournal observer_{journal_, run_, work_, display_, {}, limits_};
    storage::Inbox inbox_{run_.inbox_directory()};
    RunRequests requests_{run_, journal_, work_, {plan_, {{"old.s1", diverged_}}}, observer_};
    std::vector<RunRequest> asked_;
};

TEST_F(RunRequestsTest, ATrainingGoesOnWhileOneOfItsTrialsIsWanted) {
    EXPECT_TRUE(ask("cancel", {"a.s0"}).done);
    expect_asked({});
    EXPECT_EQ(state().failed.at("a.s0").state, "cancelled");
    finish(1);
    EXPECT_EQ(state().finished.count("a.s0"), 0U);
    EXPECT_EQ(state().finished.count("b.s0"), 1U);
    EXPECT_EQ(observer_.failed_trials(), 0U);
}

TEST_F(RunRequestsTest, TheUnitIsCancelledOnceWithItsLastTrial) {
    ask("cancel", {"a.s0"});
    ask("cancel", {"b.s0", "a.s1"});
    expect_asked({{RunRequest::Kind::Cancel, 1}, {RunRequest::Kind::Cancel, 2}});
    fail(1, FailureKind::Cancelled);
    EXPECT_EQ(observer_.failed_trials(), 0U);
    EXPECT_EQ(ask("cancel", {"a.s0"}).lines.at(0), "a.s0 was cancelled before");
    EXPECT_EQ(state().failed.at("b.s0").state, "cancelled");
}

TEST_F(RunRequestsTest, BothTrialsInOneRequestCancelTheirUnitOnce) {
    ask("cancel", {"a.s0", "b.s0"});
    expect_asked({{RunRequest::Kind::Cancel, 1}});
}

TEST_F(RunRequestsTest, RetryReachesWhatFailedOrWasCancelledInThisSession) {
    fail(2, FailureKind::Diverged);
    EXPECT_EQ(observer_.failed_trials(), 1U);
    EXPECT_EQ(ask("retry", {"a.s1"}).lines.at(0), "a.s1 will be run again");
    expect_asked({{RunRequest::Kind::Retry, 2}});
    EXPECT_EQ(observer_.failed_trials(), 0U);
    EXPECT_EQ(state().failed.count("a.s1"), 0U);

    ask("cancel", {"a.s1"});
    fail(2, FailureKind::Cancelled);
    ask("retry", {"a.s1"});
    expect_asked({{RunRequest::Kind::Retry, 2}});
    EXPECT_FALSE(observer_.is_cancelled("a.s1"));
    finish(2);
    EXPECT_EQ(state().finished.count("a.s1"), 1U);
}

TEST_F(RunRequestsTest, ATrialComesBackToATrainingThatStillRuns) {
    ask("cancel", {"a.s0"});
    EXPECT_EQ(ask("retry", {"a.s0"}).lines.at(0), "a.s0 will be run again");
    expect_asked({{RunRequest::Kind::Retry, 1}});
    finish(1);
    EXPECT_EQ(state().finished.count("a.s0"), 1U);
}

TEST_F(RunRequestsTest, RetrySoonAfterCancelReachesAUnitThatHasNotEndedYet) {
    ask("cancel", {"a.s1"});
    EXPECT_EQ(ask("retry", {"a.s1"}).lines.at(0), "a.s1 will be run again");
    expect_asked({{RunRequest::Kind::Retry, 2}});
    finish(2);
    EXPECT_EQ(state().finished.count("a.s1"), 1U);
}

TEST_F(RunRequestsTest, ACancelledUnitIsNoFailureWhateverWasAskedSince) {
    ask("cancel", {"a.s1"});
    ask("retry", {"a.s1"});
    fail(2, FailureKind::Cancelled);
    EXPECT_EQ(observer_.failed_trials(), 0U);
}

TEST_F(RunRequestsTest, WhatARetryRevivesBesideTheNamedTrialIsNoLongerFailedEither) {
    ask("cancel", {"b.s0"});
    fail(0, FailureKind::BadData);
    fail(1, FailureKind::Dependency);
    fail(2, FailureKind::Dependency);
    EXPECT_EQ(state().failed.size(), 3U);
    ask("retry", {"a.s1"});
    for (const std::size_t unit : {2U, 0U, 1U}) {  // as the run loop does it
        observer_.revived(unit);
    }
    observer_.commit();
    ASSERT_EQ(state().failed.size(), 1U);
    EXPECT_EQ(state().failed.at("b.s0").state, "cancelled");
    EXPECT_EQ(observer_.failed_trials(), 0U);
    EXPECT_TRUE(observer_.is_open(1));
    std::size_t retried = 0;
    for (const auto& record : storage::read_journal(directory_ / "journal.jsonl").records) {
        retried += record.type == "retried" ? 1 : 0;
    }
    EXPECT_EQ(retried, 2U) << "the named trial once, the other once";
}

TEST_F(RunRequestsTest, ACancelledTrainingLeavesNoCheckpointsAlsoWhereItDidNotRun) {
    const auto leave = [this](const std::string& key) {
        const std::filesystem::path file =
            storage::training_checkpoints(run_.training_directory(key)) / "000001.safetensors";
        std::filesystem::create_directories(file.parent_path());
        storage::testing::spill(file, "x");
        return file;
    };
    using std::filesystem::exists;
    const auto shared = leave("k1");  // an earlier session's; it waits
    ask("cancel", {"a.s0"});
    EXPECT_TRUE(exists(shared)) << "b.s0 still wants it";
    ask("cancel", {"b.s0"});
    fail(1, FailureKind::Cancelled);  // as the run loop gives up what waits
    EXPECT_FALSE(exists(shared));

    const auto failed = leave("k2");
    fail(2, FailureKind::Crashed);
    EXPECT_TRUE(exists(failed)) << "a retry goes on from it";
    ask("cancel", {"a.s1"});
    EXPECT_FALSE(exists(failed));

    sweeps::PlannedTraining before;  // of earlier sessions alone
    before.training_key = "k0";
    before.trials = {4};
    plan_.trainings = {before};
    const auto old = leave("k0");
    ask("cancel", {"old.s1"});
    EXPECT_FALSE(exists(old));
}

TEST_F(RunRequestsTest, WhatKeepLeftOfAFinishedTrainingStays) {
    const std::filesystem::path kept =
        storage::training_checkpoints(run_.training_directory("k1")) / "000001.safetensors";
    std::filesystem::create_directories(kept.parent_path());
    storage::testing::spill(kept, "x");
    storage::testing::spill(run_.scores_file("k1"), "scores");
    remove_checkpoints(run_, "k1");
    EXPECT_TRUE(std::filesystem::exists(kept));
}

TEST_F(RunRequestsTest, WithoutACoordinatorCheckpointsGoWithTheLastTrial) {
    const std::filesystem::path kept =
        storage::training_checkpoints(run_.training_directory("k1")) / "000001.safetensors";
    std::filesystem::create_directories(kept.parent_path());
    storage::testing::spill(kept, "x");
    observer_.started(1, 1, {});
    const auto cancel = [&](const std::string& trial) {
        storage::append_record(journal_, storage::CancelledRecord{{trial}, "ann@n", "t"});
        journal_.commit();
        remove_checkpoints_of_cancelled(
            run_, storage::read_journal(run_.journal_file()).records, state(), {trial});
    };
    cancel("a.s0");
    EXPECT_TRUE(std::filesystem::exists(kept));
    cancel("a.s1");  // another training's
    EXPECT_TRUE(std::filesystem::exists(kept));
    cancel("b.s0");
    EXPECT_FALSE(std::filesystem::exists(kept));
}

TEST_F(RunRequestsTest, WhatThisSessionCannotRunIsLeftToTheNext) {
    EXPECT_NE(ask("retry", {"old.s1"}).lines.at(0).find("next session"), std::string::npos);
    expect_asked({});
    ask("cancel", {"a.s0"});
    finish(1);
    EXPECT_NE(ask("retry", {"a.s0"}).lines.at(0).find("next session"), std::string::npos);
    EXPECT_EQ(state().failed.count("a.s0"), 0U);
}

TEST_F(RunRequestsTest, ManyTrialsAreHandledAtOnce) {
    constexpr std::size_t kMany = 100000;
    std::vector<std::string> here;
    std::vector<std::string> old;
    std::map<std::string, storage::FailedTrial> failed;
    for (std::size_t index = 0; index < kMany; ++index) {
        here.push_back("here.s" + std::to_string(index));
        old.push_back("old.s" + std::to_string(index));
        failed.emplace(old.back(), diverged_);
        for (const std::string& trial : {here.back(), old.back()}) {
            plan_.trials.emplace_back();
            plan_.trials.back().id = trial;
        }
        work_.plan.units.emplace_back();
        work_.meanings.push_back({coordinator::UnitKind::Train, "k", true, {here.back()}});
    }
    RunRequests requests(run_, journal_, work_, {plan_, failed}, observer_);
    inbox_.post({"", "cancel", here, "ann@n", "t"});
    EXPECT_EQ(requests.poll().size(), kMany);
    old.push_back(old.front());  // named twice
    const std::string id = inbox_.post({"", "retry", old, "ann@n", "t"});
    EXPECT_TRUE(requests.poll().empty());
    const auto answer = inbox_.collect(id);
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->lines.size(), kMany + 1);
    EXPECT_NE(answer->lines.back().find("next session"), std::string::npos);
}

TEST_F(RunRequestsTest, WhatCannotBeDoneIsRefusedAndChangesNothing) {
    const std::size_t records = storage::read_journal(directory_ / "journal.jsonl").records.size();
    EXPECT_FALSE(ask("cancel", {"old.s0"}).done);
    EXPECT_FALSE(ask("retry", {"old.s0"}).done);
    EXPECT_FALSE(ask("cancel", {"nobody.s9"}).done);
    EXPECT_FALSE(ask("explode", {"a.s0"}).done);
    EXPECT_TRUE(ask("retry", {"a.s0"}).done);  // it waits already
    expect_asked({});
    EXPECT_EQ(storage::read_journal(directory_ / "journal.jsonl").records.size(), records);
}

TEST_F(RunRequestsTest, ADamagedRequestIsSetAsideAndTheOthersAreAnswered) {
    std::filesystem::create_directories(inbox_.path());
    storage::testing::spill(inbox_.path() / "0.request", "harrow-inbox 1 nonsense");
    EXPECT_TRUE(ask("cancel", {"a.s1"}).done);
    EXPECT_TRUE(std::filesystem::exists(inbox_.path() / "damaged" / "0.taken"));
}

TEST(RequestEffectTest, MixedRequestsAreDoneWhereTheyCan) {
    const auto fate = [](const std::string& trial) {
        return trial == "done" ? TrialFate::Finished : TrialFate::Failed;
    };
    const RequestEffect effect = effect_of({"", "retry", {"done", "bad"}, "", ""}, fate);
    EXPECT_TRUE(effect.done);
    EXPECT_EQ(effect.trials, std::vector<std::string>{"bad"});
    EXPECT_EQ(effect.lines.size(), 2U);
}

}  // namespace
}  // namespace harrow::cli
