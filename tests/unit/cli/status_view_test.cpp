#include "cli/status_view.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace harrow::cli {
namespace {

using Json = nlohmann::json;

constexpr const char* kCell = "aaaa";

/// Ten minutes into a session: 2 of 6 trials finished, one failed, one cancelled, one running.
class StatusViewTest : public ::testing::Test {
protected:
    StatusViewTest() {
        state_.sweep.emplace();
        state_.sweep->name = "demo";
        storage::CellRecord cell;
        cell.id = kCell;
        cell.name = "main";
        cell.seeds = {0, 1, 2, 3, 4, 5};
        state_.cells.push_back(cell);
        state_.finished["aaaa.s0"].trial = "aaaa.s0";
        state_.finished["aaaa.s1"].trial = "aaaa.s1";
        state_.failed["aaaa.s2"] = {"crashed", "killed by SIGSEGV\nand more", {}, "k2", 3};
        state_.failed["aaaa.s3"] = {"cancelled", "cancelled by ann@node1", {}, "", 0};
        storage::RunningUnit unit;
        unit.attempt = 2;
        unit.slot = "node1/0";
        unit.host = "node1";
        unit.started = "2026-01-01T00:09:00Z";
        unit.label = "main seed 4";
        unit.trials = {"aaaa.s4"};
        unit.checkpoint = storage::CheckpointRecord{"k4", 1, 1, 10, 99, "2026-01-01T00:09:30Z"};
        state_.running["k4"] = unit;
        storage::SessionState session;
        session.start = {"node1", 7, 2, 1, "2026-01-01T00:00:00Z"};
        session.work.trials = 2;
        session.lost_ranks.push_back({1, "node2", "silent for 30 s", "2026-01-01T00:08:00Z"});
        state_.sessions.push_back(session);
        facts_.dir = "runs/a";
        facts_.verdict = "75 running";
        facts_.now = *seconds_of("2026-01-01T00:10:00Z");
        facts_.coordinator = {true, "node1", "2026-01-01T00:00:00Z", 7};
    }
    std::string text() const {
        std::string all;
        for (const std::string& line : status_lines(state_, facts_)) {
            all += line + "\n";
        }
        return all;
    }
    void expect_said(const std::string& part) const {
        EXPECT_NE(text().find(part), std::string::npos) << part << "\nin\n" << text();
    }

    storage::RunState state_;
    StatusFacts facts_;
};

TEST_F(StatusViewTest, CountsEachTrialOnce) {
    const TrialCounts counts = count_trials(state_, true);
    EXPECT_EQ(counts.total, 6U);
    EXPECT_EQ(counts.finished, 2U);
    EXPECT_EQ(counts.failed, 1U);
    EXPECT_EQ(counts.cancelled, 1U);
    EXPECT_EQ(counts.running, 1U);
    EXPECT_EQ(counts.to_do(), 2U);
}

TEST_F(StatusViewTest, SaysWhoWorksOnWhatSinceWhenAndWhatWasLost) {
    expect_said("2 of 6 trials finished, 1 failed, 1 cancelled, 1 running, 1 to do");
    expect_said("running on node1, pid 7, since 2026-01-01T00:00:00Z");
    expect_said("75 running");
    expect_said(
        "node1/0  main seed 4  attempt 2  started 1 min 00 s ago  checkpoint task 2, "
        "epoch 10 30 s ago");
    expect_said("lost: rank 1 (node2): silent for 30 s");
    expect_said("failed: crashed: killed by SIGSEGV\n    main.s2\n");
    expect_said("cancelled by ann@node1\n    main.s3\n");
}

TEST_F(StatusViewTest, EtaFollowsTheSessionsPace) {
    // 2 trials in 10 minutes, 2 to do.
    EXPECT_DOUBLE_EQ(*expected_seconds(state_, facts_), 600.0);
    expect_said("ETA about 10 min 00 s");
    facts_.coordinator.alive = false;
    EXPECT_FALSE(expected_seconds(state_, facts_));
}

TEST_F(StatusViewTest, EtaCreditsWhatIsUnderWay) {
    state_.trained = {"k0"};
    state_.seconds["k0"] = 120;  // the one that runs is half done
    EXPECT_DOUBLE_EQ(*expected_seconds(state_, facts_), 600.0 * 1.5 / 2.5);
    state_.seconds["k0"] =
        1;  // it takes far longer than the other did: it is never as good as done
    EXPECT_DOUBLE_EQ(*expected_seconds(state_, facts_), 600.0 * 1.05 / 2.95);
}

TEST_F(StatusViewTest, AfterADeathItSaysHowToGoOnAndShowsNothingAsRunning) {
    facts_.coordinator.alive = false;
    expect_said("ended without a word");
    expect_said("`harrow run --dir runs/a` resumes");
    EXPECT_EQ(text().find("node1/0"), std::string::npos);
    expect_said("2 of 6 trials finished, 1 failed, 1 cancelled, 2 to do");
    EXPECT_EQ(status_json(state_, facts_)["trials"]["running"], 0);
    facts_.dir = "my runs/a";
    expect_said("`harrow run --dir 'my runs/a'` resumes");
    facts_.dir = "runs/a";
    state_.sessions.back().end = storage::SessionEndRecord{"drained", "2026-01-01T00:05:00Z", "x"};
    expect_said("drained at 2026-01-01T00:05:00Z (x); `harrow run --dir runs/a` resumes");
}

TEST_F(StatusViewTest, NamesThatSteerATerminalAreShownHarmless) {
    state_.cells[0].name = "evil\x1b[2Jname\n";
    state_.failed["aaaa.s2"].message = "bell\a";
    state_.running["k4"].label = "tab\tlabel\x1b]0;x";
    for (const std::string& line : status_lines(state_, facts_)) {
        EXPECT_EQ(line.find_first_of("\x1b\a\t\n"), std::string::npos) << line;
    }
}

TEST_F(StatusViewTest, SummaryDoesNotChangeWithTimeAlone) {
    const std::string before = status_summary(state_, facts_);
    facts_.now += 100;
    EXPECT_EQ(status_summary(state_, facts_), before);
    state_.finished["aaaa.s4"].trial = "aaaa.s4";
    EXPECT_NE(status_summary(state_, facts_), before);
}

TEST_F(StatusViewTest, JsonHasItsKeys) {
    const Json status = status_json(state_, facts_);
    EXPECT_EQ(status["trials"],
              Json({{"total", 6},
                    {"finished", 2},
                    {"failed", 1},
                    {"cancelled", 1},
                    {"running", 1},
                    {"pending", 2}}));
    EXPECT_EQ(
        status["coordinator"],
        Json({{"alive", true}, {"host", "node1"}, {"pid", 7}, {"since", "2026-01-01T00:00:00Z"}}));
    EXPECT_EQ(status["verdict"], Json({{"code", 75}, {"word", "running"}}));
    EXPECT_EQ(status["eta_s"], 600.0);
    const Json& running = status["running"].at(0);
    EXPECT_EQ(running["label"], "main seed 4");
    EXPECT_EQ(running["kind"], "training");
    EXPECT_EQ(running["trials"], Json({"aaaa.s4"}));
    EXPECT_EQ(running["age_s"], 60);
    EXPECT_EQ(running["checkpoint"]["task"], 1);
    EXPECT_EQ(status["lost_ranks"].at(0)["rank"], 1);
    EXPECT_TRUE(status["lost_slots"].empty());
    EXPECT_EQ(status["failures_by_state"], Json({{"cancelled", 1}, {"crashed", 1}}));
    EXPECT_EQ(status["failures"].size(), 2U);
}

TEST_F(StatusViewTest, ForeignVerdictsAndTimesAreNotGuessed) {
    for (const char* verdict : {"", "done", "75", "x done", "99999999999 done", "7x5 done"}) {
        facts_.verdict = verdict;
        EXPECT_TRUE(status_json(state_, facts_)["verdict"].is_null()) << verdict;
    }
    EXPECT_FALSE(seconds_of("2026-01-01"));
    EXPECT_FALSE(seconds_of("2026-01-01T00:00:00Zx"));
    EXPECT_EQ(age_text("yesterday", 0), "yesterday");
}

TEST(PositionTextTest, CountsFromOne) {
    EXPECT_EQ(position_text(0, 0), "task 1, epoch 0");
    EXPECT_EQ(position_text(0, 3), "task 1, epoch 3");
    EXPECT_EQ(position_text(1, 0), "after task 1");
    EXPECT_EQ(position_text(1, 2), "task 2, epoch 2");
}

}  // namespace
}  // namespace harrow::cli
