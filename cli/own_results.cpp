#include "cli/own_results.hpp"

#include "sweeps/error.hpp"

namespace harrow::cli {

void require_own_results(const storage::RunState& state,
                         const std::string& dir,
                         const std::string& why) {
    if (state.sweep && state.sweep->imported) {
        throw sweeps::UsageError(dir + " holds results made elsewhere (harrow import): " + why);
    }
}

}  // namespace harrow::cli
