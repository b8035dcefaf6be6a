#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/transport.hpp"

namespace harrow::coordinator {

struct SlotSpec {
    std::string name;             ///< unique over all ranks, e.g. "node1/0"
    std::string device = "cpu";   ///< as in Hello
    std::string device_name;      ///< for people, e.g. "NVIDIA H200, …"; empty on a CPU
    std::string visible_devices;  ///< CUDA_VISIBLE_DEVICES of the child; empty: none
    int threads = 1;              ///< OMP_NUM_THREADS, OPENBLAS_NUM_THREADS
    int decode_threads = 0;       ///< that decode images ahead of the device; 0: decode_threads_of
    int sharing = 1;              ///< slots on its device, itself among them
    std::int64_t device_bytes = 0;  ///< memory of its GPU
};

/// Of a GPU's memory for features (`wanted`; -1: half of it) the part of one slot: an equal share
/// where several slots share it. -1: half of what the child finds free.
std::int64_t resident_share(const SlotSpec& slot, std::int64_t wanted);

/// Threads that decode for a slot: as many as it computes with on a CPU, its share of `cores` (of
/// this machine, for `slots` slots) where a GPU computes. At least 1.
int decode_threads_of(const SlotSpec& slot, std::size_t slots, unsigned cores);

/// `count` CPU slots named "<prefix>/0", "<prefix>/1", …
std::vector<SlotSpec> make_cpu_slots(const std::string& prefix, int count, int threads);

struct SupervisorOptions {
    std::string worker_program;                 ///< path of harrow-worker
    std::vector<std::string> worker_arguments;  ///< without the program itself
    std::string build_id;                       ///< a child of another build is refused
    std::string cache_root;
    std::vector<SlotSpec> slots;
    std::int64_t resident_bytes = -1;  ///< of features in a GPU's memory; -1: half of what is free
    std::chrono::milliseconds hang_limit{
        std::chrono::minutes(10)};  ///< without a step, with a unit
    std::chrono::milliseconds ready_limit{std::chrono::minutes(2)};  ///< from start to Ready
    std::chrono::milliseconds cancel_limit{
        std::chrono::seconds(30)};  ///< from Cancel to the child's answer
    std::chrono::milliseconds unkillable_limit{
        std::chrono::seconds(30)};  ///< from SIGKILL to the end of the child
    int quarantine_after = 3;       ///< consecutive deaths, or failed starts, before Ready
    std::chrono::milliseconds start_pause{std::chrono::seconds(5)};  ///< after a failed start
    std::int64_t max_rss_bytes = 0;                                  ///< of a child; 0: no limit
    std::string memory_events;  ///< counts kernel kills; empty: of this control group
    std::chrono::milliseconds memory_interval{std::chrono::seconds(1)};  ///< between two looks

    /// Receives what children write to stdout and stderr, line by line. `key`: of the unit in hand,
    /// empty between units.
    std::function<void(const std::string& slot, const std::string& key, std::string_view line)>
        log_sink;
};

/// Starts, feeds and watches the children of this rank's slots. A child that dies or hangs is
/// replaced; the units that wait at its slot stay there. Never blocks but in `poll` and `stop`.
/// All calls from the thread that made it: children are tied to that thread's life.
class Supervisor {
public:
    explicit Supervisor(SupervisorOptions options);
    ~Supervisor();  ///< kills what still runs
    Supervisor(const Supervisor&) = delete;
    Supervisor& operator=(const Supervisor&) = delete;

    void start();
    void assign(std::size_t slot, const Assign& work);
    void withdraw(std::size_t slot, const Withdraw& request);
    /// The unit ends: by its child's answer, or by SIGKILL after `cancel_limit`.
    void cancel(std::size_t slot, const Cancel& request);

    /// Stop frames to all children; none is replaced any more. What waits at slots comes back, as
    /// does what is assigned from now on. Goes on with poll().
    void request_stop();

    /// Waits until children did something worth reporting or `timeout` passed; a timeout of 0 only
    /// looks. Slots are this rank's, from 0.
    std::vector<SlotMessage> poll(std::chrono::microseconds timeout);

    /// Stop frames, `grace`, SIGKILL. Afterwards no child is left but those that the kernel does
    /// not let go of. Idempotent.
    void stop(std::chrono::milliseconds grace);

private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace harrow::coordinator
