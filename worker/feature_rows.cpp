#include "worker/feature_rows.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

#include <ATen/Parallel.h>

namespace harrow::worker {

namespace {

constexpr std::int64_t kUploadBytes = std::int64_t{16} << 20;

FeatureGeometry geometry_of(const storage::FeatureShape& shape) {
    return {shape.height, shape.width, shape.channels};
}

torch::ScalarType scalar_type(storage::FeatureType type) {
    return type == storage::FeatureType::Float16 ? torch::kFloat16 : torch::kFloat32;
}

torch::Tensor index_tensor(const std::vector<std::int64_t>& rows, torch::Device device) {
    // From pageable memory the copy would wait for all that the device has yet to do.
    const auto options = torch::TensorOptions(torch::kInt64).pinned_memory(device.is_cuda());
    return torch::tensor(rows, options).to(device, /*non_blocking=*/true);
}

/// Stored rows, as they are, in memory from which a GPU can fetch them.
torch::Tensor staged(const storage::FeatureReader& reader,
                     const std::vector<std::int64_t>& rows,
                     torch::Device device) {
    const storage::FeatureShape& shape = reader.info().shape;
    const torch::Tensor stage = torch::empty(
        {static_cast<std::int64_t>(rows.size()), shape.height, shape.width, shape.channels},
        torch::TensorOptions(scalar_type(reader.info().type)).pinned_memory(device.is_cuda()));
    const std::size_t row_bytes = reader.info().image_bytes();
    auto* target = static_cast<unsigned char*>(stage.data_ptr());
    for (const std::int64_t row : rows) {
        std::memcpy(target, reader.data(row), row_bytes);
        target += row_bytes;
    }
    return stage;
}

class MappedRows final : public FeatureRows {
public:
    MappedRows(std::shared_ptr<const storage::FeatureReader> reader, torch::Device device)
        : reader_(std::move(reader)), device_(device) {}

    std::int64_t size() const override { return reader_->info().shape.images; }
    FeatureGeometry geometry() const override { return geometry_of(reader_->info().shape); }
    torch::Device device() const override { return device_; }

    void copy_to(const std::vector<std::int64_t>& from,
                 const std::vector<std::int64_t>& to,
                 torch::Tensor& out) const override {
        if (!device_.is_cpu()) {
            out.index_copy_(0,
                            index_tensor(to, device_),
                            staged(*reader_, from, device_)
                                .to(device_, /*non_blocking=*/true)
                                .to(torch::kFloat32));
            return;
        }
        const std::int64_t values = reader_->info().shape.values_per_image();
        float* const target = out.data_ptr<float>();
        const auto count = static_cast<std::int64_t>(from.size());
        at::parallel_for(0, count, 1, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t i = begin; i < end; ++i) {
                const auto at = static_cast<std::size_t>(i);
                reader_->read_float(from[at], 1, target + to[at] * values);
            }
        });
    }

private:
    std::shared_ptr<const storage::FeatureReader> reader_;
    torch::Device device_;
};

class TensorRows final : public FeatureRows {
public:
    explicit TensorRows(torch::Tensor values) : values_(std::move(values)) {
        TORCH_CHECK(values_.dim() == 4, "features are [N,H,W,D], not ", values_.sizes());
    }

    std::int64_t size() const override { return values_.size(0); }
    FeatureGeometry geometry() const override {
        return {values_.size(1), values_.size(2), values_.size(3)};
    }
    torch::Device device() const override { return values_.device(); }

    void copy_to(const std::vector<std::int64_t>& from,
                 const std::vector<std::int64_t>& to,
                 torch::Tensor& out) const override {
        out.index_copy_(0,
                        index_tensor(to, device()),
                        values_.index_select(0, index_tensor(from, device())).to(torch::kFloat32));
    }

private:
    torch::Tensor values_;
};

class ConcatenatedRows final : public FeatureRows {
public:
    explicit ConcatenatedRows(std::vector<SharedRows> parts) : parts_(std::move(parts)) {
        for (const SharedRows& part : parts_) {
            TORCH_CHECK(part->geometry() == geometry() && part->device() == device(),
                        "classes of one task have features of different shapes");
            begins_.push_back(size_);
            size_ += part->size();
        }
    }

    std::int64_t size() const override { return size_; }
    FeatureGeometry geometry() const override { return parts_.front()->geometry(); }
    torch::Device device() const override { return parts_.front()->device(); }

    void copy_to(const std::vector<std::int64_t>& from,
                 const std::vector<std::int64_t>& to,
                 torch::Tensor& out) const override {
        for (std::size_t part = 0; part < parts_.size(); ++part) {
            const std::int64_t begin = begins_[part];
            const std::int64_t end = begin + parts_[part]->size();
            std::vector<std::int64_t> here;
            std::vector<std::int64_t> targets;
            for (std::size_t i = 0; i < from.size(); ++i) {
                if (from[i] >= begin && from[i] < end) {
                    here.push_back(from[i] - begin);
                    targets.push_back(to[i]);
                }
            }
            if (!here.empty()) {
                parts_[part]->copy_to(here, targets, out);
            }
        }
    }

private:
    std::vector<SharedRows> parts_;
    std::vector<std::int64_t> begins_;  ///< number of each part's first row
    std::int64_t size_ = 0;
};

class ChosenRows final : public FeatureRows {
public:
    ChosenRows(SharedRows rows, std::vector<std::int64_t> which)
        : rows_(std::move(rows)), which_(std::move(which)) {
        for (const std::int64_t row : which_) {
            TORCH_CHECK(row >= 0 && row < rows_->size(), "row ", row, " of ", rows_->size());
        }
    }

    std::int64_t size() const override { return static_cast<std::int64_t>(which_.size()); }
    FeatureGeometry geometry() const override { return rows_->geometry(); }
    torch::Device device() const override { return rows_->device(); }

    void copy_to(const std::vector<std::int64_t>& from,
                 const std::vector<std::int64_t>& to,
                 torch::Tensor& out) const override {
        std::vector<std::int64_t> rows;
        rows.reserve(from.size());
        for (const std::int64_t row : from) {
            rows.push_back(which_[static_cast<std::size_t>(row)]);
        }
        rows_->copy_to(rows, to, out);
    }

private:
    SharedRows rows_;
    std::vector<std::int64_t> which_;
};

}  // namespace

torch::Tensor FeatureRows::gather(const std::vector<std::int64_t>& rows) const {
    for (const std::int64_t row : rows) {
        TORCH_CHECK(row >= 0 && row < size(), "row ", row, " of ", size(), " rows of features");
    }
    const auto count = static_cast<std::int64_t>(rows.size());
    const FeatureGeometry shape = geometry();
    torch::Tensor out = torch::empty({count, shape.height, shape.width, shape.channels},
                                     torch::TensorOptions(torch::kFloat32).device(device()));
    std::vector<std::int64_t> places(rows.size());
    std::iota(places.begin(), places.end(), 0);
    copy_to(rows, places, out);
    return out;
}

torch::Tensor FeatureRows::batch(std::int64_t first) const {
    std::vector<std::int64_t> rows(kBatchImages);
    std::iota(rows.begin(), rows.end(), first);
    std::transform(rows.begin(), rows.end(), rows.begin(), [last = size() - 1](std::int64_t row) {
        return std::min(row, last);
    });
    return gather(rows);
}

SharedRows mapped_rows(std::shared_ptr<const storage::FeatureReader> reader, torch::Device device) {
    return std::make_shared<MappedRows>(std::move(reader), device);
}

SharedRows tensor_rows(torch::Tensor values) {
    return std::make_shared<TensorRows>(std::move(values));
}

SharedRows concatenated_rows(std::vector<SharedRows> parts) {
    TORCH_CHECK(!parts.empty(), "a task without classes has no features");
    return parts.size() == 1 ? parts.front() : std::make_shared<ConcatenatedRows>(std::move(parts));
}

SharedRows chosen_rows(SharedRows rows, std::vector<std::int64_t> which) {
    return std::make_shared<ChosenRows>(std::move(rows), std::move(which));
}

torch::Tensor upload(const storage::FeatureReader& reader, torch::Device device) {
    const storage::FeatureShape& shape = reader.info().shape;
    torch::Tensor values =
        torch::empty({shape.images, shape.height, shape.width, shape.channels},
                     torch::TensorOptions(scalar_type(reader.info().type)).device(device));
    const std::int64_t step = std::max<std::int64_t>(
        1, kUploadBytes / static_cast<std::int64_t>(reader.info().image_bytes()));
    for (std::int64_t first = 0; first < shape.images; first += step) {
        std::vector<std::int64_t> rows(
            static_cast<std::size_t>(std::min(step, shape.images - first)));
        std::iota(rows.begin(), rows.end(), first);
        values.narrow(0, first, static_cast<std::int64_t>(rows.size()))
            .copy_(staged(reader, rows, device));
    }
    return values;
}

}  // namespace harrow::worker
