#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "coordinator/supervisor.hpp"
#include "coordinator/transport.hpp"

namespace harrow::coordinator {

class RankLink;

/// MPI between MPI_Init and MPI_Finalize; made by `run_under_mpi` only.
class MpiSession {
public:
    ~MpiSession();
    MpiSession(const MpiSession&) = delete;
    MpiSession& operator=(const MpiSession&) = delete;
    int rank() const;
    int size() const;

    /// For the transport and the service of ranks.
    RankLink& link();

private:
    friend int run_under_mpi(const std::function<int(MpiSession&)>&,
                             const std::function<int(const std::exception&)>&);
    MpiSession();
    void release_ranks();
    class Link;
    std::unique_ptr<Link> link_;
};

/// Runs `body` in every rank of an MPI job and returns its exit code; MPI is finalised before. Call
/// it only when `launch_environment().under_launcher`, and only after everything that can fail
/// alike in all ranks (command line, sweep file, data) was checked: such a rank then simply leaves
/// with exit code 2 before MPI is touched, as all others do. An exception of `body` goes to
/// `report`, which prints it and returns the exit code. Rank 0 then sends the others home; of
/// another rank the whole job is aborted with that code, because rank 0 may be waiting for it.
///
/// Under `mpirun --enable-recovery` 0 is returned whatever the verdict: mpirun then ends with 0 in
/// any case, and with several nodes it would wait for ever for a rank 0 that says anything else.
/// The verdict is in DIR/status.
int run_under_mpi(const std::function<int(MpiSession&)>& body,
                  const std::function<int(const std::exception&)>& report);

struct RankOptions {
    SupervisorOptions supervisor;
    std::string sweep_digest;  ///< all ranks must hold the same sweep
    /// A rank without heartbeat for this long is lost to rank 0; a rank that hears nothing from
    /// rank 0 for two thirds of it ends its children and leaves.
    std::chrono::milliseconds lease{std::chrono::seconds(30)};
    std::chrono::milliseconds start_limit{std::chrono::minutes(2)};  ///< for all ranks to report
};

/// Rank 0: its own slots and those of every other rank, in order of rank.
std::unique_ptr<Transport> make_mpi_transport(MpiSession& session, RankOptions options);

/// Rank k > 0: supervises its slots until rank 0 ends the run. Throws the same error as rank 0 when
/// the ranks do not agree on build or sweep.
void serve_rank(MpiSession& session, RankOptions options);

}  // namespace harrow::coordinator
