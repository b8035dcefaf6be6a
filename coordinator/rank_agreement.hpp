#pragma once

#include <string>
#include <vector>

#include "coordinator/messages.hpp"
#include "coordinator/mpi_transport.hpp"

namespace harrow::coordinator {

/// How this rank introduces itself.
RankHello rank_hello(const RankOptions& options);

/// Why these ranks (by number) cannot work together; empty when they can: they must be one build,
/// hold the same sweep and compute on one kind of device, and slot names must be unique.
std::string disagreement(const std::vector<RankHello>& ranks);

}  // namespace harrow::coordinator
