#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "coordinator/local_transport.hpp"
#include "coordinator/run_loop.hpp"
#include "fake_slots.hpp"

namespace harrow::coordinator {
class Recorder : public RunObserver {
public:
    void started(std::size_t unit, int attempt, const SlotPlace&) override {
        starts.push_back({unit, attempt});
    }
    void finished(std::size_t unit,
                  int attempt,
                  const SlotPlace& place,
                  const WorkResult& result) override {
        EXPECT_TRUE(attempts.emplace(unit, attempt).second) << "finished twice";
        slots.insert(place.name);
        notes[unit] = result.notes;
        uncommitted = true;
        if (throw_on_finish) {
            throw sweeps::StorageError("the disk is full");
        }
    }
    void failed(const UnitFailure& failure) override {
        failures.push_back(failure);
        uncommitted = true;
    }
    void revived(std::size_t unit) override { revivals.push_back(unit); }
    void checkpointed(const Checkpointed& report) override { checkpoints.push_back(report); }
    void resumed(const Resumed& report) override { resumes.push_back(report); }
    bool commit() override {
        if (full && full()) {
            ++refused_commits;
            return false;
        }
        uncommitted = false;
        return true;
    }
    void out_of_room(const std::string& message) override { warnings.push_back(message); }
    bool has_room() override { return !full || !full(); }
    void draining(const DrainNotice& notice) override { drains.push_back(notice); }
    void slot_lost(const SlotPlace&, const std::string& reason) override {
        warnings.push_back(reason);
    }
    void warning(const std::string& message) override { warnings.push_back(message); }
    void tick(const RunSnapshot& snapshot) override { last = snapshot; }

    std::vector<std::pair<std::size_t, int>> starts;
    std::map<std::size_t, int> attempts;  // of finished units
    std::map<std::size_t, std::vector<std::string>> notes;
    std::set<std::string> slots;
    std::vector<UnitFailure> failures;
    std::vector<std::size_t> revivals;
    std::vector<std::string> warnings;
    std::vector<Checkpointed> checkpoints;
    std::vector<Resumed> resumes;
    std::vector<DrainNotice> drains;
    std::function<bool()> full;  // whether the disk is
    int refused_commits = 0;
    RunSnapshot last;
    bool uncommitted = false;
    bool throw_on_finish = false;
};

inline RunUnit unit(const std::string& payload, std::vector<std::size_t> depends_on = {}) {
    RunUnit result;
    result.key = "key";
    result.label = "unit of '" + payload + "'";
    result.payload = payload;
    result.depends_on = std::move(depends_on);
    result.trials = 1;
    return result;
}

inline RunLimits quick_limits() {
    RunLimits limits;
    limits.tick = std::chrono::milliseconds(10);
    limits.stop_grace = std::chrono::seconds(5);
    return limits;
}

inline RunOutcome run(const RunPlan& plan,
                      Recorder& recorder,
                      const RunLimits& limits = quick_limits(),
                      SupervisorOptions options = fake_options(2)) {
    const auto transport = make_local_transport(std::move(options));
    return run_units(plan, *transport, recorder, limits);
}

}  // namespace harrow::coordinator
