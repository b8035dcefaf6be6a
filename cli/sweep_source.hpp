#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "storage/run_state.hpp"
#include "sweeps/input_catalog.hpp"
#include "sweeps/sweep.hpp"

namespace harrow::cli {

/// A sweep and where it came from, so that a run directory can load it again from anywhere.
struct SweepSource {
    sweeps::Sweep sweep;
    std::string base_directory;          ///< absolute; of the sweep file
    std::vector<std::string> overrides;  ///< paths among them made absolute
};

/// SPEC and KEY=VALUE… of a command line.
struct TypedSweep {
    std::string spec;  ///< empty: none was given
    std::vector<std::string> overrides;
};

/// `harrow run --dir DIR KEY=VALUE`: without a sweep file the first override stands in its place.
TypedSweep typed_sweep(const std::string& spec, const std::vector<std::string>& overrides);

/// From a file and overrides as typed. Throws sweeps::UsageError with all problems.
SweepSource load_sweep_source(const std::string& spec,
                              const std::vector<std::string>& overrides,
                              sweeps::InputCatalog& catalog);

/// As the journal of a run directory remembers it, with further overrides as typed.
SweepSource resume_sweep_source(const storage::SweepRecord& record,
                                const std::vector<std::string>& overrides,
                                sweeps::InputCatalog& catalog);

/// Normal, without looking at the disk.
std::string absolute_path(const std::filesystem::path& path);

/// `cache` as typed, else the default; absolute.
std::filesystem::path cache_directory(const std::string& cache);

}  // namespace harrow::cli
