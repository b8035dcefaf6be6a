#include "worker/feature_residency.hpp"

#include <algorithm>

#include <c10/util/Exception.h>

#ifdef HARROW_WITH_CUDA
#include <c10/cuda/CUDAGuard.h>
#include <cuda_runtime_api.h>
#endif

namespace harrow::worker {

namespace {

std::int64_t free_bytes([[maybe_unused]] torch::Device device) {
#ifdef HARROW_WITH_CUDA
    if (device.is_cuda()) {
        const c10::cuda::CUDAGuard guard(device);
        std::size_t free = 0;
        std::size_t total = 0;
        return cudaMemGetInfo(&free, &total) == cudaSuccess ? static_cast<std::int64_t>(free) : 0;
    }
#endif
    return 0;
}

}  // namespace

std::int64_t device_budget(const ResidencyBudget& budget, torch::Device device) {
    if (device.is_cpu()) {
        return 0;
    }
    return budget.device_bytes >= 0 ? budget.device_bytes : free_bytes(device) / 2;
}

SharedRows DeviceFeatures::place(const std::string& key, const storage::FeatureReader& reader) {
    const auto held = std::find_if(
        entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.key == key; });
    if (held != entries_.end()) {
        entries_.splice(entries_.begin(), entries_, held);
        return held->rows;
    }
    const auto bytes = static_cast<std::int64_t>(reader.info().features_bytes());
    if (!make_room(bytes)) {
        return nullptr;
    }
    try {
        entries_.push_front({key, tensor_rows(upload(reader, device_)), bytes});
    } catch (const c10::OutOfMemoryError&) {
        return nullptr;  // others use the device too: then batches go there one by one
    }
    bytes_ += bytes;
    return entries_.front().rows;
}

bool DeviceFeatures::make_room(std::int64_t bytes) {
    std::int64_t idle = 0;
    for (const Entry& entry : entries_) {
        idle += entry.rows.use_count() == 1 ? entry.bytes : 0;
    }
    if (bytes > budget_bytes_ - (bytes_ - idle)) {
        return false;
    }
    for (auto entry = entries_.end(); bytes_ + bytes > budget_bytes_;) {
        --entry;
        if (entry->rows.use_count() == 1) {
            bytes_ -= entry->bytes;
            entry = entries_.erase(entry);
        }
    }
    return true;
}

}  // namespace harrow::worker
