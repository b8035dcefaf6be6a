#pragma once

#include <memory>

#include "coordinator/supervisor.hpp"
#include "coordinator/transport.hpp"

namespace harrow::coordinator {

/// The slots of this process alone; no MPI call.
std::unique_ptr<Transport> make_local_transport(SupervisorOptions options);

}  // namespace harrow::coordinator
