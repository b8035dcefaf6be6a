#include "worker/methods/moleflow/depthwise_convolution.hpp"

#include <algorithm>

#include "worker/vectorized.hpp"

namespace harrow::worker {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

torch::Tensor torch_convolution(const torch::Tensor& maps,
                                const torch::Tensor& weight,
                                const torch::Tensor& bias) {
    return torch::conv2d(
               maps.permute({0, 3, 1, 2}), weight, bias, 1, weight.size(2) / 2, 1, weight.size(0))
        .permute({0, 2, 3, 1});
}

/// Which columns of a line of `width` a tap that looks `right` columns ahead reaches.
struct Span {
    Span(std::int64_t width, std::int64_t right)
        : first(std::max<std::int64_t>(0, -right)), last(std::min(width, width - right)) {}
    std::int64_t first, last;
};

HARROW_VECTORIZED void add_product(float* sum,
                                   const float* values,
                                   const float* factors,
                                   std::int64_t columns,
                                   std::int64_t channels) {
    for (std::int64_t column = 0; column < columns; ++column) {
        for (std::int64_t c = 0; c < channels; ++c) {
            sum[c] += values[c] * factors[c];
        }
        sum += channels;
        values += channels;
    }
}

HARROW_VECTORIZED void add_correlation(
    float* sum, const float* a, const float* b, std::int64_t columns, std::int64_t channels) {
    for (std::int64_t column = 0; column < columns; ++column) {
        for (std::int64_t c = 0; c < channels; ++c) {
            sum[c] += a[c] * b[c];
        }
        a += channels;
        b += channels;
    }
}

/// Calls visit(line, line of the source, tap, span, columns to the right) for every line of the
/// result and every tap that meets it: a line's taps one after the other, while its neighbours are
/// in the cache.
template <typename Visit>
void for_each_tap(const torch::Tensor& maps, std::int64_t kernel, const Visit& visit) {
    const std::int64_t height = maps.size(1), width = maps.size(2), pad = kernel / 2;
    for (std::int64_t line = 0; line < maps.size(0) * height; ++line) {
        for (std::int64_t tap = 0; tap < kernel * kernel; ++tap) {
            const std::int64_t down = tap / kernel - pad, right = tap % kernel - pad;
            const std::int64_t source = line % height + down;
            if (source >= 0 && source < height) {
                visit(line, line + down, tap, Span(width, right), right);
            }
        }
    }
}

/// Dense float maps on the CPU; `taps` [k·k,C], bias [C] or undefined.
torch::Tensor convolve(const torch::Tensor& maps,
                       const torch::Tensor& taps,
                       std::int64_t kernel,
                       const torch::Tensor& bias) {
    const std::int64_t width = maps.size(2), channels = maps.size(3);
    const torch::Tensor result = bias.defined()
                                     ? bias.expand(maps.sizes()).clone(at::MemoryFormat::Contiguous)
                                     : torch::zeros_like(maps);
    const float *from = maps.data_ptr<float>(), *factors = taps.data_ptr<float>();
    float* to = result.data_ptr<float>();
    for_each_tap(maps, kernel, [&](auto line, auto source, auto tap, Span span, auto right) {
        add_product(to + (line * width + span.first) * channels,
                    from + (source * width + span.first + right) * channels,
                    factors + tap * channels,
                    span.last - span.first,
                    channels);
    });
    return result;
}

/// Sum over all positions of grad · (maps shifted by each tap), [k·k,C]; both dense [B,H,W,C].
torch::Tensor tap_gradient(const torch::Tensor& maps,
                           const torch::Tensor& grad,
                           std::int64_t kernel) {
    const std::int64_t width = maps.size(2), channels = maps.size(3);
    const torch::Tensor sums = torch::zeros({kernel * kernel, channels}, maps.options());
    const float *from = maps.data_ptr<float>(), *to = grad.data_ptr<float>();
    float* sum = sums.data_ptr<float>();
    for_each_tap(maps, kernel, [&](auto line, auto source, auto tap, Span span, auto right) {
        add_correlation(sum + tap * channels,
                        from + (source * width + span.first + right) * channels,
                        to + (line * width + span.first) * channels,
                        span.last - span.first,
                        channels);
    });
    return sums;
}

/// [C,1,k,k] -> [k·k,C]
torch::Tensor taps_of(const torch::Tensor& weight) {
    return weight.flatten(1).t().contiguous();
}

// Torch's own grouped convolution takes several times as long on a CPU.
class DepthwiseConvolution : public torch::autograd::Function<DepthwiseConvolution> {
public:
    static torch::Tensor forward(AutogradContext* context,
                                 const torch::Tensor& maps,
                                 const torch::Tensor& weight,
                                 const torch::Tensor& bias) {
        context->save_for_backward({maps, weight});
        return convolve(maps, taps_of(weight), weight.size(2), bias);
    }

    static variable_list backward(AutogradContext* context, variable_list grads) {
        const variable_list saved = context->get_saved_variables();
        const torch::Tensor& weight = saved[1];
        const std::int64_t kernel = weight.size(2);
        const torch::Tensor grad = grads[0].contiguous();
        variable_list result(3);
        if (context->needs_input_grad(0)) {
            result[0] = convolve(grad, taps_of(weight.flip({2, 3})), kernel, {});
        }
        if (context->needs_input_grad(1)) {
            result[1] = tap_gradient(saved[0], grad, kernel).t().reshape(weight.sizes());
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
    if (!maps.device().is_cpu() || maps.scalar_type() != torch::kFloat32) {
        return torch_convolution(maps, weight, bias);
    }
    const torch::Tensor dense = maps.contiguous();
    if (!torch::GradMode::is_enabled()) {
        return convolve(dense, taps_of(weight), weight.size(2), bias);
    }
    return DepthwiseConvolution::apply(dense, weight, bias);
}

}  // namespace harrow::worker
