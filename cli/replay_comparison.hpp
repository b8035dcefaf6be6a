#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sweeps/result_row.hpp"

namespace harrow::cli {

/// A value that two computations of a trial do not share.
struct RowDifference {
    std::string where;                       ///< "after task 1, grain, routed, pixel_ap"
    std::optional<double> stored, replayed;  ///< missing: it has no such row
};

/// In the order of the stored rows, then what only the replay has. Values are compared bit for bit.
std::vector<RowDifference> compare_rows(const std::vector<sweeps::MetricRow>& stored,
                                        const std::vector<sweeps::MetricRow>& replayed);

/// Takes rows of the metric `basic` and its continual ones out of `replayed` when `stored` has none
/// of them: the Harrow that stored them did not measure it. True when there were any.
bool leave_out_unmeasured(const std::string& basic,
                          const std::vector<sweeps::MetricRow>& stored,
                          std::vector<sweeps::MetricRow>& replayed);

/// "after task 1, …: 0.93 stored, 0.94 replayed", the shortest digits that tell them apart.
std::string to_string(const RowDifference& difference);

/// First byte at which two files differ; missing: equal. A file that ends before the other differs
/// at its end. Throws StorageError when one cannot be read.
std::optional<std::size_t> first_different_byte(const std::filesystem::path& one,
                                                const std::filesystem::path& other);

}  // namespace harrow::cli
