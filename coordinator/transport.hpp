#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "coordinator/messages.hpp"

namespace harrow::coordinator {

/// A message of a slot's child or supervisor. `slot` counts over all ranks, from 0.
struct SlotMessage {
    std::size_t slot = 0;
    FromWorkerMessage message;
};

/// A rank fell silent; its slots [first_slot, first_slot + slots) are gone for good.
struct RankLost {
    int rank = 0;
    std::string host;
    std::size_t first_slot = 0;
    std::size_t slots = 0;
    std::string reason;
};

struct SlotPlace {
    std::string name;  ///< unique over all ranks
    std::string host;
};

using TransportEvent = std::variant<SlotMessage, RankLost>;

/// The coordinator's way to every slot of every rank. All calls from one thread, the one that made
/// the transport. Messages to a slot arrive in order; those to a lost slot vanish.
class Transport {
public:
    virtual ~Transport() = default;

    /// Starts children everywhere and returns the slots. Throws when ranks do not agree on
    /// build or sweep.
    virtual std::vector<SlotPlace> start() = 0;

    /// At most 64 units wait at a slot; they run in order of arrival.
    virtual void assign(std::size_t slot, const Assign& work) = 0;
    virtual void withdraw(std::size_t slot, const Withdraw& request) = 0;

    /// The unit ends soon: Failed{Cancelled}, unless it finished meanwhile.
    virtual void cancel(std::size_t slot, const Cancel& request) = 0;

    /// Tells all children to publish a checkpoint of what they run and to leave; waits for nothing.
    /// What waits at slots comes back, and so does what is assigned from now on. No child is
    /// replaced any more.
    virtual void request_stop() = 0;

    /// Waits until something happened or `timeout` passed.
    virtual std::vector<TransportEvent> wait(std::chrono::milliseconds timeout) = 0;

    /// Ends all children (Stop, then SIGKILL after `grace`) and the other ranks. Bounded;
    /// idempotent.
    virtual void stop(std::chrono::milliseconds grace) = 0;
};

}  // namespace harrow::coordinator
