#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace harrow::cli {

/// True when jobs were sent for the directory and none has begun the run yet.
bool only_submitted(const std::string& dir);

/// One line per job of `harrow slurm submit` that matters still (all that wait or run, and the last
/// one): its state in the queue, or why that is unknown. Empty where none was sent. Waits at most a
/// few seconds for Slurm.
std::string slurm_status_text(const std::string& dir);

/// The same as a list; empty where none was sent.
nlohmann::ordered_json slurm_status_json(const std::string& dir);

}  // namespace harrow::cli
