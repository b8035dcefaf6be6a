#pragma once

#include <string>

namespace harrow::worker {

/// What `harrow-worker --probe` prints, one line: {"version":1,"devices":[{"index":0,
/// "uuid":"GPU-…","name":"…","memory_bytes":…}]}, of the GPUs that CUDA_VISIBLE_DEVICES leaves.
/// Without one the list is empty and "note" says why. Makes no CUDA context.
std::string probe_json();

}  // namespace harrow::worker
