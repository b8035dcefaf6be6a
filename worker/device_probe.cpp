#include "worker/device_probe.hpp"

#include <cstdio>
#include <string>

#include <nlohmann/json.hpp>

#ifdef HARROW_WITH_CUDA
#include <cuda_runtime_api.h>
#endif

namespace harrow::worker {

namespace {

using Json = nlohmann::ordered_json;

#ifdef HARROW_WITH_CUDA
// "GPU-" and 8-4-4-4-12 hexadecimal digits, as nvidia-smi -L prints it.
std::string uuid_text(const cudaUUID_t& uuid) {
    std::string text = "GPU";
    for (int byte = 0; byte < 16; ++byte) {
        char digits[3];
        std::snprintf(digits, sizeof(digits), "%02x", static_cast<unsigned char>(uuid.bytes[byte]));
        const bool group = byte == 0 || byte == 4 || byte == 6 || byte == 8 || byte == 10;
        text += (group ? "-" : "") + std::string(digits);
    }
    return text;
}

Json devices_or(std::string& note) {
    Json devices = Json::array();
    int count = 0;
    cudaError_t error = cudaGetDeviceCount(&count);
    for (int index = 0; error == cudaSuccess && index < count; ++index) {
        cudaDeviceProp properties = {};
        error = cudaGetDeviceProperties(&properties, index);
        if (error == cudaSuccess) {
            devices.push_back({{"index", index},
                               {"uuid", uuid_text(properties.uuid)},
                               {"name", properties.name},
                               {"memory_bytes", properties.totalGlobalMem}});
        }
    }
    if (error != cudaSuccess) {
        note = std::string("CUDA says: ") + cudaGetErrorString(error);
    }
    return devices;
}
#else
Json devices_or(std::string& note) {
    note = "it was built without CUDA";
    return Json::array();
}
#endif

}  // namespace

std::string probe_json() {
    std::string note;
    Json answer = {{"version", 1}, {"devices", devices_or(note)}};
    if (!note.empty()) {
        answer["note"] = note;
    }
    return answer.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace harrow::worker
