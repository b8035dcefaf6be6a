#pragma once

#include <string>

#include "coordinator/work.hpp"

/// Where the seconds of work went, for people.
namespace harrow::cli {

/// ": 60 images, 21.3/s (backbone 55 %, waiting for images 30 %, …)", or nothing where no image was
/// extracted.
std::string extraction_text(const coordinator::WorkResult& result);

/// "time of all slots: 61.3 s (training 71 %, …)"; empty for no time.
std::string slot_time_text(const coordinator::WorkTimes& times, double slot_seconds);

}  // namespace harrow::cli
