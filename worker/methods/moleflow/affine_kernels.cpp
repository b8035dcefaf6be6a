#include "worker/methods/moleflow/affine_kernels.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "worker/vectorized.hpp"

namespace harrow::worker {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

bool is_plain_float(const torch::Tensor& tensor) {
    return tensor.device().is_cpu() && tensor.scalar_type() == torch::kFloat32;
}

/// Rows whose elements lie side by side; the rows themselves may be apart.
torch::Tensor with_dense_rows(const torch::Tensor& tensor) {
    return tensor.stride(1) == 1 ? tensor : tensor.contiguous();
}

/// Rows of a matrix. Fetched once per pass: data_ptr() costs more than a short row.
template <typename Value>
struct Rows {
    Value* first;
    std::int64_t stride;
    Value* operator[](std::int64_t row) const { return first + row * stride; }
    Rows from(std::int64_t row) const { return {first + row * stride, stride}; }
};

Rows<const float> read_rows(const torch::Tensor& tensor) {
    return {tensor.data_ptr<float>(), tensor.stride(0)};
}

Rows<float> write_rows(const torch::Tensor& tensor) {
    return {tensor.data_ptr<float>(), tensor.stride(0)};
}

torch::Tensor log_scale(const torch::Tensor& raw, const AffineBounds& bounds) {
    return (raw * bounds.slope).tanh_().mul(bounds.limit);
}

struct AffineState {
    torch::Tensor moved, logdet;
    torch::Tensor tangent, factor;  ///< tanh(…) and exp(log-scale), kept for the backward pass
};

HARROW_VECTORIZED void multiply_rows(
    Rows<const float> from, float gain, Rows<float> to, std::int64_t count, std::int64_t width) {
    for (std::int64_t n = 0; n < count; ++n) {
        const float* values = from[n];
        float* products = to[n];
        for (std::int64_t j = 0; j < width; ++j) {
            products[j] = gain * values[j];
        }
    }
}

HARROW_VECTORIZED void move_row(const float* x,
                                const float* factor,
                                const float* shift,
                                float gain,
                                float* moved,
                                std::int64_t width) {
    for (std::int64_t j = 0; j < width; ++j) {
        moved[j] = x[j] * factor[j] + gain * shift[j];
    }
}

// Row blocks that stay in the second-level cache from tanh to the last product.
constexpr std::int64_t kBlockValues = 32768;

AffineState affine_forward(const torch::Tensor& rows,
                           const torch::Tensor& raw_scale,
                           const torch::Tensor& raw_shift,
                           const AffineBounds& bounds) {
    const std::int64_t count = rows.size(0);
    const std::int64_t width = rows.size(1);
    AffineState state;
    state.tangent = torch::empty({count, width}, rows.options());
    state.factor = torch::empty({count, width}, rows.options());
    state.moved = torch::empty({count, width}, rows.options());
    state.logdet = torch::empty({count}, rows.options());
    const auto slope = static_cast<float>(bounds.slope);
    const auto gain = static_cast<float>(bounds.shift_gain);
    const auto limit = static_cast<float>(bounds.limit);
    const auto all_x = read_rows(rows), all_scale = read_rows(raw_scale);
    const auto all_shift = read_rows(raw_shift);
    const auto all_tangent = write_rows(state.tangent), all_factor = write_rows(state.factor);
    const auto all_moved = write_rows(state.moved);
    float* logdet = state.logdet.data_ptr<float>();
    const std::int64_t block_rows =
        std::max<std::int64_t>(1, kBlockValues / std::max<std::int64_t>(1, width));
    for (std::int64_t first = 0; first < count; first += block_rows) {
        const std::int64_t present = std::min(block_rows, count - first);
        multiply_rows(all_scale.from(first), slope, all_tangent.from(first), present, width);
        state.tangent.narrow(0, first, present).tanh_();
        const Rows<const float> tangents{all_tangent[first], width};
        multiply_rows(tangents, limit, all_factor.from(first), present, width);
        state.factor.narrow(0, first, present).exp_();
        for (std::int64_t n = first; n < first + present; ++n) {
            move_row(all_x[n], all_factor[n], all_shift[n], gain, all_moved[n], width);
            const float* tangent = all_tangent[n];
            logdet[n] = limit * std::accumulate(tangent, tangent + width, 0.0F);
        }
    }
    return state;
}

struct AffineGains {
    float scale, shift;
};

/// Gradients of one row: what reaches x, the raw scale and the raw shift.
HARROW_VECTORIZED void affine_row_gradient(const float* x,
                                           const float* moved,
                                           const float* tangent,
                                           const float* factor,
                                           float logdet,
                                           AffineGains gains,
                                           float* to_row,
                                           float* to_scale,
                                           float* to_shift,
                                           std::int64_t width) {
    for (std::int64_t j = 0; j < width; ++j) {
        const float scaled = moved[j] * factor[j];
        const float bend = 1 - tangent[j] * tangent[j];
        to_row[j] = scaled;
        to_scale[j] = (scaled * x[j] + logdet) * gains.scale * bend;
        to_shift[j] = gains.shift * moved[j];
    }
}

class BoundedAffine : public torch::autograd::Function<BoundedAffine> {
public:
    static variable_list forward(AutogradContext* context,
                                 const torch::Tensor& rows,
                                 const torch::Tensor& raw_scale,
                                 const torch::Tensor& raw_shift,
                                 double slope,
                                 double limit,
                                 double shift_gain) {
        const AffineState state =
            affine_forward(rows, raw_scale, raw_shift, {slope, limit, shift_gain});
        context->save_for_backward({rows, state.tangent, state.factor});
        context->saved_data["scale_gain"] = slope * limit;
        context->saved_data["shift_gain"] = shift_gain;
        return {state.moved, state.logdet};
    }

    static variable_list backward(AutogradContext* context, variable_list grads) {
        const variable_list saved = context->get_saved_variables();
        const torch::Tensor& rows = saved[0];
        const std::int64_t count = rows.size(0);
        const std::int64_t width = rows.size(1);
        const auto scale_gain = static_cast<float>(context->saved_data["scale_gain"].toDouble());
        const auto shift_gain = static_cast<float>(context->saved_data["shift_gain"].toDouble());
        const torch::Tensor moved_grad =
            grads[0].defined() ? with_dense_rows(grads[0]) : torch::zeros_like(saved[1]);
        const torch::Tensor logdet_grad =
            grads[1].defined() ? grads[1].contiguous() : torch::zeros({count}, rows.options());
        const torch::Tensor rows_grad = torch::empty({count, width}, rows.options());
        const torch::Tensor scale_grad = torch::empty({count, width}, rows.options());
        const torch::Tensor shift_grad = torch::empty({count, width}, rows.options());
        const auto all_x = read_rows(rows), all_moved = read_rows(moved_grad);
        const auto all_tangent = read_rows(saved[1]), all_factor = read_rows(saved[2]);
        const auto all_to_rows = write_rows(rows_grad), all_to_scale = write_rows(scale_grad);
        const auto all_to_shift = write_rows(shift_grad);
        const float* logdet = logdet_grad.data_ptr<float>();
        for (std::int64_t n = 0; n < count; ++n) {
            affine_row_gradient(all_x[n],
                                all_moved[n],
                                all_tangent[n],
                                all_factor[n],
                                logdet[n],
                                {scale_gain, shift_gain},
                                all_to_rows[n],
                                all_to_scale[n],
                                all_to_shift[n],
                                width);
        }
        return {rows_grad, scale_grad, shift_grad, {}, {}, {}};
    }
};

torch::Tensor gathered(const torch::Tensor& first,
                       const torch::Tensor& second,
                       const torch::Tensor& gain,
                       const torch::Tensor& offset,
                       const torch::Tensor& order) {
    const std::int64_t count = first.size(0);
    const std::int64_t split = first.size(1);
    const std::int64_t width = split + second.size(1);
    const torch::Tensor result = torch::empty({count, width}, first.options());
    const float* scale = gain.data_ptr<float>();
    const float* shift = offset.data_ptr<float>();
    const std::int64_t* source = order.data_ptr<std::int64_t>();
    const auto heads = read_rows(first), tails = read_rows(second);
    const auto outs = write_rows(result);
    std::vector<float> joined(static_cast<std::size_t>(width));
    float* row = joined.data();
    for (std::int64_t n = 0; n < count; ++n) {
        const float *head = heads[n], *tail = tails[n];
        float* out = outs[n];
        for (std::int64_t j = 0; j < split; ++j) {
            row[j] = head[j] * scale[j] + shift[j];
        }
        for (std::int64_t j = split; j < width; ++j) {
            row[j] = tail[j - split] * scale[j] + shift[j];
        }
        for (std::int64_t j = 0; j < width; ++j) {
            out[j] = row[source[j]];
        }
    }
    return result;
}

class PermutedAffine : public torch::autograd::Function<PermutedAffine> {
public:
    static torch::Tensor forward(AutogradContext* context,
                                 const torch::Tensor& first,
                                 const torch::Tensor& second,
                                 const torch::Tensor& gain,
                                 const torch::Tensor& offset,
                                 const torch::Tensor& order,
                                 const torch::Tensor& inverse_order) {
        context->save_for_backward({gain, inverse_order});
        context->saved_data["split"] = first.size(1);
        return gathered(first, second, gain, offset, order);
    }

    static variable_list backward(AutogradContext* context, variable_list grads) {
        const variable_list saved = context->get_saved_variables();
        const torch::Tensor grad = grads[0].contiguous();
        const std::int64_t count = grad.size(0);
        const std::int64_t width = grad.size(1);
        const std::int64_t split = context->saved_data["split"].toInt();
        const torch::Tensor first_grad = torch::empty({count, split}, grad.options());
        const torch::Tensor second_grad = torch::empty({count, width - split}, grad.options());
        const float* scale = saved[0].data_ptr<float>();
        const std::int64_t* place = saved[1].data_ptr<std::int64_t>();
        const auto grads_in = read_rows(grad);
        const auto heads = write_rows(first_grad), tails = write_rows(second_grad);
        for (std::int64_t n = 0; n < count; ++n) {
            const float* from = grads_in[n];
            float *head = heads[n], *tail = tails[n];
            for (std::int64_t j = 0; j < split; ++j) {
                head[j] = from[place[j]] * scale[j];
            }
            for (std::int64_t j = split; j < width; ++j) {
                tail[j - split] = from[place[j]] * scale[j];
            }
        }
        return {first_grad, second_grad, {}, {}, {}, {}};
    }
};

}  // namespace

FlowOutput bounded_affine(const torch::Tensor& rows,
                          const torch::Tensor& raw_scale,
                          const torch::Tensor& raw_shift,
                          const AffineBounds& bounds) {
    if (!is_plain_float(rows)) {
        const torch::Tensor scale = log_scale(raw_scale, bounds);
        return {torch::addcmul(raw_shift * bounds.shift_gain, rows, scale.exp()), scale.sum(1)};
    }
    const torch::Tensor dense_rows = with_dense_rows(rows);
    const torch::Tensor dense_scale = with_dense_rows(raw_scale);
    const torch::Tensor dense_shift = with_dense_rows(raw_shift);
    if (!torch::GradMode::is_enabled()) {
        AffineState state = affine_forward(dense_rows, dense_scale, dense_shift, bounds);
        return {state.moved, state.logdet};
    }
    const variable_list output = BoundedAffine::apply(
        dense_rows, dense_scale, dense_shift, bounds.slope, bounds.limit, bounds.shift_gain);
    return {output[0], output[1]};
}

FlowOutput bounded_affine_inverse(const torch::Tensor& rows,
                                  const torch::Tensor& raw_scale,
                                  const torch::Tensor& raw_shift,
                                  const AffineBounds& bounds) {
    const torch::Tensor scale = log_scale(raw_scale, bounds);
    return {(rows - raw_shift * bounds.shift_gain) * (-scale).exp(), -scale.sum(1)};
}

torch::Tensor permuted_affine(const torch::Tensor& first,
                              const torch::Tensor& second,
                              const torch::Tensor& gain,
                              const torch::Tensor& offset,
                              const torch::Tensor& order,
                              const torch::Tensor& inverse_order) {
    if (!is_plain_float(first) || gain.requires_grad() || offset.requires_grad()) {
        return torch::addcmul(offset, torch::cat({first, second}, 1), gain).index_select(1, order);
    }
    const torch::Tensor head = with_dense_rows(first);
    const torch::Tensor tail = with_dense_rows(second);
    if (!torch::GradMode::is_enabled()) {
        return gathered(head, tail, gain, offset, order);
    }
    return PermutedAffine::apply(head, tail, gain, offset, order, inverse_order);
}

}  // namespace harrow::worker
