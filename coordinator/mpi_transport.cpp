#include "coordinator/mpi_transport.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <mpi.h>

#include "coordinator/protocol_error.hpp"
#include "coordinator/rank_transport.hpp"
#include "coordinator/wire.hpp"

// The only file that knows MPI. Messages are cut into chunks small enough to be sent eagerly, so
// that neither side ever waits for the other: a chunk that was announced is already here.

namespace harrow::coordinator {
namespace {

constexpr int kTag = 1;
constexpr std::size_t kChunkBytes = 3500;  // below the eager limit of shared memory, 4096
constexpr std::size_t kMaxOutstanding = 64;
constexpr auto kReleaseLimit = std::chrono::seconds(5);
constexpr auto kFinalizeLimit = std::chrono::seconds(5);  // when a rank was lost

void check(int code, const char* call) {
    if (code == MPI_SUCCESS) {
        return;
    }
    char text[MPI_MAX_ERROR_STRING] = {};
    int length = 0;
    MPI_Error_string(code, text, &length);
    throw sweeps::Error(sweeps::ExitCode::Infrastructure,
                        std::string(call) + " failed: " + std::string(text, length));
}

// A chunk on its way: first byte 1 when more of the message follow.
struct Outgoing {
    MPI_Request request = MPI_REQUEST_NULL;
    std::string bytes;
};

struct Peer {
    std::deque<std::string> queued;    // chunks
    std::deque<Outgoing> outstanding;  // never moved while MPI reads them
    std::string partial;               // message being received
    bool lost = false;
};

}  // namespace

class MpiSession::Link : public RankLink {
public:
    Link() {
        int granted = 0;
        check(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &granted), "MPI_Init_thread");
        MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
        check(MPI_Comm_rank(MPI_COMM_WORLD, &rank_), "MPI_Comm_rank");
        check(MPI_Comm_size(MPI_COMM_WORLD, &size_), "MPI_Comm_size");
        peers_.resize(static_cast<std::size_t>(size_));
    }

    int rank() const override { return rank_; }
    int size() const override { return size_; }

    void send(int peer_rank, const std::string& bytes) override {
        Peer& peer = peers_.at(static_cast<std::size_t>(peer_rank));
        if (peer.lost) {
            return;
        }
        for (std::size_t at = 0; at == 0 || at < bytes.size(); at += kChunkBytes) {
            const std::string_view part = std::string_view(bytes).substr(at, kChunkBytes);
            const bool more = at + part.size() < bytes.size();
            peer.queued.push_back(std::string(1, more ? '\1' : '\0') + std::string(part));
        }
        push(peer_rank);
    }

    std::size_t unsent(int peer) const override {
        return peers_.at(static_cast<std::size_t>(peer)).queued.size();
    }

    void forget(int peer_rank) override {
        Peer& peer = peers_.at(static_cast<std::size_t>(peer_rank));
        peer.lost = rank_lost_ = true;
        peer.queued.clear();
        // MPI may still read these buffers; they stay until the process ends.
    }

    bool rank_lost() const override { return rank_lost_; }
    void note_rank_lost() override { rank_lost_ = true; }

    std::optional<RankMail> receive() override {
        for (int peer = 0; peer < size_; ++peer) {
            push(peer);
        }
        while (true) {
            int arrived = 0;
            MPI_Status status;
            check(MPI_Iprobe(MPI_ANY_SOURCE, kTag, MPI_COMM_WORLD, &arrived, &status),
                  "MPI_Iprobe");
            if (arrived == 0) {
                return std::nullopt;
            }
            if (take_chunk(status)) {
                Peer& peer = peers_.at(static_cast<std::size_t>(status.MPI_SOURCE));
                return RankMail{status.MPI_SOURCE, std::exchange(peer.partial, {})};
            }
        }
    }

    void flush(std::chrono::milliseconds limit) override {
        const auto deadline = std::chrono::steady_clock::now() + limit;
        BackOff pause;
        while (!all_sent() && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(pause.next());
            for (int peer = 0; peer < size_; ++peer) {
                push(peer);
            }
        }
    }

private:
    // True when a message is complete in `partial`.
    bool take_chunk(const MPI_Status& status) {
        int count = 0;
        check(MPI_Get_count(&status, MPI_BYTE, &count), "MPI_Get_count");
        std::string chunk(static_cast<std::size_t>(count), '\0');
        check(MPI_Recv(chunk.data(),
                       count,
                       MPI_BYTE,
                       status.MPI_SOURCE,
                       kTag,
                       MPI_COMM_WORLD,
                       MPI_STATUS_IGNORE),
              "MPI_Recv");
        Peer& peer = peers_.at(static_cast<std::size_t>(status.MPI_SOURCE));
        if (peer.lost || chunk.empty()) {
            return false;
        }
        peer.partial.append(chunk, 1, std::string::npos);
        return chunk.front() == '\0';
    }

    // Retires what MPI has sent and hands it as much of the queue as the limit allows.
    void push(int peer_rank) {
        Peer& peer = peers_[static_cast<std::size_t>(peer_rank)];
        while (!peer.outstanding.empty()) {
            int done = 0;
            check(MPI_Test(&peer.outstanding.front().request, &done, MPI_STATUS_IGNORE),
                  "MPI_Test");
            if (done == 0) {
                break;
            }
            peer.outstanding.pop_front();
        }
        while (!peer.queued.empty() && peer.outstanding.size() < kMaxOutstanding) {
            peer.outstanding.push_back({MPI_REQUEST_NULL, std::move(peer.queued.front())});
            peer.queued.pop_front();
            Outgoing& chunk = peer.outstanding.back();
            check(MPI_Isend(chunk.bytes.data(),
                            static_cast<int>(chunk.bytes.size()),
                            MPI_BYTE,
                            peer_rank,
                            kTag,
                            MPI_COMM_WORLD,
                            &chunk.request),
                  "MPI_Isend");
        }
    }

    bool all_sent() const {
        return std::all_of(peers_.begin(), peers_.end(), [](const Peer& peer) {
            return peer.lost || (peer.queued.empty() && peer.outstanding.empty());
        });
    }

    int rank_ = 0;
    int size_ = 1;
    std::deque<Peer> peers_;
    bool rank_lost_ = false;
};

namespace {

// Leaves the process with `exit_code` unless it is destroyed within the limit.
class EndGuard {
public:
    explicit EndGuard(int exit_code) : thread_([this, exit_code] { wait(exit_code); }) {}
    ~EndGuard() {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            done_ = true;
        }
        changed_.notify_one();
        thread_.join();
    }
    EndGuard(const EndGuard&) = delete;
    EndGuard& operator=(const EndGuard&) = delete;

private:
    void wait(int exit_code) {
        std::unique_lock<std::mutex> lock(mutex_);
        if (!changed_.wait_for(lock, kFinalizeLimit, [this] { return done_; })) {
            std::_Exit(exit_code);
        }
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    bool done_ = false;
    std::thread thread_;  // last: it uses the others
};

// Whether mpirun, which passes this on to ranks, lets a job outlive a rank.
bool survives_lost_ranks() {
    const char* recovery = std::getenv("OMPI_MCA_orte_enable_recovery");
    return recovery != nullptr && std::string_view(recovery) != "0";
}

// What mpirun makes of an exit code; see run_under_mpi.
int code_for_launcher(int exit_code) {
    return survives_lost_ranks() ? 0 : exit_code;
}

void finalize(bool rank_lost, int exit_code) {
    std::optional<EndGuard> guard;  // MPI_Finalize may wait for the lost rank for ever
    if (rank_lost) {
        guard.emplace(exit_code);
    }
    MPI_Finalize();
}

}  // namespace

MpiSession::MpiSession() : link_(std::make_unique<Link>()) {}
MpiSession::~MpiSession() = default;

int MpiSession::rank() const {
    return link_->rank();
}
int MpiSession::size() const {
    return link_->size();
}
RankLink& MpiSession::link() {
    return *link_;
}

// Rank 0 may end without having started a run (nothing to do); the others wait for its word. Those
// that a transport has ended already do not read this.
void MpiSession::release_ranks() {
    for (int peer = 1; link_->rank() == 0 && peer < link_->size(); ++peer) {
        link_->send(
            peer,
            wrap(kNoSlot, encode(Shutdown{0, static_cast<std::uint8_t>(link_->rank_lost())})));
    }
    link_->flush(kReleaseLimit);
}

std::string mpi_library_version() {
    char text[MPI_MAX_LIBRARY_VERSION_STRING] = {};
    int length = 0;
    check(MPI_Get_library_version(text, &length), "MPI_Get_library_version");
    const std::string version(text, static_cast<std::size_t>(length));
    return version.substr(0, version.find_first_of("\r\n"));
}

int run_under_mpi(const std::function<int(MpiSession&)>& body,
                  const std::function<int(const std::exception&)>& report) {
    MpiSession session;
    try {
        const int exit_code = body(session);
        session.release_ranks();
        finalize(session.link_->rank_lost(), code_for_launcher(exit_code));
        return code_for_launcher(exit_code);
    } catch (const std::exception& error) {
        const int exit_code = report(error);
        if (dynamic_cast<const LeaseExpired*>(&error) != nullptr && survives_lost_ranks()) {
            std::_Exit(0);  // rank 0, should it live, counts this rank as lost and goes on
        }
        if (session.rank() > 0 && dynamic_cast<const sweeps::UsageError*>(&error) == nullptr) {
            MPI_Abort(MPI_COMM_WORLD, exit_code);  // rank 0 knows nothing of it
        }
        session.release_ranks();
        finalize(true, code_for_launcher(exit_code));
        return code_for_launcher(exit_code);
    }
}

std::unique_ptr<Transport> make_mpi_transport(MpiSession& session, RankOptions options) {
    return make_rank_transport(session.link(), std::move(options));
}

void serve_rank(MpiSession& session, RankOptions options) {
    serve_rank(session.link(), std::move(options));
}

}  // namespace harrow::coordinator
