#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The whole protocol. A coordinator talks to supervisors (one per rank), a supervisor to its
/// children (one per slot); a supervisor forwards a child's messages unchanged.
namespace harrow::coordinator {

constexpr std::uint16_t kProtocolVersion = 5;

// ---- towards the worker -------------------------------------------------------------------------
enum class ToWorker : std::uint16_t {
    Hello = 1,  // supervisor -> child, first
    Assign,     // coordinator -> supervisor -> child
    Stop,       // rank 0 -> rank k, supervisor -> child: publish a checkpoint of what runs, leave
    Withdraw,   // coordinator -> supervisor: give a unit back that has not started
    Welcome,    // rank 0 -> rank k: answer to RankHello
    Pulse,      // rank 0 -> rank k, every second
    Shutdown,   // rank 0 -> rank k: end the children, answer RankBye; the second one: leave
    Cancel      // coordinator -> supervisor -> child: end this unit, keep nothing, stay
};

enum class UnitKind : std::uint8_t { Extract = 0, Train = 1 };

struct Hello {
    std::uint16_t protocol = kProtocolVersion;
    std::string build_id;
    std::string slot;  ///< name, for logs
    std::string cache_root;
    int threads = 1;
    std::string device;                ///< "cpu" or "cuda:0"
    int decode_threads = 1;            ///< that read and decode images ahead of the device
    std::int64_t resident_bytes = -1;  ///< of features in a GPU's memory; -1: half of what is free
};
struct Assign {
    std::uint32_t unit = 0;
    std::uint32_t attempt = 0;  ///< from 1
    UnitKind kind = UnitKind::Train;
    std::string key;      ///< feature or training key, for logs
    std::string payload;  ///< JSON of ExtractionWork or TrainingWork
};
struct Stop {};
struct Withdraw {
    std::uint32_t unit = 0, attempt = 0;
};
struct Welcome {
    std::string refusal;  ///< empty: welcome
};
struct Cancel {
    std::uint32_t unit = 0, attempt = 0;
};
struct Shutdown {
    std::int64_t grace_ms = 0;
    std::uint8_t rank_lost = 0;  ///< 1: not all ranks will take part in the end of the job
};

// ---- from the worker ----------------------------------------------------------------------------
enum class FromWorker : std::uint16_t {
    Ready = 65,  // child, answer to Hello
    Progress,
    Finished,
    Failed,
    Heartbeat,     // child; stays with the supervisor, which watches for hangs
    Started,       // supervisor: the child now has the unit
    Returned,      // supervisor: answer to a Withdraw that came before the start
    ChildLost,     // supervisor: a child died or was killed; a fresh one is being started
    Quarantined,   // supervisor: the slot's children die before they are ready; no more are started
    RankHello,     // rank k -> rank 0, first
    RankPulse,     // rank k -> rank 0, every second
    RankBye,       // rank k -> rank 0, answer to Shutdown: its children are gone, nothing follows
    Checkpointed,  // child: a checkpoint of its training is on disk
    Resumed        // child: its training goes on from a checkpoint, not from the start
};

enum class FailureKind : std::uint8_t {
    BadData,      ///< an input file cannot be used
    Diverged,     ///< the loss is not finite
    OutOfMemory,  ///< an allocation failed
    Stopped,      ///< ended on request; a training goes on from its last checkpoint
    Internal,     ///< a defect of Harrow
    Storage,      ///< disk full, unreadable cache: not the unit's fault
    // The scheduler's own verdicts:
    Crashed,     ///< died repeatedly in the same way
    Lost,        ///< lost its worker too often
    Dependency,  ///< something it needs failed
    Cancelled,   ///< the user took it out of the sweep
};

struct Ready {
    std::uint16_t protocol = kProtocolVersion;
    std::string build_id;
    std::int64_t pid = 0;
    std::string device;
    std::vector<std::string> warnings;  ///< e.g. a slow BLAS
};
struct Progress {
    std::uint32_t unit = 0, attempt = 0;
    std::uint64_t step = 0;         ///< grows with every batch of work
    int task = 0, tasks = 0;        ///< from 0; tasks 0: unknown
    int epoch = 0, epochs = 0;      ///< epochs done of this task
    std::string text;               ///< "training", "scoring", …
    std::int64_t images = 0;        ///< of an extraction, done
    std::int64_t images_total = 0;  ///< 0: not an extraction
};
struct Finished {
    std::uint32_t unit = 0, attempt = 0;
    std::string result;  ///< JSON of WorkResult
};
struct Failed {
    std::uint32_t unit = 0, attempt = 0;
    FailureKind kind = FailureKind::Internal;
    std::string message;
};
struct Heartbeat {
    std::uint64_t step = 0;
};
struct Started {
    std::uint32_t unit = 0, attempt = 0;
};
struct Returned {
    std::uint32_t unit = 0, attempt = 0;
};
struct ChildLost {
    std::uint32_t unit = 0, attempt = 0;  ///< attempt 0: it held no unit
    int signal = 0;                       ///< 0: it exited with `exit_code`
    int exit_code = 0;
    std::string reason;       ///< "killed by SIGSEGV", "hung: no step for 600 s", …
    std::string stderr_tail;  ///< last 200 lines
    std::int64_t peak_rss_bytes = 0;
    std::uint8_t out_of_memory = 0;  ///< 1: the kernel or the limit on its memory ended it
};
struct Quarantined {
    std::string reason;
};
struct RankHello {
    std::uint16_t protocol = kProtocolVersion;
    std::string host;
    std::string build_id;
    std::string sweep_digest;
    std::vector<std::string> slots;  ///< names
    std::string device_kind;         ///< "cpu" or "cuda"
};
struct Pulse {};
struct RankPulse {};
struct RankBye {};
/// The next thing to be trained is `epoch` (from 0) of `task` (from 0).
struct Checkpointed {
    std::uint32_t unit = 0, attempt = 0;
    int task = 0, epoch = 0;
    std::int64_t bytes = 0;
};
struct Resumed {
    std::uint32_t unit = 0, attempt = 0;
    int task = 0, epoch = 0;
};

/// Alternatives stand in the order of the enums.
using ToWorkerMessage =
    std::variant<Hello, Assign, Stop, Withdraw, Welcome, Pulse, Shutdown, Cancel>;
using FromWorkerMessage = std::variant<Ready,
                                       Progress,
                                       Finished,
                                       Failed,
                                       Heartbeat,
                                       Started,
                                       Returned,
                                       ChildLost,
                                       Quarantined,
                                       RankHello,
                                       RankPulse,
                                       RankBye,
                                       Checkpointed,
                                       Resumed>;

/// Lower-case name as it stands in journal and messages: "bad_data", "out_of_memory", …
std::string_view name_of(FailureKind kind);
/// True for a state (`name_of`) that is not the trial's fault: a later run tries it again by
/// itself.
bool is_infrastructure_failure(std::string_view state);
std::string_view name_of(UnitKind kind);

}  // namespace harrow::coordinator
