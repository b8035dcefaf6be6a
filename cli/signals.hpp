#pragma once

#include "coordinator/run_loop.hpp"

namespace harrow::cli {

/// SIGINT, SIGTERM, SIGHUP and SIGUSR1: inside a DrainScope the first asks to drain, the second to
/// stop now, a third ends the process; outside of one the first ends it (128 + signal). SIGHUP
/// stays ignored where it was (nohup). A write
/// past a file-size limit becomes an ordinary error instead of a death. Signal handlers reach only
/// static storage, hence no object.
void install_signal_handlers();

/// While it lives, somebody asks requested_stop() and acts on it.
class DrainScope {
public:
    DrainScope();
    ~DrainScope();
    DrainScope(const DrainScope&) = delete;
    DrainScope& operator=(const DrainScope&) = delete;
};

coordinator::StopLevel requested_stop();

/// The signal that asked for StopLevel::Now; 0 when none did.
int second_signal();

}  // namespace harrow::cli
