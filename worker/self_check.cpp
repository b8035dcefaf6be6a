#include "worker/self_check.hpp"

#include <nlohmann/json.hpp>
#include <torch/version.h>

#include "worker/blas_check.hpp"

namespace harrow::worker {

std::string self_check_json(const std::string& build_id) {
#ifdef HARROW_WITH_CUDA
    constexpr bool kCuda = true;
#else
    constexpr bool kCuda = false;
#endif
    using Json = nlohmann::ordered_json;
    const Json answer = {{"version", 1},
                         {"build", build_id},
                         {"torch", TORCH_VERSION},
                         {"cuda", kCuda},
                         {"blas", blas_library()},
                         {"blas_warning", slow_blas_warning().value_or("")}};
    return answer.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace harrow::worker
