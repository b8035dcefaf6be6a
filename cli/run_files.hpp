#pragma once

#include <string>

#include "cli/sweep_source.hpp"
#include "storage/lock_holder.hpp"
#include "storage/run_directory.hpp"
#include "storage/run_state.hpp"
#include "sweeps/error.hpp"

namespace harrow::cli {

/// manifest.json: versions, host, data and weights digests, every cell's canonical text and seeds.
std::string manifest_json(const SweepSource& source,
                          sweeps::InputCatalog& catalog,
                          const std::string& cache_root);

/// results.csv and cells.csv, rebuilt from what the journal proves.
void publish_derived_files(const storage::RunDirectory& directory, const storage::RunState& state);

/// `status`: the exit code and why, for job scripts that cannot trust a launcher's exit code.
void publish_status(const storage::RunDirectory& directory,
                    sweeps::ExitCode code,
                    const std::string& reason);

using storage::utc_now;

}  // namespace harrow::cli
