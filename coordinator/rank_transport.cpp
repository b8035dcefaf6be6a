#include "coordinator/rank_transport.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "coordinator/rank_agreement.hpp"
#include "coordinator/wire.hpp"

namespace harrow::coordinator {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

struct Rank {
    std::string host;
    std::size_t first_slot = 0;
    std::size_t slots = 0;
    Clock::time_point last_heard;
    bool present = false;  // greeted, not lost and not gone
};

// Rank 0's view of the job: its own supervisor in this process, the others by message.
class RankTransport : public Transport {
public:
    RankTransport(RankLink& link, RankOptions options)
        : link_(link),
          options_(std::move(options)),
          supervisor_(options_.supervisor),
          ranks_(static_cast<std::size_t>(link.size())) {}

    std::vector<SlotPlace> start() override {
        const RankHello mine = rank_hello(options_);
        const std::vector<RankHello> all = gather_hellos(mine);
        const std::string refusal = disagreement(all);
        for (int rank = 1; rank < link_.size(); ++rank) {
            post(rank, kNoSlot, Welcome{refusal});
        }
        if (!refusal.empty()) {
            link_.flush(2s);
            throw sweeps::UsageError(refusal);
        }
        std::vector<SlotPlace> places;
        for (std::size_t rank = 0; rank < all.size(); ++rank) {
            ranks_[rank] = {
                all[rank].host, places.size(), all[rank].slots.size(), Clock::now(), true};
            for (const std::string& slot : all[rank].slots) {
                places.push_back({slot, all[rank].host});
            }
        }
        supervisor_.start();
        last_check_ = Clock::now();
        return places;
    }

    void assign(std::size_t slot, const Assign& work) override {
        if (slot < ranks_[0].slots) {
            supervisor_.assign(slot, work);
        } else {
            post_to_slot(slot, work);
        }
    }

    void withdraw(std::size_t slot, const Withdraw& request) override {
        if (slot < ranks_[0].slots) {
            supervisor_.withdraw(slot, request);
        } else {
            post_to_slot(slot, request);
        }
    }

    void cancel(std::size_t slot, const Cancel& request) override {
        if (slot < ranks_[0].slots) {
            supervisor_.cancel(slot, request);
        } else {
            post_to_slot(slot, request);
        }
    }

    void request_stop() override {
        for (std::size_t rank = 1; rank < ranks_.size(); ++rank) {
            if (ranks_[rank].present) {
                post(static_cast<int>(rank), kNoSlot, Stop{});
            }
        }
        supervisor_.request_stop();
    }

    std::vector<TransportEvent> wait(std::chrono::milliseconds timeout) override {
        const Clock::time_point deadline = Clock::now() + timeout;
        std::vector<TransportEvent> events = std::exchange(late_events_, {});
        std::chrono::microseconds pause{0};
        while (true) {
            for (SlotMessage& message : supervisor_.poll(pause)) {
                events.emplace_back(std::move(message));
            }
            receive(events);
            check_leases(events);
            if (!events.empty() || Clock::now() >= deadline) {
                if (!events.empty()) {
                    back_off_.reset();
                }
                return events;
            }
            pause = back_off_.next();
        }
    }

    void stop(std::chrono::milliseconds grace) override {
        post_shutdown(grace);
        supervisor_.stop(grace);
        const Clock::time_point deadline = Clock::now() + grace + kKillLimit;
        while (others_present() && Clock::now() < deadline) {
            receive(late_events_);
            std::this_thread::sleep_for(1ms);
        }
        for (std::size_t rank = 1; rank < ranks_.size(); ++rank) {
            if (ranks_[rank].present) {
                lose(rank, "it did not answer the request to end", late_events_);
            }
        }
        post_shutdown(0ms);  // the last word: only now is it known who takes part in the end
    }

private:
    void post_shutdown(std::chrono::milliseconds grace) {
        for (int rank = 1; rank < link_.size(); ++rank) {
            post(rank,
                 kNoSlot,
                 Shutdown{grace.count(), static_cast<std::uint8_t>(link_.rank_lost())});
        }
        link_.flush(500ms);
    }

    std::vector<RankHello> gather_hellos(const RankHello& mine) {
        std::vector<RankHello> all(ranks_.size());
        std::vector<bool> heard(ranks_.size(), false);
        all[0] = mine;
        heard[0] = true;
        const Clock::time_point deadline = Clock::now() + options_.start_limit;
        while (std::find(heard.begin(), heard.end(), false) != heard.end()) {
            const std::optional<RankMail> mail = link_.receive();
            if (!mail) {
                require_before(deadline, heard);
                std::this_thread::sleep_for(1ms);
                continue;
            }
            const FromWorkerMessage message = decode_from_worker(unwrap(mail->bytes).frame);
            const auto* hello = std::get_if<RankHello>(&message);
            if (hello == nullptr) {
                throw ProtocolError("the first message of rank " + std::to_string(mail->peer) +
                                    " is not RankHello");
            }
            all[static_cast<std::size_t>(mail->peer)] = *hello;
            heard[static_cast<std::size_t>(mail->peer)] = true;
        }
        return all;
    }

    void require_before(Clock::time_point deadline, const std::vector<bool>& heard) const {
        if (Clock::now() < deadline) {
            return;
        }
        std::string missing;
        for (std::size_t rank = 0; rank < heard.size(); ++rank) {
            if (!heard[rank]) {
                missing += (missing.empty() ? "" : ", ") + std::to_string(rank);
            }
        }
        throw sweeps::Error(sweeps::ExitCode::Infrastructure,
                            "rank(s) " + missing + " did not report within " +
                                std::to_string(options_.start_limit / 1s) + " s after the start");
    }

    void post(int rank, std::uint32_t slot, const ToWorkerMessage& message) {
        link_.send(rank, wrap(slot, encode(message)));
    }

    void post_to_slot(std::size_t slot, const ToWorkerMessage& message) {
        const auto owner = std::find_if(ranks_.begin(), ranks_.end(), [&](const Rank& rank) {
            return slot >= rank.first_slot && slot < rank.first_slot + rank.slots;
        });
        if (owner != ranks_.end() && owner->present) {
            post(static_cast<int>(owner - ranks_.begin()),
                 static_cast<std::uint32_t>(slot - owner->first_slot),
                 message);
        }
    }

    void receive(std::vector<TransportEvent>& events) {
        while (const std::optional<RankMail> mail = link_.receive()) {
            const auto index = static_cast<std::size_t>(mail->peer);
            Rank& rank = ranks_[index];
            rank.last_heard = Clock::now();
            try {
                handle(rank, unwrap(mail->bytes), events);
            } catch (const ProtocolError& error) {
                lose(index, error.what(), events);
            }
        }
    }

    void handle(Rank& rank, const Envelope& envelope, std::vector<TransportEvent>& events) {
        FromWorkerMessage message = decode_from_worker(envelope.frame);
        if (std::holds_alternative<RankPulse>(message)) {
            return;
        }
        if (std::holds_alternative<RankBye>(message)) {
            rank.present = false;
        } else if (envelope.slot < rank.slots) {
            events.emplace_back(SlotMessage{rank.first_slot + envelope.slot, std::move(message)});
        } else {
            throw ProtocolError("it sent a message about slot " + std::to_string(envelope.slot) +
                                ", which it does not have");
        }
    }

    void check_leases(std::vector<TransportEvent>& events) {
        const Clock::time_point now = Clock::now();
        if (now - last_check_ < pulse_interval(options_)) {
            return;
        }
        const bool slept = now - last_check_ > options_.lease / 2;  // silence was this rank's own
        last_check_ = now;
        for (std::size_t index = 1; index < ranks_.size(); ++index) {
            Rank& rank = ranks_[index];
            if (!rank.present) {
                continue;
            }
            if (slept) {
                rank.last_heard = now;
            } else if (now - rank.last_heard > options_.lease) {
                lose(index,
                     "no sign of life for " + std::to_string(options_.lease / 1s) + " s",
                     events);
                continue;
            }
            post(static_cast<int>(index), kNoSlot, Pulse{});
        }
    }

    void lose(std::size_t index, const std::string& reason, std::vector<TransportEvent>& events) {
        Rank& rank = ranks_[index];
        if (rank.present) {
            rank.present = false;
            link_.forget(static_cast<int>(index));
            events.emplace_back(
                RankLost{static_cast<int>(index), rank.host, rank.first_slot, rank.slots, reason});
        }
    }

    bool others_present() const {
        return std::any_of(
            ranks_.begin() + 1, ranks_.end(), [](const Rank& rank) { return rank.present; });
    }

    RankLink& link_;
    RankOptions options_;
    Supervisor supervisor_;
    std::vector<Rank> ranks_;
    BackOff back_off_;
    Clock::time_point last_check_;
    std::vector<TransportEvent> late_events_;  // what arrived while stopping
};

}  // namespace

std::unique_ptr<Transport> make_rank_transport(RankLink& link, RankOptions options) {
    return std::make_unique<RankTransport>(link, std::move(options));
}

}  // namespace harrow::coordinator
