#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>

#include "coordinator/mpi_transport.hpp"
#include "coordinator/rank_link.hpp"
#include "sweeps/error.hpp"

/// `make_mpi_transport` and `serve_rank` over any link; the MPI session provides the real one.
namespace harrow::coordinator {

std::unique_ptr<Transport> make_rank_transport(RankLink& link, RankOptions options);
void serve_rank(RankLink& link, RankOptions options);

/// A rank other than 0 heard nothing from rank 0 for so long that rank 0 may have given its work to
/// others: it ends its children and itself, not the job.
class LeaseExpired : public sweeps::Error {
public:
    explicit LeaseExpired(const std::string& what)
        : sweeps::Error(sweeps::ExitCode::Infrastructure, what) {}
};

/// After the grace: until a rank has ended children that ignore Stop.
constexpr std::chrono::seconds kKillLimit{12};

/// Time between two heartbeats: a second, less under a very short lease.
inline std::chrono::milliseconds pulse_interval(const RankOptions& options) {
    return std::min<std::chrono::milliseconds>(std::chrono::seconds(1), options.lease / 5);
}

}  // namespace harrow::coordinator
