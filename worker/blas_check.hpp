#pragma once

#include <optional>
#include <string>

namespace harrow::worker {

/// A sentence for the user when this process computes with the reference BLAS, which is some 25
/// times slower than an optimised one; empty when it does not. Looks at the libraries loaded now.
std::optional<std::string> slow_blas_warning();

/// Real path of the BLAS this process computes with; empty where it is part of torch.
std::string blas_library();

}  // namespace harrow::worker
