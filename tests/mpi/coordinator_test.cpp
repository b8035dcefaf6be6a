// Runs under an MPI launcher with any number of ranks: the run loop over ranks with fake workers.
#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <mpi.h>
#include <signal.h>

#include "coordinator/launch_environment.hpp"
#include "coordinator/mpi_transport.hpp"
#include "coordinator/run_loop.hpp"

namespace {

using namespace harrow;
using namespace harrow::coordinator;
using namespace std::chrono_literals;
using Verdict = RunOutcome::Verdict;

class Checks {
public:
    explicit Checks(int rank) : rank_(rank) {}
    void that(bool holds, const std::string& what) {
        if (!holds) {
            std::fprintf(stderr, "FAILED on rank %d: %s\n", rank_, what.c_str());
            ++failures_;
        }
    }
    int failures() const { return failures_; }

private:
    int rank_;
    int failures_ = 0;
};

class Observer : public RunObserver {
public:
    explicit Observer(Checks& checks) : checks_(checks) {}
    void started(std::size_t, int, const SlotPlace&) override { ++starts; }
    void finished(std::size_t unit,
                  int attempt,
                  const SlotPlace& place,
                  const WorkResult& result) override {
        checks_.that(attempts.emplace(unit, attempt).second, "a unit finished twice");
        slots.insert(place.name);
        for (const std::string& note : result.notes) {
            note_bytes += note.size();
        }
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
    std::size_t note_bytes = 0;
    int starts = 0;

private:
    Checks& checks_;
};

RankOptions rank_options(int rank, const std::string& sweep = "sweep") {
    RankOptions options;
    options.supervisor.worker_program = HARROW_FAKE_WORKER;
    options.supervisor.build_id = "test-build";
    options.supervisor.slots = make_cpu_slots("rank" + std::to_string(rank), 2, 1);
    options.sweep_digest = sweep;
    return options;
}

RunUnit unit(const std::string& payload, std::vector<std::size_t> depends_on = {}) {
    RunUnit result;
    result.key = "key";
    result.label = payload;
    result.payload = payload;
    result.depends_on = std::move(depends_on);
    return result;
}

RunLimits quick_limits() {
    RunLimits limits;
    limits.tick = 20ms;
    return limits;
}

// Rank 0 runs the plan and judges; the others serve.
void scenario(MpiSession& session,
              Checks& checks,
              const RunPlan& plan,
              const RunLimits& limits,
              const std::function<void(const RunOutcome&, Observer&)>& judge) {
    MPI_Barrier(MPI_COMM_WORLD);
    if (session.rank() > 0) {
        serve_rank(session, rank_options(session.rank()));
        return;
    }
    Observer observer(checks);
    const auto transport = make_mpi_transport(session, rank_options(0));
    judge(run_units(plan, *transport, observer, limits), observer);
}

void everything_runs_once_everywhere(MpiSession& session, Checks& checks) {
    RunPlan plan;
    for (int index = 0; index < 4; ++index) {
        plan.units.push_back(unit("sleep 5"));
    }
    for (std::size_t index = 0; index < 60; ++index) {
        plan.units.push_back(unit("sleep 20;note x", {index % 4}));
    }
    scenario(session, checks, plan, quick_limits(), [&](const RunOutcome& outcome, Observer& seen) {
        checks.that(outcome.verdict == Verdict::AllDone, "verdict of a plain run");
        checks.that(seen.attempts.size() == 64, "every unit finishes");
        checks.that(seen.slots.size() == 2 * static_cast<std::size_t>(session.size()),
                    "every slot of every rank works");
        checks.that(seen.note_bytes == 60, "results arrive");
        checks.that(seen.failures.empty(), "no failure");
    });
}

void a_killed_child_costs_one_attempt(MpiSession& session, Checks& checks) {
    RunPlan plan;
    for (int index = 0; index < 12; ++index) {
        plan.units.push_back(
            unit(index % 4 == 0 ? "@1 print last words;@1 crash 9;sleep 5" : "sleep 5"));
    }
    scenario(session, checks, plan, quick_limits(), [&](const RunOutcome& outcome, Observer& seen) {
        checks.that(outcome.verdict == Verdict::AllDone, "verdict after killed children");
        checks.that(seen.failures.size() == 3, "one failed attempt per kill");
        for (const UnitFailure& failure : seen.failures) {
            checks.that(!failure.final && failure.signal == SIGKILL && failure.attempt == 1,
                        "the signal is reported");
            checks.that(failure.stderr_tail == "last words", "the output's end is reported");
        }
        for (const auto& [index, attempt] : seen.attempts) {
            checks.that(attempt == (index % 4 == 0 ? 2 : 1), "attempts");
        }
    });
}

void a_crashing_unit_fails_alone(MpiSession& session, Checks& checks) {
    RunPlan plan;
    plan.units = {unit("crash 11"), unit("sleep 5"), unit("sleep 5", {0}), unit("fail 0")};
    scenario(session, checks, plan, quick_limits(), [&](const RunOutcome& outcome, Observer& seen) {
        checks.that(outcome.verdict == Verdict::SomeFailed, "verdict with failures");
        checks.that(outcome.finished == 1 && outcome.failed == 3, "counts with failures");
        checks.that(seen.failures.size() == 5, "failures are reported");
    });
}

void large_messages_pass(MpiSession& session, Checks& checks) {
    RunPlan plan;
    for (int index = 0; index < 8; ++index) {
        plan.units.push_back(unit("big 1500000;note " + std::string(500000, 'x')));
    }
    scenario(session, checks, plan, quick_limits(), [&](const RunOutcome& outcome, Observer& seen) {
        checks.that(outcome.verdict == Verdict::AllDone, "verdict with large messages");
        checks.that(seen.note_bytes == 8 * 2000000, "large messages arrive whole");
    });
}

void a_stop_ends_all_ranks(MpiSession& session, Checks& checks) {
    RunPlan plan;
    for (int index = 0; index < 20; ++index) {
        plan.units.push_back(unit("sleep 60000"));
    }
    RunLimits limits = quick_limits();
    const auto begin = std::chrono::steady_clock::now();
    limits.stop = [begin] {
        const bool early = std::chrono::steady_clock::now() - begin < 500ms;
        return early ? StopLevel::Run : StopLevel::Drain;
    };
    scenario(session, checks, plan, limits, [&](const RunOutcome& outcome, Observer& seen) {
        checks.that(outcome.verdict == Verdict::StoppedEarly, "verdict of a stopped run");
        checks.that(outcome.not_run == 20, "nothing finished");
        checks.that(seen.failures.empty(), "being stopped is no failure");
    });
}

void ranks_that_disagree_refuse_alike(MpiSession& session, Checks& checks) {
    MPI_Barrier(MPI_COMM_WORLD);
    if (session.size() == 1) {
        return;
    }
    const bool odd_one = session.rank() == session.size() - 1;
    const RankOptions options = rank_options(session.rank(), odd_one ? "another" : "sweep");
    try {
        if (session.rank() == 0) {
            make_mpi_transport(session, options)->start();
        } else {
            serve_rank(session, options);
        }
        checks.that(false, "different sweeps are accepted");
    } catch (const sweeps::UsageError& error) {
        checks.that(std::string(error.what()).find("another") != std::string::npos,
                    "the refusal names the sweeps");
    }
}

// Rank 0 never starts a run; the others must end with it all the same.
void nothing_to_do(MpiSession& session) {
    MPI_Barrier(MPI_COMM_WORLD);
    if (session.rank() > 0) {
        serve_rank(session, rank_options(session.rank()));
    }
}

int all_scenarios(MpiSession& session) {
    Checks checks(session.rank());
    everything_runs_once_everywhere(session, checks);
    a_killed_child_costs_one_attempt(session, checks);
    a_crashing_unit_fails_alone(session, checks);
    large_messages_pass(session, checks);
    a_stop_ends_all_ranks(session, checks);
    ranks_that_disagree_refuse_alike(session, checks);
    int failures = checks.failures();
    MPI_Allreduce(MPI_IN_PLACE, &failures, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    nothing_to_do(session);
    return failures == 0 ? 0 : 1;
}

// The last rank dies in the middle; needs a launcher that lets the others live.
int lost_rank(MpiSession& session) {
    RankOptions options = rank_options(session.rank());
    options.lease = 3s;
    if (session.rank() > 0) {
        std::thread killer;
        if (session.rank() == session.size() - 1) {
            killer = std::thread([] {
                std::this_thread::sleep_for(700ms);
                ::raise(SIGKILL);
            });
            killer.detach();
        }
        serve_rank(session, options);
        return 0;
    }
    Checks checks(0);
    Observer observer(checks);
    RunPlan plan;
    for (int index = 0; index < 60; ++index) {
        plan.units.push_back(unit("sleep 100"));
    }
    const auto transport = make_mpi_transport(session, options);
    const RunOutcome outcome = run_units(plan, *transport, observer, quick_limits());
    checks.that(outcome.verdict == Verdict::AllDone, "verdict after a lost rank");
    checks.that(observer.attempts.size() == 60, "all units finish without the lost rank");
    checks.that(observer.warnings.find("rank 2") != std::string::npos, "the lost rank is named");
    if (checks.failures() == 0) {
        std::puts("passed: a lost rank costs nothing but its attempts");
    }
    return checks.failures() == 0 ? 0 : 1;
}

int report(const std::exception& error) {
    std::fprintf(stderr, "FAILED: %s\n", error.what());
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (!launch_environment().under_launcher) {
        std::fprintf(stderr, "start this test with mpirun\n");
        return 77;
    }
    const bool lose_rank = argc > 1 && std::string(argv[1]) == "rank-lost";
    return run_under_mpi(lose_rank ? lost_rank : all_scenarios, report);
}
