#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "sweeps/trial_config.hpp"
#include "worker/methods/anomalyvfm/attention.hpp"
#include "worker/methods/anomalyvfm/layers.hpp"
#include "worker/methods/initialiser.hpp"

namespace harrow::worker::anomalyvfm {

enum class Version { V1_1, V1_2, V1_3, V1_4 };
/// "1.1" to "1.4"; throws sweeps::UsageError.
Version parse_version(const std::string& text);

/// Sides the features of a configuration are of, in pixels; at least one.
std::vector<int> scale_sides(const sweeps::DataConfig& config);
/// Rank of the layers of a scale: model.lora_rank but for version 1.3.
int rank_of_scale(const sweeps::ModelConfig& config, int side);

/// Everything AnomalyVFM trains on one task. With model.use_lora off there is nothing, and features
/// stay what the backbone made of the image.
class AdapterModel {
public:
    /// What only training needs, fusion and head, is left out for scoring.
    enum class Purpose { Training, Scoring };

    /// `config`: of the task's classes. `head`: draws the head, which is new for every task;
    /// `init`: all else. Throws sweeps::UsageError for a configuration that does not suit the
    /// features (check_config).
    AdapterModel(const sweeps::TrialConfig& config,
                 std::int64_t channels,
                 Purpose purpose,
                 Initialiser& init,
                 Initialiser& head);

    /// What Mahalanobis distances are measured between, of images that are one batch.
    struct Adapted {
        std::vector<torch::Tensor> features;  ///< of every scale [B,F], of length 1
        /// 1.3: mean over its layers of every scale [B,scales]; 1.4: the final one [B,1]; else
        /// undefined.
        torch::Tensor attention;
    };
    /// [B,scales,D]. F is D, with batch_mix_compat in version 1.3 B · D.
    Adapted adapted_images(const torch::Tensor& images, Dropout& dropout) const;

    /// [B,scales,D] -> logits [B]
    torch::Tensor logits(const torch::Tensor& images, Dropout& dropout) const;

    /// Patches or crops at full size, one per row [R,D] -> adapted [R,D], not of length 1. With the
    /// layers of the largest scale; never mixed.
    torch::Tensor adapted_rows(const torch::Tensor& rows, Dropout& dropout) const;

    bool has_layers() const { return !cascades_.empty(); }
    std::size_t num_scales() const { return num_scales_; }
    /// Of which the layers adapt patches and crops.
    std::size_t largest_scale() const { return largest_scale_; }

    NamedTensors named_tensors() const;
    /// Those a gradient reaches: all but 1.4's final attention, which stays as it was drawn.
    std::vector<torch::Tensor> trained_tensors() const;
    std::int64_t num_trained() const;  ///< numbers in them

private:
    /// Of one scale, [B,D] or, mixed, [B,B,D].
    Cascade::Output cascade(const torch::Tensor& images, std::size_t scale, Dropout& dropout) const;
    /// 1.4's feature of the cascade's output; its attention [B] is appended.
    torch::Tensor analyze(const Cascade::Output& output,
                          std::vector<torch::Tensor>& attention) const;
    torch::Tensor training_feature(const torch::Tensor& images, Dropout& dropout) const;
    void collect_layers(NamedTensors& tensors) const;

    Version version_;
    bool mix_batch_;
    std::size_t num_scales_;
    std::size_t largest_scale_ = 0;
    std::vector<Cascade> cascades_;  ///< one per scale
    std::optional<ScaleFusion> fusion_;
    std::optional<LayerAnalyzer> analyzer_;
    std::optional<Head> head_;
};

/// Throws sweeps::UsageError where AdapterModel would, without making one.
void check_config(const sweeps::TrialConfig& config, std::int64_t channels);

/// Every tensor of `to` becomes what the one of that name is in `from`, but for the head's. Throws
/// sweeps::UsageError when shapes differ.
void carry_over(const AdapterModel& from, const AdapterModel& to);
/// The same of all tensors of `to`.
void copy_tensors(const AdapterModel& from, const AdapterModel& to);

}  // namespace harrow::worker::anomalyvfm
