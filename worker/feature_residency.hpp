#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include <torch/torch.h>

#include "worker/feature_rows.hpp"

namespace harrow::worker {

/// What may stay between trainings.
struct ResidencyBudget {
    /// Features in the memory of a GPU; -1: half of what is free there at the start.
    std::int64_t device_bytes = -1;
    /// Cache files that stay open and mapped. Their pages belong to the page cache, which gives
    /// them up when memory is short.
    std::size_t mapped_files = 256;
};

/// Bytes that `budget` allows on `device`; 0 for the CPU, whose memory the page cache manages.
std::int64_t device_budget(const ResidencyBudget& budget, torch::Device device);

/// Whole classes in a device's memory, least recently used first out. What somebody still holds is
/// never given up, and counts. One thread at a time.
class DeviceFeatures {
public:
    DeviceFeatures(torch::Device device, std::int64_t budget_bytes)
        : device_(device), budget_bytes_(budget_bytes) {}

    /// The key's rows on the device, put there from `reader` unless they are there already. Null
    /// when the budget has no room for them.
    SharedRows place(const std::string& key, const storage::FeatureReader& reader);
    std::int64_t bytes() const noexcept { return bytes_; }

private:
    struct Entry {
        std::string key;
        SharedRows rows;
        std::int64_t bytes = 0;
    };
    bool make_room(std::int64_t bytes);

    torch::Device device_;
    std::int64_t budget_bytes_;
    std::int64_t bytes_ = 0;
    std::list<Entry> entries_;  ///< most recently used first
};

}  // namespace harrow::worker
