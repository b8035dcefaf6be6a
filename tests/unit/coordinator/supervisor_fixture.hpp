#pragma once

#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "coordinator/supervisor.hpp"
#include "coordinator/work.hpp"
#include "fake_slots.hpp"

namespace harrow::coordinator {
// A supervisor with one slot, and what it said.
class SupervisorTest : public ::testing::Test {
protected:
    void start(SupervisorOptions options) {
        supervisor_ = std::make_unique<Supervisor>(std::move(options));
        supervisor_->start();
    }
    void assign(std::uint32_t unit, const std::string& payload, std::uint32_t attempt = 1) {
        Assign work;
        work.unit = unit;
        work.attempt = attempt;
        work.key = "key" + std::to_string(unit);
        work.payload = payload;
        supervisor_->assign(0, work);
    }
    // The next message of type M; others are dropped. Fails the test after 10 s.
    template <typename M>
    M expect() {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (std::chrono::steady_clock::now() < deadline) {
            for (SlotMessage& message : supervisor_->poll(std::chrono::milliseconds(20))) {
                pending_.push_back(std::move(message.message));
            }
            while (!pending_.empty()) {
                FromWorkerMessage message = std::move(pending_.front());
                pending_.erase(pending_.begin());
                if (M* found = std::get_if<M>(&message)) {
                    return std::move(*found);
                }
            }
        }
        ADD_FAILURE() << "the expected message did not come";
        return M{};
    }
    std::vector<std::string> notes_of(const Finished& finished) {
        return work_result_from_json(finished.result).notes;
    }

    std::unique_ptr<Supervisor> supervisor_;
    std::vector<FromWorkerMessage> pending_;
};

inline bool has_children() {
    return ::waitpid(-1, nullptr, WNOHANG) != -1 || errno != ECHILD;
}

}  // namespace harrow::coordinator
