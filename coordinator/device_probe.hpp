#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/device_slots.hpp"

namespace harrow::coordinator {

struct ProbeResult {
    std::vector<Device> devices;  ///< empty with a problem
    std::string problem;          ///< the probe failed: why; empty: it answered
    std::string note;             ///< why there is no device, as the worker says it; may be empty
};

/// What `harrow-worker --probe` printed: the last line that begins with '{',
/// {"version":1,"devices":[{"index":0,"uuid":"GPU-…","name":"…","memory_bytes":…}],"note":"…"}.
/// Anything else is a `problem`. Never throws.
ProbeResult parse_probe(std::string_view output);

/// Runs `worker_program --probe` with this process's CUDA_VISIBLE_DEVICES and waits for it, at most
/// `limit`, then kills it. A crash, a time-out or bad output is a `problem`.
ProbeResult probe_devices(const std::string& worker_program,
                          std::chrono::milliseconds limit = std::chrono::seconds(60));

/// Whether this machine shows an NVIDIA driver; without one the probe need not be asked.
bool nvidia_driver_present();

}  // namespace harrow::coordinator
