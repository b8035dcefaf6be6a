#include "coordinator/supervisor.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <deque>
#include <iterator>
#include <utility>

#include <poll.h>
#include <unistd.h>

#include "coordinator/supervised_slot.hpp"

namespace harrow::coordinator {
namespace {

using Clock = SupervisedSlot::Clock;
using namespace std::chrono_literals;

constexpr auto kMemoryKillsInterval = 1s;
// Longer between two looks, and this process itself was stopped or the machine slept.
constexpr auto kStandstill = 5s;

void require_program(const std::string& program) {
    if (::access(program.c_str(), X_OK) != 0) {
        throw sweeps::UsageError("the worker program '" + program + "' cannot be run: " +
                                 std::strerror(errno) + "; harrow-worker belongs beside harrow");
    }
}

}  // namespace

std::vector<SlotSpec> make_cpu_slots(const std::string& prefix, int count, int threads) {
    std::vector<SlotSpec> slots;
    for (int index = 0; index < count; ++index) {
        SlotSpec slot;
        slot.name = prefix + "/" + std::to_string(index);
        slot.threads = threads;
        slots.push_back(std::move(slot));
    }
    return slots;
}

int decode_threads_of(const SlotSpec& slot, std::size_t slots, unsigned cores) {
    if (slot.decode_threads > 0) {
        return slot.decode_threads;
    }
    const std::size_t share = slots > 0 ? cores / slots : cores;
    return slot.device == "cpu" ? std::max(slot.threads, 1)
                                : static_cast<int>(std::max<std::size_t>(share, 1));
}

std::int64_t resident_share(const SlotSpec& slot, std::int64_t wanted) {
    if (slot.sharing <= 1) {
        return wanted;
    }
    return (wanted >= 0 ? wanted : slot.device_bytes / 2) / slot.sharing;
}

class Supervisor::State {
public:
    explicit State(SupervisorOptions given)
        : options(std::move(given)),
          memory_kills(options.memory_events.empty() ? KernelMemoryKills()
                                                     : KernelMemoryKills(options.memory_events)) {
        for (const SlotSpec& spec : options.slots) {
            slots.emplace_back(options, spec, memory_kills);
        }
    }

    // One look at all children, waiting at most until `deadline`.
    void look(Clock::time_point deadline) {
        notice_standstill(awake_ + kStandstill);
        std::vector<pollfd> polled;
        std::vector<SupervisedSlot*> owners;
        for (SupervisedSlot& slot : slots) {
            deadline = std::min(deadline, slot.next_deadline());
            if (slot.has_child() && slot.socket() >= 0) {
                const int events = POLLIN | (slot.wants_to_write() ? POLLOUT : 0);
                polled.push_back({slot.socket(), static_cast<short>(events), 0});
                owners.push_back(&slot);
            }
            if (slot.has_child() && slot.output() >= 0) {
                polled.push_back({slot.output(), POLLIN, 0});
                owners.push_back(&slot);
            }
        }
        const auto wait = std::max<std::chrono::nanoseconds>(deadline - Clock::now(), 0ns);
        const timespec limit = {static_cast<time_t>(wait / 1s),
                                static_cast<long>((wait % 1s) / 1ns)};
        ::ppoll(polled.data(), polled.size(), &limit, nullptr);  // a signal only ends the wait
        notice_standstill(deadline + kStandstill);
        for (std::size_t index = 0; index < polled.size(); ++index) {
            handle(polled[index], *owners[index]);
        }
        const Clock::time_point now = Clock::now();
        for (SupervisedSlot& slot : slots) {
            slot.watch(now);
        }
        if (now - last_memory_look_ >= kMemoryKillsInterval) {
            last_memory_look_ = now;
            memory_kills.look(now);
        }
    }

    std::vector<SlotMessage> take_messages() {
        std::vector<SlotMessage> result;
        for (std::size_t index = 0; index < slots.size(); ++index) {
            for (FromWorkerMessage& message : slots[index].take_messages()) {
                result.push_back({index, std::move(message)});
            }
        }
        return result;
    }

    // True when no child is left.
    bool reap_all(Clock::time_point deadline) {
        while (true) {
            const auto left = std::count_if(
                slots.begin(), slots.end(), [](SupervisedSlot& slot) { return !slot.reap(); });
            if (left == 0 || Clock::now() >= deadline) {
                return left == 0;
            }
            look(std::min<Clock::time_point>(deadline, Clock::now() + 5ms));
        }
    }

    SupervisorOptions options;
    KernelMemoryKills memory_kills;
    std::deque<SupervisedSlot> slots;  // never moved: they refer to their SlotSpec

private:
    // Children that were not watched, or stood still themselves, are not late.
    void notice_standstill(Clock::time_point expected) {
        const Clock::time_point now = Clock::now();
        if (now > expected) {
            for (SupervisedSlot& slot : slots) {
                slot.restart_limits(now);
            }
        }
        awake_ = now;
    }

    Clock::time_point awake_ = Clock::now();
    Clock::time_point last_memory_look_;

    static void handle(const pollfd& polled, SupervisedSlot& slot) {
        if (!slot.has_child() || polled.revents == 0) {
            return;
        }
        if (polled.fd == slot.output()) {
            slot.read_output();
            return;
        }
        if (polled.fd == slot.socket()) {
            if ((polled.revents & POLLOUT) != 0) {
                slot.write_socket();
            }
            if ((polled.revents & ~POLLOUT) != 0) {
                slot.read_socket();
            }
        }
    }
};

Supervisor::Supervisor(SupervisorOptions options)
    : state_(std::make_unique<State>(std::move(options))) {}

Supervisor::~Supervisor() = default;

void Supervisor::start() {
    require_program(state_->options.worker_program);
    for (SupervisedSlot& slot : state_->slots) {
        slot.start_child();
    }
}

void Supervisor::assign(std::size_t slot, const Assign& work) {
    state_->slots.at(slot).assign(work);
}

void Supervisor::withdraw(std::size_t slot, const Withdraw& request) {
    state_->slots.at(slot).withdraw(request.unit, request.attempt);
}

void Supervisor::cancel(std::size_t slot, const Cancel& request) {
    state_->slots.at(slot).cancel(request);
}

void Supervisor::request_stop() {
    for (SupervisedSlot& slot : state_->slots) {
        slot.request_stop();
    }
}

std::vector<SlotMessage> Supervisor::poll(std::chrono::microseconds timeout) {
    const Clock::time_point deadline = Clock::now() + timeout;
    std::vector<SlotMessage> messages = state_->take_messages();
    state_->look(messages.empty() ? deadline : Clock::now());
    while (true) {
        std::vector<SlotMessage> more = state_->take_messages();
        std::move(more.begin(), more.end(), std::back_inserter(messages));
        if (!messages.empty() || Clock::now() >= deadline) {
            return messages;
        }
        state_->look(deadline);
    }
}

void Supervisor::stop(std::chrono::milliseconds grace) {
    request_stop();
    if (state_->reap_all(Clock::now() + grace)) {
        return;
    }
    for (SupervisedSlot& slot : state_->slots) {
        slot.kill("did not end in time");
    }
    if (state_->reap_all(Clock::now() + kKilledChildLimit)) {
        return;
    }
    for (SupervisedSlot& slot : state_->slots) {
        slot.leave_child_behind(Clock::now());
    }
}

}  // namespace harrow::coordinator
