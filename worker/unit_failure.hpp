#pragma once

#include <cstdint>

#include "coordinator/messages.hpp"

namespace harrow::worker {

/// Why the exception in flight ended the unit; call it in a handler. A configuration that backbone
/// or method refuses is the user's to change, like an unusable image.
coordinator::Failed failure_in_flight(std::uint32_t unit, std::uint32_t attempt);

/// Whether the exception in flight leaves this process's GPU unusable: every later call fails too,
/// and only a fresh process helps. Call it in a handler.
bool device_failed_in_flight();

}  // namespace harrow::worker
