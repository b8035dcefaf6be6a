#pragma once

#include <string>

namespace harrow::worker {

/// What `harrow-worker --doctor` prints, one line: {"version":1,"build":"…","torch":"1.13.1",
/// "cuda":false,"blas":"/usr/lib/…/libopenblas.so.0","blas_warning":"…"}. `blas` is empty where it
/// is part of torch; `blas_warning` is empty where it is a fast one. Touches no GPU.
std::string self_check_json(const std::string& build_id);

}  // namespace harrow::worker
