#pragma once

#include <algorithm>
#include <chrono>
#include <memory>

#include "coordinator/mpi_transport.hpp"
#include "coordinator/rank_link.hpp"

/// `make_mpi_transport` and `serve_rank` over any link; the MPI session provides the real one.
namespace harrow::coordinator {

std::unique_ptr<Transport> make_rank_transport(RankLink& link, RankOptions options);
void serve_rank(RankLink& link, RankOptions options);

/// Time between two heartbeats: a second, less under a very short lease.
inline std::chrono::milliseconds pulse_interval(const RankOptions& options) {
    return std::min<std::chrono::milliseconds>(std::chrono::seconds(1), options.lease / 5);
}

}  // namespace harrow::coordinator
