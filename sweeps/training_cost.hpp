#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace harrow::sweeps {

/// What one training cost, as its worker measured it. Seconds are those of all the work that led to
/// the result, also of what earlier attempts left in a checkpoint; work that was lost is not in
/// them. Memory is that of the attempt that finished.
struct TrainingCost {
    double train_seconds = 0;     ///< optimisation and the router's update
    double evaluate_seconds = 0;  ///< patch scores of test images
    /// Most of the worker's memory that was resident since the training began, mapped pages of
    /// feature files among it. Absent where the system does not tell.
    std::optional<std::int64_t> peak_rss_bytes;
    /// Most memory that tensors held on the GPU since the training began, resident features among
    /// it. Absent on a CPU.
    std::optional<std::int64_t> peak_device_bytes;
    std::int64_t feature_bytes = 0;        ///< of the cache files that it reads
    std::vector<std::int64_t> parameters;  ///< numbers that were trained, by task

    bool operator==(const TrainingCost& other) const;
};

/// One JSON object, as the protocol and the journal hold it.
std::string to_json(const TrainingCost& cost);
/// Nothing when the text is not such an object. Members it does not know are ignored.
std::optional<TrainingCost> training_cost_from_json(std::string_view text);

}  // namespace harrow::sweeps
