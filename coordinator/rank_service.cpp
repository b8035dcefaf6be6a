#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "coordinator/rank_agreement.hpp"
#include "coordinator/rank_transport.hpp"
#include "coordinator/wire.hpp"

namespace harrow::coordinator {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kWordLimit = 10s;  // for the last word to come after all ranks answered or are lost
constexpr std::size_t kMaxUnsent = 1024;  // beyond it progress is dropped

// A rank other than 0: carries messages between rank 0 and its own supervisor.
class RankService {
public:
    RankService(RankLink& link, RankOptions options)
        : link_(link), options_(std::move(options)), supervisor_(options_.supervisor) {}

    void run() {
        if (!agree()) {
            return;
        }
        supervisor_.start();
        last_heard_ = last_pulse_ = Clock::now();
        std::optional<Shutdown> shutdown;
        while (!shutdown) {
            shutdown = receive();
            for (const SlotMessage& message : supervisor_.poll(back_off_.next())) {
                forward(message);
            }
            keep_lease();
        }
        supervisor_.stop(std::chrono::milliseconds(shutdown->grace_ms));
        for (const SlotMessage& message : supervisor_.poll(0us)) {
            forward(message);  // what finished in the last moment counts
        }
        post(kNoSlot, RankBye{});
        link_.flush(5s);
        await_last_word(std::chrono::milliseconds(shutdown->grace_ms) + kKillLimit + kWordLimit);
    }

private:
    // False: rank 0 has nothing to run.
    bool agree() {
        post(kNoSlot, rank_hello(options_));
        const Clock::time_point deadline = Clock::now() + options_.start_limit + 10s;
        BackOff pause;
        while (Clock::now() < deadline) {
            const std::optional<RankMail> mail = link_.receive();
            if (!mail) {
                std::this_thread::sleep_for(pause.next());
                continue;
            }
            const ToWorkerMessage message = decode_to_worker(unwrap(mail->bytes).frame);
            if (const auto* welcome = std::get_if<Welcome>(&message)) {
                if (!welcome->refusal.empty()) {
                    throw sweeps::UsageError(welcome->refusal);
                }
                return true;
            }
            if (std::holds_alternative<Shutdown>(message)) {
                return false;
            }
            throw ProtocolError("the first message of rank 0 is not Welcome");
        }
        throw sweeps::Error(sweeps::ExitCode::Infrastructure,
                            "rank 0 did not answer within " +
                                std::to_string(options_.start_limit / 1s + 10) +
                                " s after the start");
    }

    // Rank 0 has then heard from all ranks or given them up. Without it a rank that died at the end
    // would be waited for as long as MPI does, which is for ever.
    void await_last_word(std::chrono::milliseconds limit) {
        const Clock::time_point deadline = Clock::now() + limit;
        while (Clock::now() < deadline) {
            if (const std::optional<Shutdown> word = receive()) {
                if (word->rank_lost != 0) {
                    link_.note_rank_lost();
                }
                return;
            }
            std::this_thread::sleep_for(1ms);
        }
        link_.note_rank_lost();  // rank 0
    }

    // A Shutdown, once it has come.
    std::optional<Shutdown> receive() {
        while (const std::optional<RankMail> mail = link_.receive()) {
            last_heard_ = Clock::now();
            const Envelope envelope = unwrap(mail->bytes);
            const ToWorkerMessage message = decode_to_worker(envelope.frame);
            if (const auto* shutdown = std::get_if<Shutdown>(&message)) {
                return *shutdown;
            }
            if (const auto* assign = std::get_if<Assign>(&message)) {
                supervisor_.assign(envelope.slot, *assign);
                back_off_.reset();
            } else if (const auto* withdraw = std::get_if<Withdraw>(&message)) {
                supervisor_.withdraw(envelope.slot, *withdraw);
                back_off_.reset();
            } else if (const auto* cancel = std::get_if<Cancel>(&message)) {
                supervisor_.cancel(envelope.slot, *cancel);
            } else if (std::holds_alternative<Stop>(message)) {
                supervisor_.request_stop();
            }
        }
        return std::nullopt;
    }

    void forward(const SlotMessage& message) {
        back_off_.reset();
        const bool droppable = std::holds_alternative<Progress>(message.message);
        if (!droppable || link_.unsent(0) < kMaxUnsent) {
            post(static_cast<std::uint32_t>(message.slot), message.message);
        }
    }

    void keep_lease() {
        const Clock::time_point now = Clock::now();
        if (now - last_pulse_ < pulse_interval(options_)) {
            return;
        }
        const bool slept = now - last_pulse_ > options_.lease / 2;
        last_pulse_ = now;
        if (slept) {
            last_heard_ = now;  // what rank 0 said meanwhile is read next
        } else if (now - last_heard_ > options_.lease * 2 / 3) {
            throw LeaseExpired("rank 0 gave no sign of life for " +
                               std::to_string(options_.lease * 2 / 3 / 1s) +
                               " s; this rank ends its work, which rank 0 may give to others");
        }
        post(kNoSlot, RankPulse{});
    }

    void post(std::uint32_t slot, const FromWorkerMessage& message) {
        link_.send(0, wrap(slot, encode(message)));
    }

    RankLink& link_;
    RankOptions options_;
    Supervisor supervisor_;
    BackOff back_off_;
    Clock::time_point last_heard_;
    Clock::time_point last_pulse_;
};

}  // namespace

void serve_rank(RankLink& link, RankOptions options) {
    RankService(link, std::move(options)).run();
}

}  // namespace harrow::coordinator
