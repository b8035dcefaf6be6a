#include "worker/methods/moleflow/input_stages.hpp"

#include <cmath>

#include "sweeps/error.hpp"
#include "worker/methods/moleflow/depthwise_convolution.hpp"

namespace harrow::worker {

torch::Tensor positional_embedding(std::int64_t height,
                                   std::int64_t width,
                                   std::int64_t channels,
                                   torch::Device device) {
    const std::int64_t half = channels / 2;
    const auto options = torch::TensorOptions(torch::kFloat64);
    const torch::Tensor frequency = torch::exp(torch::arange(0, half, 2, options) *
                                               (-std::log(1e4) / static_cast<double>(half)));
    const auto encode = [&](std::int64_t count) {  // [count, half]: sine, cosine, sine, …
        const torch::Tensor angle = torch::arange(count, options).unsqueeze(1) * frequency;
        return torch::stack({angle.sin(), angle.cos()}, 2).flatten(1);
    };
    const torch::Tensor column = encode(width).unsqueeze(0).expand({height, width, half});
    const torch::Tensor row = encode(height).unsqueeze(1).expand({height, width, half});
    return torch::cat({column, row}, 2).to(torch::kFloat32).to(device);
}

WhiteningAdapter::WhiteningAdapter(std::int64_t channels, bool first_expert, Initialiser& init)
    : gamma_raw_(init.constant({1, 1, 1, channels}, first_expert ? -0.7 : 0.0)),
      beta_raw_(init.constant({1, 1, 1, channels}, 0)) {}

torch::Tensor WhiteningAdapter::gamma() const {
    return 0.5 + 1.5 * gamma_raw_.sigmoid();
}

torch::Tensor WhiteningAdapter::beta() const {
    return 2 * beta_raw_.tanh();
}

torch::Tensor WhiteningAdapter::forward(const torch::Tensor& maps) const {
    const std::int64_t channels = gamma_raw_.numel();
    return torch::layer_norm(maps, {channels}, gamma().view({channels}), beta().view({channels}));
}

void WhiteningAdapter::collect(const std::string& prefix, int expert, NamedTensors& tensors) const {
    tensors.push_back({prefix + "gamma_raw", gamma_raw_, TensorRole::Expert, expert});
    tensors.push_back({prefix + "beta_raw", beta_raw_, TensorRole::Expert, expert});
}

MixerMode parse_mixer_mode(const std::string& name) {
    if (name == "depthwise") {
        return MixerMode::Depthwise;
    }
    if (name == "depthwise_residual") {
        return MixerMode::DepthwiseResidual;
    }
    if (name == "local_stats") {
        return MixerMode::LocalStats;
    }
    if (name == "full") {
        return MixerMode::Full;
    }
    throw sweeps::UsageError("model.spatial_context_mode is '" + name +
                             "'; use depthwise, depthwise_residual, local_stats, full or none");
}

SpatialContextMixer::SpatialContextMixer(std::int64_t channels,
                                         MixerMode mode,
                                         int kernel,
                                         Initialiser& init)
    : mode_(mode),
      kernel_(kernel),
      conv_weight_(init.constant({channels, 1, kernel, kernel}, 1.0 / (kernel * kernel))),
      conv_bias_(init.constant({channels}, 0)),
      gate_(init.constant({1}, 0.5)) {
    if (has_projection()) {
        const std::int64_t in = channels * (mode == MixerMode::Full ? 3 : 2);
        const double bound = 1 / std::sqrt(static_cast<double>(in));
        hidden_weight_ = init.uniform({channels, in}, bound);
        hidden_bias_ = init.uniform({channels}, bound);
        out_weight_ = init.constant({channels, channels}, 0);
        out_bias_ = init.constant({channels}, 0);
    }
}

bool SpatialContextMixer::has_projection() const {
    return mode_ == MixerMode::LocalStats || mode_ == MixerMode::Full;
}

torch::Tensor SpatialContextMixer::convolved(const torch::Tensor& maps) const {
    return depthwise_convolution(maps, conv_weight_, conv_bias_);
}

// Standard deviation of each channel over the neighbourhood; padding counts as zeros.
torch::Tensor SpatialContextMixer::local_deviation(const torch::Tensor& maps) const {
    const torch::Tensor planes = maps.permute({0, 3, 1, 2});
    const auto average = [&](const torch::Tensor& values) {
        return torch::avg_pool2d(values, kernel_, 1, kernel_ / 2);
    };
    const torch::Tensor variance = average(planes.square()) - average(planes).square();
    return variance.clamp_min(1e-6).sqrt().permute({0, 2, 3, 1});
}

torch::Tensor SpatialContextMixer::projected(const torch::Tensor& stacked) const {
    return torch::linear(
        torch::gelu(torch::linear(stacked, hidden_weight_, hidden_bias_)), out_weight_, out_bias_);
}

torch::Tensor SpatialContextMixer::forward(const torch::Tensor& maps) const {
    if (mode_ == MixerMode::Depthwise) {
        return convolved(maps);
    }
    torch::Tensor context;
    if (mode_ == MixerMode::DepthwiseResidual) {
        context = convolved(maps);
    } else if (mode_ == MixerMode::LocalStats) {
        context = projected(torch::cat({maps, local_deviation(maps)}, 3));
    } else {
        context = projected(torch::cat({maps, convolved(maps), local_deviation(maps)}, 3));
    }
    return torch::lerp(maps, context, gate_.sigmoid());
}

void SpatialContextMixer::collect(const std::string& prefix, NamedTensors& tensors) const {
    tensors.push_back({prefix + "depthwise_conv.weight", conv_weight_, TensorRole::Context});
    tensors.push_back({prefix + "depthwise_conv.bias", conv_bias_, TensorRole::Context});
    tensors.push_back({prefix + "residual_gate", gate_, TensorRole::Context});
    if (has_projection()) {
        tensors.push_back({prefix + "stats_proj.0.weight", hidden_weight_, TensorRole::Context});
        tensors.push_back({prefix + "stats_proj.0.bias", hidden_bias_, TensorRole::Context});
        tensors.push_back({prefix + "stats_proj.2.weight", out_weight_, TensorRole::Context});
        tensors.push_back({prefix + "stats_proj.2.bias", out_bias_, TensorRole::Context});
    }
}

}  // namespace harrow::worker
