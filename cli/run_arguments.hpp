#pragma once

#include <string>

#include "cli/options.hpp"

namespace CLI {
class App;
}

/// Flags that several verbs share. What they are bound to must live as long as the parser.
namespace harrow::cli {

void add_order(CLI::App& app, std::string& order);

/// Where and how work is computed.
void add_device_options(CLI::App& app, RunOptions& options);

/// All of `harrow run` but the sweep and its directory; `harrow slurm` hands them on to the job.
void add_run_flags(CLI::App& app, RunOptions& options);

}  // namespace harrow::cli
