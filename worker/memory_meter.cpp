#include "worker/memory_meter.hpp"

#include <fstream>
#include <string>

#include "worker/allocator.hpp"

#ifdef HARROW_WITH_CUDA
#include <c10/cuda/CUDACachingAllocator.h>
#endif

namespace harrow::worker {

namespace {

/// proc(5): 5 sets the peak resident set size back to what is resident now.
bool reset_resident_peak() {
    std::ofstream file("/proc/self/clear_refs");
    file << "5";
    file.close();
    return !file.fail();
}

/// Index of the device, 0 for "cuda".
[[maybe_unused]] int index_of(torch::Device device) {
    return device.has_index() ? device.index() : 0;
}

bool reset_device_peak([[maybe_unused]] torch::Device device) {
#ifdef HARROW_WITH_CUDA
    if (device.is_cuda()) {
        torch::empty({1}, device);  // the allocator knows a device from its first tensor on
        c10::cuda::CUDACachingAllocator::resetPeakStats(index_of(device));
        return true;
    }
#endif
    return false;
}

}  // namespace

MemoryMeter::MemoryMeter(torch::Device device) : device_(device) {
    give_back_freed_memory();
    resident_ = reset_resident_peak();
    on_device_ = reset_device_peak(device);
}

std::optional<std::int64_t> MemoryMeter::peak_rss_bytes() const {
    std::ifstream status("/proc/self/status");
    std::string name;
    while (resident_ && status >> name) {
        std::int64_t kibibytes = 0;
        if (name == "VmHWM:" && status >> kibibytes) {
            return kibibytes * 1024;
        }
    }
    return std::nullopt;
}

std::optional<std::int64_t> MemoryMeter::peak_device_bytes() const {
#ifdef HARROW_WITH_CUDA
    if (on_device_) {
        constexpr std::size_t kAllPools = 0;
        const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(index_of(device_));
        return stats.allocated_bytes[kAllPools].peak;
    }
#endif
    return std::nullopt;
}

}  // namespace harrow::worker
