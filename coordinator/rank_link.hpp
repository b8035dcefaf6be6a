#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace harrow::coordinator {

struct RankMail {
    int peer = 0;
    std::string bytes;
};

/// Messages between the ranks of a job, in order per pair of ranks. Nothing here waits for a peer:
/// a dead one is silent, and what is sent to it is lost without notice.
class RankLink {
public:
    virtual ~RankLink() = default;
    virtual int rank() const = 0;
    virtual int size() const = 0;

    /// Queues a message. Call `receive` regularly: it also moves the queues.
    virtual void send(int peer, const std::string& bytes) = 0;
    /// Messages to `peer` that have not left yet.
    virtual std::size_t unsent(int peer) const = 0;
    /// Drops what is queued for a lost peer; later messages to it vanish, those from it are
    /// ignored.
    virtual void forget(int peer) = 0;
    /// Whether a rank of this job was lost: forgotten here or, as rank 0 says, elsewhere.
    virtual bool rank_lost() const = 0;
    virtual void note_rank_lost() = 0;
    virtual std::optional<RankMail> receive() = 0;
    /// Waits until all queues are empty, at most `limit`.
    virtual void flush(std::chrono::milliseconds limit) = 0;
};

/// Time between two looks at the network: short after a message, longer the longer it is silent.
class BackOff {
public:
    std::chrono::microseconds next() {
        const std::chrono::microseconds current = wait_;
        wait_ = wait_ * 2 < kLongest ? wait_ * 2 : kLongest;
        return current;
    }
    void reset() { wait_ = kShortest; }

private:
    static constexpr std::chrono::microseconds kShortest{50};
    static constexpr std::chrono::microseconds kLongest{4000};
    std::chrono::microseconds wait_ = kShortest;
};

}  // namespace harrow::coordinator
