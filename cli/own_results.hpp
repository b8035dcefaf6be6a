#pragma once

#include <string>

#include "storage/run_state.hpp"

namespace harrow::cli {

/// Why a sweep cannot go there.
inline constexpr const char* kNothingToRun =
    "there is no sweep that could be run or extended; choose another --dir";

/// For verbs that need more than rows. Throws UsageError when `dir` holds results made elsewhere:
/// "<dir> holds results made elsewhere (harrow import): <why>".
void require_own_results(const storage::RunState& state,
                         const std::string& dir,
                         const std::string& why);

}  // namespace harrow::cli
