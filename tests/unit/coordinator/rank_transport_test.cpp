#include "coordinator/rank_transport.hpp"

#include <deque>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include "coordinator/rank_agreement.hpp"
#include "coordinator/run_loop.hpp"
#include "coordinator/wire.hpp"
#include "fake_slots.hpp"

namespace harrow::coordinator {
namespace {

using namespace std::chrono_literals;

// Two ranks; the test plays the other one by hand.
class FakeLink : public RankLink {
public:
    explicit FakeLink(int rank) : rank_(rank) {}
    int rank() const override { return rank_; }
    int size() const override { return 2; }
    void send(int, const std::string& bytes) override {
        if (!forgotten) {
            sent.push_back(bytes);
        }
    }
    std::size_t unsent(int) const override { return 0; }
    void forget(int) override { forgotten = true; }
    bool rank_lost() const override { return forgotten; }
    void note_rank_lost() override { forgotten = true; }
    std::optional<RankMail> receive() override {
        if (on_receive) {
            on_receive();
        }
        if (inbox.empty()) {
            return std::nullopt;
        }
        const std::string bytes = inbox.front();
        inbox.pop_front();
        return RankMail{1 - rank_, bytes};
    }
    void flush(std::chrono::milliseconds) override {}

    void deliver(std::uint32_t slot, const FromWorkerMessage& message) {
        inbox.push_back(wrap(slot, encode(message)));
    }
    void deliver(const ToWorkerMessage& message) {
        inbox.push_back(wrap(kNoSlot, encode(message)));
    }

    std::deque<std::string> inbox;
    std::deque<std::string> sent;
    std::function<void()> on_receive;
    bool forgotten = false;

private:
    int rank_;
};

RankOptions options_of(const std::string& host, const std::string& sweep) {
    RankOptions options;
    options.supervisor = fake_options(1, {}, host);
    options.sweep_digest = sweep;
    options.lease = 500ms;
    return options;
}

class Observer : public RunObserver {
public:
    void finished(std::size_t unit,
                  int attempt,
                  const SlotPlace& place,
                  const WorkResult&) override {
        EXPECT_TRUE(attempts.emplace(unit, attempt).second);
        slots.insert(place.name);
    }
    void failed(const UnitFailure& failure) override { failures.push_back(failure); }
    void warning(const std::string& message) override { warnings += message + "\n"; }
    void rank_lost(const RankLost& lost) override {
        warnings += "rank " + std::to_string(lost.rank) + " (" + lost.host + "): " + lost.reason;
    }

    std::map<std::size_t, int> attempts;
    std::set<std::string> slots;
    std::vector<UnitFailure> failures;
    std::string warnings;
};

RunPlan plan_of(int units, const std::string& payload) {
    RunPlan plan;
    for (int index = 0; index < units; ++index) {
        RunUnit unit;
        unit.key = "key";
        unit.payload = payload;
        plan.units.push_back(unit);
    }
    return plan;
}

TEST(RankTransportTest, ASilentRankIsLostAndItsWorkDoneElsewhere) {
    FakeLink link(0);
    link.deliver(kNoSlot, rank_hello(options_of("b", "s")));
    std::size_t answers = 0;  // Ready after Welcome, Started after the first unit; then silence
    link.on_receive = [&] {
        if (answers == 0 && link.sent.size() == 1) {
            link.deliver(0, Ready{});
            ++answers;
        } else if (answers == 1 && link.sent.size() > 1) {
            link.deliver(0, Started{0, 1});
            ++answers;
        }
    };
    const auto transport = make_rank_transport(link, options_of("a", "s"));
    Observer observer;
    RunLimits limits;
    limits.tick = 20ms;
    const RunOutcome outcome = run_units(plan_of(4, "sleep 20"), *transport, observer, limits);
    EXPECT_EQ(outcome.verdict, RunOutcome::Verdict::AllDone);
    EXPECT_EQ(observer.attempts.size(), 4U);
    EXPECT_EQ(observer.slots, std::set<std::string>{"a/0"});
    EXPECT_NE(observer.warnings.find("rank 1"), std::string::npos);
    EXPECT_TRUE(link.forgotten);
}

TEST(RankTransportTest, RanksThatDisagreeAreTurnedAway) {
    FakeLink link(0);
    link.deliver(kNoSlot, rank_hello(options_of("b", "another sweep")));
    const auto transport = make_rank_transport(link, options_of("a", "s"));
    EXPECT_THROW(transport->start(), sweeps::UsageError);
    ASSERT_EQ(link.sent.size(), 1U);
    const auto welcome = std::get<Welcome>(decode_to_worker(unwrap(link.sent[0]).frame));
    EXPECT_NE(welcome.refusal.find("another sweep"), std::string::npos);
}

TEST(RankTransportTest, ARankThatNeverReportsEndsTheStart) {
    FakeLink link(0);
    RankOptions options = options_of("a", "s");
    options.start_limit = 50ms;
    const auto transport = make_rank_transport(link, options);
    try {
        transport->start();
        FAIL() << "started";
    } catch (const sweeps::Error& error) {
        EXPECT_EQ(error.exit_code(), sweeps::ExitCode::Infrastructure);
        EXPECT_NE(std::string(error.what()).find("rank(s) 1"), std::string::npos);
    }
}

TEST(RankServiceTest, ItRunsWorkAndSaysGoodbye) {
    FakeLink link(1);
    link.deliver(Welcome{});
    Assign work;
    work.unit = 3;
    work.attempt = 1;
    work.payload = "note a";
    link.inbox.push_back(wrap(0, encode(ToWorkerMessage(work))));
    std::set<std::size_t> seen;
    link.on_receive = [&] {
        for (const std::string& bytes : link.sent) {
            seen.insert(decode_from_worker(unwrap(bytes).frame).index());
        }
        if (seen.count(2) == 1 && link.inbox.empty()) {  // Finished
            link.deliver(Shutdown{1000});
        }
    };
    serve_rank(link, options_of("b", "s"));
    const FromWorkerMessage last = decode_from_worker(unwrap(link.sent.back()).frame);
    EXPECT_TRUE(std::holds_alternative<RankBye>(last));
}

TEST(RankServiceTest, ItLearnsAtTheEndWhetherAnotherRankWasLost) {
    for (const std::uint8_t lost : {std::uint8_t{0}, std::uint8_t{1}}) {
        FakeLink link(1);
        link.deliver(Welcome{});
        link.deliver(Shutdown{100});
        link.on_receive = [&] {
            if (std::holds_alternative<RankBye>(
                    decode_from_worker(unwrap(link.sent.back()).frame))) {
                link.deliver(Shutdown{0, lost});
            }
        };
        serve_rank(link, options_of("b", "s"));
        EXPECT_EQ(link.rank_lost(), lost != 0);
    }
}

TEST(RankServiceTest, ItCancelsAndStopsUnitsOnRankZerosWord) {
    FakeLink link(1);
    link.deliver(Welcome{});
    for (std::uint32_t unit = 0; unit < 3; ++unit) {
        Assign work;
        work.unit = unit;
        work.attempt = 1;
        work.payload = "sleep 60000";
        link.inbox.push_back(wrap(0, encode(ToWorkerMessage(work))));
    }
    std::map<std::uint32_t, FailureKind> ends;
    std::set<std::uint32_t> started, returned;
    bool cancelled = false;
    bool stopped = false;
    link.on_receive = [&] {
        for (const std::string& bytes : link.sent) {
            const FromWorkerMessage message = decode_from_worker(unwrap(bytes).frame);
            if (const auto* start = std::get_if<Started>(&message)) {
                started.insert(start->unit);
            } else if (const auto* failed = std::get_if<Failed>(&message)) {
                ends[failed->unit] = failed->kind;
            } else if (const auto* back = std::get_if<Returned>(&message)) {
                returned.insert(back->unit);
            }
        }
        if (started.count(0) == 1 && !std::exchange(cancelled, true)) {
            link.inbox.push_back(wrap(0, encode(ToWorkerMessage(Cancel{0, 1}))));
        } else if (started.count(1) == 1 && !std::exchange(stopped, true)) {
            link.deliver(Stop{});
        } else if (ends.size() == 2 && returned.size() == 1 && link.inbox.empty()) {
            link.deliver(Shutdown{1000});
        }
    };
    RankOptions options = options_of("b", "s");
    options.lease = 30s;
    serve_rank(link, options);
    EXPECT_EQ(ends.at(0), FailureKind::Cancelled);
    EXPECT_EQ(ends.at(1), FailureKind::Stopped);
    EXPECT_EQ(returned, std::set<std::uint32_t>{2});
}

TEST(RankServiceTest, WithoutAWordFromRankZeroItLeaves) {
    FakeLink link(1);
    link.deliver(Welcome{});
    EXPECT_THROW(serve_rank(link, options_of("b", "s")), LeaseExpired);
}

TEST(RankServiceTest, ItLeavesWhenThereIsNothingToRun) {
    FakeLink link(1);
    link.deliver(Shutdown{0});
    serve_rank(link, options_of("b", "s"));
    EXPECT_EQ(link.sent.size(), 1U);
}

TEST(RankServiceTest, ItPassesTheRefusalOn) {
    FakeLink link(1);
    link.deliver(Welcome{"the ranks cannot work together"});
    EXPECT_THROW(serve_rank(link, options_of("b", "s")), sweeps::UsageError);
}

}  // namespace
}  // namespace harrow::coordinator
