#include "worker/methods/anomalyvfm/training.hpp"

#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "storage/datasets/anomaly_images.hpp"
#include "storage/datasets/synthetic_anomalies.hpp"
#include "sweeps/anomalies.hpp"
#include "worker/methods/anomalyvfm/losses.hpp"
#include "worker/methods/anomalyvfm/samples.hpp"

namespace harrow::worker::anomalyvfm {
namespace {

constexpr double kLargestLoss = 1e8;

std::vector<sweeps::AnomalyRows> rows_of_classes(const TaskData& data,
                                                 const sweeps::SyntheticConfig& config) {
    std::vector<sweeps::AnomalyRows> rows;
    for (const TaskClass& one : data.classes) {
        if (!one.anomalies) {
            throw std::logic_error("class '" + one.name + "' came without its view anomalies");
        }
        rows.push_back(sweeps::anomaly_rows(config, one.features->size()));
        if (rows.back().total() != one.anomalies->size()) {
            throw std::logic_error("the view anomalies of class '" + one.name + "' has " +
                                   std::to_string(one.anomalies->size()) + " rows, not " +
                                   std::to_string(rows.back().total()));
        }
    }
    return rows;
}

/// Rows of image features, [n,scales,D].
torch::Tensor vectors_of(const FeatureRows& rows, const std::vector<std::int64_t>& which) {
    return rows.gather(which).squeeze(1);
}

std::vector<std::int64_t> first_rows(std::int64_t count) {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(count));
    std::iota(rows.begin(), rows.end(), std::int64_t{0});
    return rows;
}

torch::Tensor index_of(const std::vector<std::int64_t>& indices, torch::Device device) {
    return torch::tensor(indices, torch::kInt64).to(device);
}

/// What steps are made of. Vectors of images are few and small: they are gathered once.
class TrainingSet {
public:
    TrainingSet(const TaskData& data,
                const sweeps::TrialConfig& config,
                std::uint64_t seed,
                torch::Device device)
        : data_(data),
          config_(config),
          anomaly_seed_(sweeps::anomaly_seed(config.synthetic, seed)),
          device_(device),
          rows_(rows_of_classes(data, config.synthetic)),
          pool_(pool_samples(rows_)) {
        if (!pool_.normals.empty() && !pool_.anomalies.empty()) {
            gather();
        }
    }

    const SamplePool& pool() const { return pool_; }

    /// [B,scales,D], normal images first.
    torch::Tensor images(const SampleBatch& batch) const {
        return torch::cat({normals_.index_select(0, index_of(batch.normals, device_)),
                           anomalies_.index_select(0, index_of(batch.anomalies, device_))});
    }
    torch::Tensor labels(const SampleBatch& batch) const {
        const auto normals = static_cast<std::int64_t>(batch.normals.size());
        const auto anomalies = static_cast<std::int64_t>(batch.anomalies.size());
        const auto options = torch::TensorOptions(torch::kFloat32).device(device_);
        return torch::cat({torch::zeros({normals}, options), torch::ones({anomalies}, options)});
    }

    /// Patches [B,H,W,D] of the batch's rows of the view anomalies.patches, and their masks
    /// [B,S,S].
    std::pair<torch::Tensor, torch::Tensor> patches(const SampleBatch& batch) const {
        std::vector<torch::Tensor> patches, masks;
        if (pool_.normals_among_anomalies) {
            for (const std::int64_t index : batch.normals) {
                const SampleRow& place = pool_.normals[static_cast<std::size_t>(index)];
                patches.push_back(patches_of(place));
                masks.push_back(torch::zeros({1, mask_side(), mask_side()}, torch::kFloat32));
            }
        }
        for (const std::int64_t index : batch.anomalies) {
            const AnomalySample& sample = pool_.anomalies[static_cast<std::size_t>(index)];
            patches.push_back(patches_of(sample.place));
            masks.push_back(mask_of(sample));
        }
        return {torch::cat(patches).to(device_), torch::cat(masks).to(device_)};
    }

private:
    void gather() {
        std::vector<torch::Tensor> made, normals;
        std::vector<std::int64_t> begins;  // of every class in what was made
        std::int64_t begin = 0;
        for (std::size_t i = 0; i < data_.classes.size(); ++i) {
            const TaskClass& one = data_.classes[i];
            begins.push_back(begin);
            begin += one.anomalies->size();
            made.push_back(vectors_of(*one.anomalies, first_rows(one.anomalies->size())));
            if (!pool_.normals_among_anomalies) {
                normals.push_back(vectors_of(*one.features, first_rows(rows_[i].normals)));
            }
        }
        const torch::Tensor all = torch::cat(made).to(device_);
        const auto at = [&](const SampleRow& place) {
            return begins[place.class_index] + place.row;
        };
        std::vector<std::int64_t> places;
        for (const AnomalySample& sample : pool_.anomalies) {
            places.push_back(at(sample.place));
        }
        anomalies_ = all.index_select(0, index_of(places, device_));
        if (!pool_.normals_among_anomalies) {
            normals_ = torch::cat(normals).to(device_);
            return;
        }
        places.clear();
        for (const SampleRow& place : pool_.normals) {
            places.push_back(at(place));
        }
        normals_ = all.index_select(0, index_of(places, device_));
    }

    torch::Tensor patches_of(const SampleRow& place) const {
        const SharedRows& rows = data_.classes[place.class_index].anomaly_patches;
        if (!rows) {
            throw std::logic_error(
                "train.confidence_weight came without the view "
                "anomalies.patches");
        }
        return rows->gather({place.row});
    }

    std::int64_t mask_side() const { return config_.data.image_size; }

    torch::Tensor mask_of(const AnomalySample& sample) const {
        const storage::DrawnAnomaly drawn =
            storage::draw_anomaly(config_.synthetic,
                                  sample.resolution,
                                  sample.index,
                                  sweeps::load_side(config_.data),
                                  rows_[sample.place.class_index].normals,
                                  sweeps::class_anomaly_seed(
                                      anomaly_seed_, data_.classes[sample.place.class_index].name));
        const std::vector<std::uint8_t> mask =
            storage::anomaly_mask(drawn, static_cast<int>(mask_side()));
        return torch::tensor(mask, torch::kUInt8)
            .to(torch::kFloat32)
            .view({1, mask_side(), mask_side()});
    }

    const TaskData& data_;
    const sweeps::TrialConfig& config_;
    std::uint64_t anomaly_seed_;
    torch::Device device_;
    std::vector<sweeps::AnomalyRows> rows_;  ///< of every class
    SamplePool pool_;
    torch::Tensor normals_, anomalies_;  ///< [n,scales,D], in the pool's order
};

torch::Tensor loss_of(const AdapterModel& model,
                      const TrainingSet& set,
                      const SampleBatch& batch,
                      const sweeps::TrainConfig& config,
                      Dropout& dropout) {
    torch::Tensor loss = anomaly_loss(model.logits(set.images(batch), dropout), set.labels(batch));
    if (config.confidence_weight > 0) {
        const auto [patches, masks] = set.patches(batch);
        const torch::Tensor adapted =
            model.adapted_rows(patches.flatten(0, 2), dropout).view(patches.sizes());
        loss = loss + config.confidence_weight *
                          confidence_loss(adapted, masks, config.confidence_temperature);
    }
    return loss;
}

/// One step, unless the loss is of no use.
void make_step(const torch::Tensor& loss, double lr, Adam& optimizer, EpochSums& sums) {
    sums.last_loss = loss.item<double>();
    if (!(sums.last_loss <= kLargestLoss)) {
        return;
    }
    optimizer.zero_grad();
    loss.backward();
    const torch::Tensor norm = optimizer.step_unclipped(lr);
    ++sums.steps;
    sums.loss += sums.last_loss;
    sums.grad_norm = sums.grad_norm.defined() ? sums.grad_norm + norm : norm;
}

}  // namespace

const std::string& task_name(const TaskData& data) {
    if (data.classes.empty()) {
        throw std::logic_error("a task came without its classes");
    }
    return data.classes.front().name;
}

void train_adapters(const AdapterModel& model,
                    const TaskData& data,
                    const sweeps::TrialConfig& config,
                    std::uint64_t seed,
                    torch::Device device,
                    const TrainingHooks& hooks,
                    TrainingProgress& progress) {
    if (!model.has_layers()) {
        return;
    }
    const TrainingSet set(data, config, seed, device);
    Adam optimizer(model.trained_tensors(), adam_options(config.train));
    if (progress.optimizer) {
        optimizer.restore(*progress.optimizer);
    }
    while (progress.epoch < config.train.num_epochs) {
        const int epoch = progress.epoch;
        const std::vector<SampleBatch> batches =
            epoch_batches(config, set.pool(), seed, task_name(data), epoch);
        while (progress.batch < static_cast<std::int64_t>(batches.size())) {
            Dropout dropout(seed,
                            "dropout/" + task_name(data) + "/" + std::to_string(epoch) + "/" +
                                std::to_string(progress.batch));
            const SampleBatch& batch = batches[static_cast<std::size_t>(progress.batch)];
            make_step(loss_of(model, set, batch, config.train, dropout),
                      config.train.lr,
                      optimizer,
                      progress.sums);
            ++progress.batch;
            progress.optimizer = optimizer.moments();
            if (hooks.stop && hooks.stop()) {
                return;
            }
        }
        end_epoch(progress,
                  optimizer.moments(),
                  data.task,
                  config.train.lr,
                  static_cast<std::int64_t>(batches.size()),
                  hooks);
    }
}

}  // namespace harrow::worker::anomalyvfm
