#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "sweeps/trial_config.hpp"
#include "worker/feature_rows.hpp"
#include "worker/method.hpp"
#include "worker/methods/anomalyvfm/adapter_model.hpp"
#include "worker/methods/anomalyvfm/mahalanobis.hpp"
#include "worker/state_tensors.hpp"

namespace harrow::worker::anomalyvfm {

/// Rows of a set that the model sees as one batch, and which of the results are taken.
struct SetBatch {
    std::vector<std::int64_t> rows;
    std::int64_t first = 0;  ///< position in `rows` of the first that is taken
    std::int64_t count = 0;
};
/// Rows 0 … size-1 in order. Batches of kBatchImages, the last one padded with its last row. Mixed:
/// of batch_mix_size as they come; of version 1.3, whose results have a length that depends on the
/// batch, the last one begins earlier, and with `drop_rest` it is left out (as in training, B5).
std::vector<SetBatch> set_batches(std::int64_t size,
                                  const sweeps::ModelConfig& config,
                                  bool drop_rest);

/// Throws sweeps::DataError where batches of a training set are mixed (B7-1) and there is none.
void check_enough_images(const sweeps::TrialConfig& config, std::int64_t train_images);

/// What scores images and maps of one task (AnomalyVFM B3, B5, B6): a copy of the layers as they
/// were after it, and Gaussians of the task's training features. Never changes.
class TrainedExpert {
public:
    /// `config`: of the task's classes; `on_batch` may be empty. Throws sweeps::DataError for too
    /// few images or features that are no finite numbers, and what `on_batch` throws.
    TrainedExpert(const sweeps::TrialConfig& config,
                  const AdapterModel& trained,
                  const TaskData& data,
                  std::uint64_t seed,
                  torch::Device device,
                  std::function<void()> on_batch);
    /// As saved under this prefix; `task`: its name. Throws storage::UnusableCheckpoint.
    TrainedExpert(const sweeps::TrialConfig& config,
                  const std::string& prefix,
                  const StateTensors& state,
                  const std::string& task,
                  std::int64_t channels,
                  std::uint64_t seed,
                  torch::Device device);

    /// A whole set, [N,1,scales,D] -> [N] float64 on the CPU.
    torch::Tensor score_images(const FeatureRows& images) const;
    /// [B,H,W,D] -> squared distances [B,H,W] float32 on the CPU.
    torch::Tensor score_maps(const torch::Tensor& features) const;

    void save(const std::string& prefix, StateTensors& state) const;

private:
    using OnBatch = std::function<void()>;
    /// Of a set, in its order.
    struct Vectors {
        std::vector<torch::Tensor> features;  ///< of every scale [N,F] float32 on the CPU
        torch::Tensor attention;              ///< [N,K] float64 on the CPU, or undefined
    };
    Vectors vectors_of(const FeatureRows& rows, bool training, const OnBatch& on_batch) const;
    void fit_images(const FeatureRows& rows, const OnBatch& on_batch);
    void fit_maps(const TaskData& data, const OnBatch& on_batch);
    void fit_crops(const FeatureRows& rows, const OnBatch& on_batch);
    void restore_attention(const StateTensors& state, const std::string& name);
    Dropout dropout_for(const std::string& what) const;
    torch::Tensor map_features(const torch::Tensor& rows, Dropout& dropout) const;
    torch::Tensor weighted(const torch::Tensor& scores, const torch::Tensor& attention) const;
    /// What scores say of a set's attention: 1.3 its mean by scale, 1.4 its minimum and maximum.
    torch::Tensor summary_of(const torch::Tensor& attention) const;

    sweeps::TrialConfig config_;
    std::string stream_;  ///< of this task
    std::uint64_t seed_;
    torch::Device device_;
    AdapterModel model_;
    std::vector<Gaussian> images_;  ///< of every scale, on the CPU
    std::optional<Gaussian> maps_;  ///< of patches, or of images where crops are measured
    torch::Tensor attention_;       ///< summary of the training images', float64; or undefined
};

/// A model that is about to be filled.
AdapterModel empty_model(const sweeps::TrialConfig& config,
                         std::int64_t channels,
                         torch::Device device);

}  // namespace harrow::worker::anomalyvfm
