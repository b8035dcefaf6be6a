#pragma once

#include "coordinator/run_loop.hpp"

namespace harrow::cli {

/// First SIGINT, SIGTERM or SIGUSR1: drain; second: now. A write past a file-size limit becomes an
/// ordinary error instead of a death. Signal handlers reach only static storage, hence no object.
void install_signal_handlers();

coordinator::StopLevel requested_stop();

/// The signal that asked for StopLevel::Now; 0 when none did.
int second_signal();

}  // namespace harrow::cli
