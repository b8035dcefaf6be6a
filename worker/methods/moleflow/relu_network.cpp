#include "worker/methods/moleflow/relu_network.hpp"

namespace harrow::worker {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Zeroes the gradient where the activation is zero; in place, `grad` is ours.
torch::Tensor through_relu(torch::Tensor grad, const torch::Tensor& activation) {
    const bool dense_floats = grad.device().is_cpu() && grad.scalar_type() == torch::kFloat32 &&
                              grad.is_contiguous() && activation.is_contiguous();
    if (!dense_floats) {
        return torch::threshold_backward(grad, activation, 0);
    }
    float* values = grad.data_ptr<float>();
    const float* active = activation.data_ptr<float>();
    const std::int64_t count = grad.numel();
    for (std::int64_t i = 0; i < count; ++i) {
        values[i] = active[i] > 0 ? values[i] : 0;
    }
    return grad;
}

/// Input of every layer, then the output.
variable_list activations(const torch::Tensor& rows, const variable_list& weights_and_biases) {
    variable_list values = {rows};
    for (std::size_t i = 0; i < weights_and_biases.size(); i += 2) {
        if (i > 0) {
            values.back().relu_();
        }
        values.push_back(
            torch::addmm(weights_and_biases[i + 1], values.back(), weights_and_biases[i].t()));
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
        for (std::size_t layer = layers; layer-- > 0;) {
            const torch::Tensor& input = saved[layer];
            if (context->needs_input_grad(1 + 2 * layer)) {
                result[1 + 2 * layer] = grad.t().mm(input);
            }
            if (context->needs_input_grad(2 + 2 * layer)) {
                result[2 + 2 * layer] = grad.sum(0);
            }
            if (layer > 0) {
                grad = through_relu(grad.mm(saved[layers + layer]), input);
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
