#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <torch/torch.h>

#include "storage/feature_cache.hpp"

namespace harrow::worker {

struct FeatureGeometry {
    std::int64_t height = 0;
    std::int64_t width = 0;
    std::int64_t channels = 0;

    bool operator==(const FeatureGeometry& other) const {
        return height == other.height && width == other.width && channels == other.channels;
    }
};

/// Images per call of a backbone or a method; the last batch is padded. Results depend on the
/// number of rows of a matrix product, so this never changes and images are never regrouped.
constexpr std::int64_t kBatchImages = 8;

/// Patch features of N images, one row each, of which a few at a time are wanted as float32. Where
/// and how they are stored is the implementation's affair, so that a class need not fit in memory.
/// Immutable; any number of readers of one thread.
class FeatureRows {
public:
    virtual ~FeatureRows() = default;

    virtual std::int64_t size() const = 0;  ///< N
    virtual FeatureGeometry geometry() const = 0;
    virtual torch::Device device() const = 0;  ///< where gather() puts what it returns
    /// Row `from[i]` becomes row `to[i]` of `out`, float32 [B,H,W,D] on device(), contiguous. Both
    /// lists are equally long and inside their tensors.
    virtual void copy_to(const std::vector<std::int64_t>& from,
                         const std::vector<std::int64_t>& to,
                         torch::Tensor& out) const = 0;

    /// float32 [B,H,W,D] of these rows, in this order. Throws c10::Error for a row that is not
    /// there.
    torch::Tensor gather(const std::vector<std::int64_t>& rows) const;
    /// Rows [first, first + kBatchImages); past the end the last row is repeated.
    torch::Tensor batch(std::int64_t first) const;
};

using SharedRows = std::shared_ptr<const FeatureRows>;

/// A cache file, mapped: rows are converted when they are asked for and come through the page
/// cache, which all processes share. For a CUDA device they go there from pinned memory as they are
/// stored and become float32 on arrival.
SharedRows mapped_rows(std::shared_ptr<const storage::FeatureReader> reader, torch::Device device);

/// A tensor [N,H,W,D] of any floating type; rows stay on its device.
SharedRows tensor_rows(torch::Tensor values);

/// The rows of all parts, one part after the other. Parts are of one geometry and device; at least
/// one.
SharedRows concatenated_rows(std::vector<SharedRows> parts);

/// Some of the rows, in this order.
SharedRows chosen_rows(SharedRows rows, std::vector<std::int64_t> which);

/// The whole file as a tensor [N,H,W,D] of the stored type on `device`; on its way at most a few MB
/// are in memory.
torch::Tensor upload(const storage::FeatureReader& reader, torch::Device device);

}  // namespace harrow::worker
