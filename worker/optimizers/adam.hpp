#pragma once

#include <cstdint>
#include <vector>

#include <torch/torch.h>

#include "sweeps/trial_config.hpp"

namespace harrow::worker {

struct AdamOptions {
    double beta1 = 0.9;
    double beta2 = 0.999;
    double epsilon = 1e-8;
    double weight_decay = 0;  ///< decoupled from the gradient, as in AdamW
    /// AdamP (Heo et al., ICLR 2021): where gradient and weights are nearly orthogonal, the part of
    /// the step along the weights is removed and their decay shrinks.
    bool project = false;
    double projection_threshold = 0.1;  ///< on |cos| · sqrt(length)
    double projected_decay_ratio = 0.1;
};
/// "adamp" or "adamw" with the weight decay that belongs to it; throws sweeps::UsageError.
AdamOptions adam_options(const sweeps::TrainConfig& config);

/// AdamW or AdamP over one list of float32 tensors. Values and gradients of all of them move into
/// flat buffers, tensors of equal shape side by side, so that a step is few large operations.
/// The tensors require gradients while this object lives.
class Adam {
public:
    Adam(std::vector<torch::Tensor> tensors, const AdamOptions& options);
    ~Adam();
    Adam(const Adam&) = delete;
    Adam& operator=(const Adam&) = delete;

    std::size_t num_tensors() const { return tensors_.size(); }
    void zero_grad();
    /// Scales all gradients by min(1, max_norm / (norm + 1e-6)); returns the global L2 norm before,
    /// a scalar tensor on the device.
    torch::Tensor clip_grad_norm(double max_norm);
    void step(double lr);
    /// A step without clipping; returns the global L2 norm of the gradients. Without projection and
    /// on the CPU every number is read and written once, which is what a step over few images and
    /// many weights costs; the last bits may differ from step()'s.
    torch::Tensor step_unclipped(double lr);

    /// All that steps change.
    struct State {
        torch::Tensor values;  ///< undefined: whoever keeps the state has the tensors themselves
        torch::Tensor mean, square;
        std::int64_t steps = 0;
    };
    /// A copy, for going back.
    State state() const;
    /// Without values; the others are shared and change with the next step.
    State moments() const { return {torch::Tensor(), mean_, square_, steps_}; }
    /// Values stay as they are when the state has none. From any device.
    void restore(const State& state);

private:
    /// Tensors of one shape: [tensors, rows, length] inside the flat buffers. A row belongs to one
    /// index of the first dimension.
    struct Block {
        std::int64_t offset, tensors, rows, length;
        bool projected;  ///< more than one dimension
        torch::Tensor view(const torch::Tensor& flat) const;
    };
    void lay_out();
    /// Removes the part of `update` along the weights; returns what scales the decay of each
    /// tensor, [tensors,1,1].
    torch::Tensor project(const Block& block, torch::Tensor& update) const;

    std::vector<torch::Tensor> tensors_;
    AdamOptions options_;
    std::vector<Block> blocks_;
    torch::Tensor values_, grads_, mean_, square_;
    std::int64_t steps_ = 0;
};

}  // namespace harrow::worker
