#pragma once

#include <cstdint>
#include <optional>

#include <torch/torch.h>

namespace harrow::worker {

/// High-water marks of memory since it was made. Making one gives freed memory back to the system
/// and sets the marks of the whole process back, so that what came before is not counted: one at a
/// time.
class MemoryMeter {
public:
    explicit MemoryMeter(torch::Device device);

    /// Of the process, mapped files among it; absent where the kernel does not tell.
    std::optional<std::int64_t> peak_rss_bytes() const;
    /// Held by tensors on the device; absent on a CPU.
    std::optional<std::int64_t> peak_device_bytes() const;

private:
    torch::Device device_;
    bool resident_ = false, on_device_ = false;  ///< which marks could be set back
};

}  // namespace harrow::worker
