#include "worker/optimizers/adam.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sweeps/error.hpp"
#include "worker/optimizers/adamw_kernel.hpp"

namespace harrow::worker {

AdamOptions adam_options(const sweeps::TrainConfig& config) {
    AdamOptions options;
    if (config.optimizer == "adamp") {
        options.project = true;
        options.weight_decay = config.weight_decay;
    } else if (config.optimizer == "adamw") {
        options.weight_decay = config.adamw_weight_decay;
    } else {
        throw sweeps::UsageError("train.optimizer is '" + config.optimizer +
                                 "'; use adamp or adamw");
    }
    return options;
}

Adam::Adam(std::vector<torch::Tensor> tensors, const AdamOptions& options)
    : tensors_(std::move(tensors)), options_(options) {
    lay_out();
    mean_ = torch::zeros_like(values_);
    square_ = torch::zeros_like(values_);
}

Adam::~Adam() {
    for (torch::Tensor& tensor : tensors_) {
        tensor.mutable_grad().reset();
        tensor.set_requires_grad(false);
    }
}

void Adam::lay_out() {
    const torch::NoGradGuard no_grad;
    std::vector<std::size_t> order(tensors_.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        order[i] = i;
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return tensors_[a].sizes().vec() < tensors_[b].sizes().vec();
    });
    std::vector<torch::Tensor> pieces;
    std::int64_t offset = 0;
    for (std::size_t place = 0; place < order.size(); ++place) {
        const torch::Tensor& tensor = tensors_[order[place]];
        if (place > 0 && tensor.sizes() == tensors_[order[place - 1]].sizes()) {
            ++blocks_.back().tensors;
        } else {
            blocks_.push_back(
                {offset, 1, tensor.size(0), tensor.numel() / tensor.size(0), tensor.dim() > 1});
        }
        pieces.push_back(tensor.detach().reshape({-1}));
        offset += tensor.numel();
    }
    values_ = torch::cat(pieces);
    grads_ = torch::zeros_like(values_);
    offset = 0;
    for (const std::size_t index : order) {
        torch::Tensor& tensor = tensors_[index];
        const std::int64_t count = tensor.numel();
        const std::vector<std::int64_t> shape = tensor.sizes().vec();
        tensor.set_data(values_.narrow(0, offset, count).view(shape));
        tensor.set_requires_grad(true);
        tensor.mutable_grad() = grads_.narrow(0, offset, count).view(shape);
        offset += count;
    }
}

torch::Tensor Adam::Block::view(const torch::Tensor& flat) const {
    return flat.narrow(0, offset, tensors * rows * length).view({tensors, rows, length});
}

void Adam::zero_grad() {
    grads_.zero_();
}

torch::Tensor Adam::clip_grad_norm(double max_norm) {
    const torch::NoGradGuard no_grad;
    const torch::Tensor norm = grads_.norm();
    grads_.mul_((max_norm / (norm + 1e-6)).clamp_max(1));
    return norm;
}

void Adam::step(double lr) {
    const torch::NoGradGuard no_grad;
    ++steps_;
    const auto count = static_cast<double>(steps_);
    const double correction1 = 1 - std::pow(options_.beta1, count);
    const double correction2 = 1 - std::pow(options_.beta2, count);
    mean_.mul_(options_.beta1).add_(grads_, 1 - options_.beta1);
    square_.mul_(options_.beta2).addcmul_(grads_, grads_, 1 - options_.beta2);
    torch::Tensor update = square_.sqrt().div_(std::sqrt(correction2)).add_(options_.epsilon);
    torch::div_out(update, mean_, update);
    const double decay = lr * options_.weight_decay;
    for (const Block& block : blocks_) {
        torch::Tensor values = block.view(values_);
        if (options_.project && block.projected) {
            torch::Tensor part = block.view(update);
            values.mul_(project(block, part).mul_(-decay).add_(1));
        } else {
            values.mul_(1 - decay);
        }
    }
    values_.add_(update, -lr / correction1);
}

torch::Tensor Adam::step_unclipped(double lr) {
    const torch::NoGradGuard no_grad;
    if (options_.project || !values_.device().is_cpu()) {
        const torch::Tensor norm = grads_.norm();
        step(lr);
        return norm;
    }
    ++steps_;
    const auto count = static_cast<double>(steps_);
    AdamWStep how;
    how.beta1 = static_cast<float>(options_.beta1);
    how.beta2 = static_cast<float>(options_.beta2);
    how.root_correction2 = static_cast<float>(1 / std::sqrt(1 - std::pow(options_.beta2, count)));
    how.epsilon = static_cast<float>(options_.epsilon);
    how.kept = static_cast<float>(1 - lr * options_.weight_decay);
    how.rate = static_cast<float>(lr / (1 - std::pow(options_.beta1, count)));
    const double square = adamw_step(how,
                                     grads_.data_ptr<float>(),
                                     values_.data_ptr<float>(),
                                     mean_.data_ptr<float>(),
                                     square_.data_ptr<float>(),
                                     values_.numel());
    return torch::tensor(std::sqrt(square), torch::kFloat32);
}

Adam::State Adam::state() const {
    return {values_.detach().clone(), mean_.clone(), square_.clone(), steps_};
}

void Adam::restore(const State& state) {
    const torch::NoGradGuard no_grad;
    if (state.values.defined()) {
        values_.copy_(state.values);
    }
    mean_.copy_(state.mean);
    square_.copy_(state.square);
    steps_ = state.steps;
}

torch::Tensor Adam::project(const Block& block, torch::Tensor& update) const {
    const torch::Tensor weights = block.view(values_);
    const torch::Tensor grads = block.view(grads_);
    const double epsilon = options_.epsilon;
    // Of every row [tensors,rows], then of every tensor [tensors].
    const torch::Tensor dot = (grads * weights).sum(2);
    const torch::Tensor grad_square = grads.square().sum(2);
    const torch::Tensor weight_square = weights.square().sum(2);
    const auto nearly_orthogonal =
        [&](const torch::Tensor& product, const torch::Tensor& squares, std::int64_t length) {
            const torch::Tensor cosine = product.abs() / squares.sqrt().clamp_min(epsilon);
            return cosine < options_.projection_threshold / std::sqrt(static_cast<double>(length));
        };
    const torch::Tensor by_row =
        nearly_orthogonal(dot, grad_square * weight_square, block.length).all(1);
    const torch::Tensor whole_square = weight_square.sum(1);
    const torch::Tensor by_tensor =
        nearly_orthogonal(dot.sum(1), grad_square.sum(1) * whole_square, block.rows * block.length);

    const torch::Tensor along = (update * weights).sum(2);
    const torch::Tensor row_share = along / (weight_square.sqrt() + epsilon).square();
    const torch::Tensor tensor_share = along.sum(1) / (whole_square.sqrt() + epsilon).square();
    const torch::Tensor share = torch::where(
        by_row.unsqueeze(1),
        row_share,
        torch::where(by_tensor, tensor_share, torch::zeros_like(tensor_share)).unsqueeze(1));
    update.addcmul_(weights, share.unsqueeze(2), -1);

    const torch::Tensor ratio =
        torch::ones_like(whole_square)
            .masked_fill_(by_row.logical_or(by_tensor), options_.projected_decay_ratio);
    return ratio.view({block.tensors, 1, 1});
}

}  // namespace harrow::worker
