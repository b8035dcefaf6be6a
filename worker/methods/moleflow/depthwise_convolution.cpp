#include "worker/methods/moleflow/depthwise_convolution.hpp"

#include <algorithm>

namespace harrow::worker {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

torch::Tensor convolve(const torch::Tensor& maps,
                       const torch::Tensor& weight,
                       const torch::Tensor& bias) {
    return torch::conv2d(
               maps.permute({0, 3, 1, 2}), weight, bias, 1, weight.size(2) / 2, 1, weight.size(0))
        .permute({0, 2, 3, 1});
}

/// Sum over all positions of grad · (maps shifted by each tap), [C,1,k,k]; both dense [B,H,W,C].
torch::Tensor weight_gradient(const torch::Tensor& maps,
                              const torch::Tensor& grad,
                              std::int64_t kernel) {
    const std::int64_t images = maps.size(0), height = maps.size(1), width = maps.size(2);
    const std::int64_t channels = maps.size(3), pad = kernel / 2;
    const torch::Tensor taps = torch::zeros({kernel * kernel, channels}, maps.options());
    const float* x = maps.data_ptr<float>();
    const float* upstream = grad.data_ptr<float>();
    float* sums = taps.data_ptr<float>();
    for (std::int64_t tap = 0; tap < kernel * kernel; ++tap) {
        const std::int64_t down = tap / kernel - pad, right = tap % kernel - pad;
        const std::int64_t first = std::max<std::int64_t>(0, -right);
        const std::int64_t last = std::min(width, width - right);
        float* sum = sums + tap * channels;
        for (std::int64_t line = 0; line < images * height; ++line) {
            const std::int64_t source = line % height + down;
            if (source < 0 || source >= height) {
                continue;
            }
            const float* from = x + ((line + down) * width + first + right) * channels;
            const float* to = upstream + (line * width + first) * channels;
            for (std::int64_t column = first; column < last; ++column) {
                for (std::int64_t c = 0; c < channels; ++c) {
                    sum[c] += from[c] * to[c];
                }
                from += channels;
                to += channels;
            }
        }
    }
    return taps.t().reshape({channels, 1, kernel, kernel});
}

// Torch's own backward pass of a grouped convolution takes five times as long on a CPU.
class DepthwiseConvolution : public torch::autograd::Function<DepthwiseConvolution> {
public:
    static torch::Tensor forward(AutogradContext* context,
                                 const torch::Tensor& maps,
                                 const torch::Tensor& weight,
                                 const torch::Tensor& bias) {
        context->save_for_backward({maps, weight});
        return convolve(maps, weight, bias);
    }

    static variable_list backward(AutogradContext* context, variable_list grads) {
        const variable_list saved = context->get_saved_variables();
        const torch::Tensor& weight = saved[1];
        const torch::Tensor grad = grads[0].contiguous();
        variable_list result(3);
        if (context->needs_input_grad(0)) {
            result[0] = convolve(grad, weight.flip({2, 3}), {});
        }
        if (context->needs_input_grad(1)) {
            result[1] = weight_gradient(saved[0].contiguous(), grad, weight.size(2));
        }
        if (context->needs_input_grad(2)) {
            result[2] = grad.sum({0, 1, 2});
        }
        return result;
    }
};

}  // namespace

torch::Tensor depthwise_convolution(const torch::Tensor& maps,
                                    const torch::Tensor& weight,
                                    const torch::Tensor& bias) {
    const bool on_cpu = maps.device().is_cpu() && maps.scalar_type() == torch::kFloat32;
    if (!on_cpu || !torch::GradMode::is_enabled()) {
        return convolve(maps, weight, bias);
    }
    return DepthwiseConvolution::apply(maps, weight, bias);
}

}  // namespace harrow::worker
