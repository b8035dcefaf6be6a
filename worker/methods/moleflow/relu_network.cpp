#include "worker/methods/moleflow/relu_network.hpp"

#include <algorithm>
#include <utility>

#include "worker/vectorized.hpp"

namespace harrow::worker {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

bool is_dense_float(const torch::Tensor& tensor) {
    return tensor.device().is_cpu() && tensor.scalar_type() == torch::kFloat32 &&
           tensor.is_contiguous();
}

HARROW_VECTORIZED void add_bias_and_rectify(float* values,
                                            const float* bias,
                                            std::int64_t rows,
                                            std::int64_t width) {
    for (std::int64_t n = 0; n < rows; ++n, values += width) {
        for (std::int64_t j = 0; j < width; ++j) {
            const float value = values[j] + bias[j];
            values[j] = value < 0 ? 0 : value;  // NaN stays
        }
    }
}

/// Zeroes gradients where the activation is zero and adds what is left to `sums` [width].
HARROW_VECTORIZED void rectify_gradient(
    float* grad, const float* activation, float* sums, std::int64_t rows, std::int64_t width) {
    for (std::int64_t n = 0; n < rows; ++n, grad += width, activation += width) {
        for (std::int64_t j = 0; j < width; ++j) {
            const float value = activation[j] <= 0 ? 0 : grad[j];
            grad[j] = value;
            sums[j] += value;
        }
    }
}

/// relu(rows · weightᵀ + bias)
torch::Tensor rectified_layer(const torch::Tensor& rows,
                              const torch::Tensor& weight,
                              const torch::Tensor& bias) {
    if (!is_dense_float(bias) || !rows.device().is_cpu()) {
        return torch::addmm(bias, rows, weight.t()).relu_();
    }
    torch::Tensor values = rows.mm(weight.t());
    add_bias_and_rectify(
        values.data_ptr<float>(), bias.data_ptr<float>(), values.size(0), values.size(1));
    return values;
}

struct LayerGradient {
    torch::Tensor values;  ///< [N,width]
    torch::Tensor bias;    ///< its sum over rows
};

/// Back through ReLU, in place: `grad` is ours. Sums are taken by blocks of rows, so that they stay
/// as exact as a tree's.
LayerGradient through_relu(const torch::Tensor& grad, const torch::Tensor& activation) {
    if (!is_dense_float(grad) || !is_dense_float(activation)) {
        const torch::Tensor masked = torch::threshold_backward(grad, activation, 0);
        return {masked, masked.sum(0)};
    }
    constexpr std::int64_t kBlockRows = 128;
    const std::int64_t rows = grad.size(0), width = grad.size(1);
    const std::int64_t blocks = (rows + kBlockRows - 1) / kBlockRows;
    const torch::Tensor sums = torch::zeros({blocks, width}, grad.options());
    for (std::int64_t block = 0; block < blocks; ++block) {
        const std::int64_t first = block * kBlockRows;
        rectify_gradient(grad.data_ptr<float>() + first * width,
                         activation.data_ptr<float>() + first * width,
                         sums.data_ptr<float>() + block * width,
                         std::min(kBlockRows, rows - first),
                         width);
    }
    return {grad, sums.sum(0)};
}

/// Input of every layer, then the output.
variable_list activations(const torch::Tensor& rows, const variable_list& weights_and_biases) {
    variable_list values = {rows};
    for (std::size_t i = 0; i < weights_and_biases.size(); i += 2) {
        const torch::Tensor& weight = weights_and_biases[i];
        const torch::Tensor& bias = weights_and_biases[i + 1];
        const bool is_last = i + 2 == weights_and_biases.size();
        values.push_back(is_last ? torch::addmm(bias, values.back(), weight.t())
                                 : rectified_layer(values.back(), weight, bias));
    }
    return values;
}

class ReluNetwork : public torch::autograd::Function<ReluNetwork> {
public:
    static torch::Tensor forward(AutogradContext* context,
                                 const torch::Tensor& rows,
                                 torch::TensorList weights_and_biases) {
        const variable_list parameters = weights_and_biases.vec();
        variable_list values = activations(rows, parameters);
        const torch::Tensor output = values.back();
        values.pop_back();
        for (std::size_t i = 0; i < parameters.size(); i += 2) {
            values.push_back(parameters[i]);
        }
        context->save_for_backward(values);  // inputs of all layers, then all weights
        return output;
    }

    static variable_list backward(AutogradContext* context, variable_list grads) {
        const variable_list saved = context->get_saved_variables();
        const std::size_t layers = saved.size() / 2;
        variable_list result(1 + 2 * layers);
        torch::Tensor grad = grads[0];
        torch::Tensor bias_grad;
        for (std::size_t layer = layers; layer-- > 0;) {
            const torch::Tensor& input = saved[layer];
            if (context->needs_input_grad(1 + 2 * layer)) {
                result[1 + 2 * layer] = grad.t().mm(input);
            }
            if (context->needs_input_grad(2 + 2 * layer)) {
                result[2 + 2 * layer] = bias_grad.defined() ? bias_grad : grad.sum(0);
            }
            if (layer > 0) {
                LayerGradient below = through_relu(grad.mm(saved[layers + layer]), input);
                grad = std::move(below.values);
                bias_grad = std::move(below.bias);
            } else if (context->needs_input_grad(0)) {
                result[0] = grad.mm(saved[layers]);
            }
        }
        return result;
    }
};

}  // namespace

torch::Tensor relu_network(const torch::Tensor& rows, const std::vector<DenseLayer>& layers) {
    variable_list parameters;
    for (const DenseLayer& layer : layers) {
        parameters.push_back(layer.weight);
        parameters.push_back(layer.bias);
    }
    if (!torch::GradMode::is_enabled()) {
        return activations(rows, parameters).back();
    }
    return ReluNetwork::apply(rows, torch::TensorList(parameters));
}

}  // namespace harrow::worker
