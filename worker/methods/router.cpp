#include "worker/methods/router.hpp"

#include <algorithm>

#include "sweeps/error.hpp"

namespace harrow::worker {
namespace {

std::string prototype_name(std::size_t task, const char* part) {
    return "router." + std::to_string(task) + "." + part;
}

}  // namespace

RouterDistance parse_router_distance(const std::string& name) {
    if (name == "mahalanobis") {
        return RouterDistance::Mahalanobis;
    }
    if (name == "euclidean") {
        return RouterDistance::Euclidean;
    }
    if (name == "none") {
        return RouterDistance::None;
    }
    throw sweeps::UsageError("router.distance is '" + name +
                             "'; use mahalanobis, euclidean or none");
}

Prototype make_prototype(const torch::Tensor& image_features) {
    const torch::Tensor features = image_features.to(torch::kCPU, torch::kFloat64);
    const auto freedom = static_cast<double>(std::max<std::int64_t>(1, features.size(0) - 1));
    Prototype prototype;
    prototype.mean = features.mean(0);
    const torch::Tensor centred = features - prototype.mean;
    const torch::Tensor covariance = centred.t().mm(centred).div_(freedom);
    covariance.diagonal().add_(1e-5);
    const auto [factor, info] = torch::linalg_cholesky_ex(covariance);
    if (info.item<int>() != 0 || !factor.isfinite().all().item<bool>()) {
        throw sweeps::DataError(
            "router: the covariance of a task's image features is not positive definite: the "
            "features hold NaN, infinity or values far beyond 1e5; check the images and the "
            "backbone's weights");
    }
    prototype.cholesky = factor;
    return prototype;
}

void PrototypeRouter::learn(const torch::Tensor& image_features) {
    if (distance_ != RouterDistance::None) {
        prototypes_.push_back(make_prototype(image_features));
    }
}

torch::Tensor PrototypeRouter::distances(const torch::Tensor& image_features) const {
    const torch::Tensor features = image_features.to(torch::kCPU, torch::kFloat64);
    std::vector<torch::Tensor> columns;
    for (const Prototype& prototype : prototypes_) {
        torch::Tensor offset = features - prototype.mean;
        if (distance_ == RouterDistance::Mahalanobis) {
            // ‖L⁻¹x‖² = xᵀC⁻¹x, never negative.
            offset = torch::linalg_solve_triangular(prototype.cholesky, offset.t(), false).t();
        }
        columns.push_back(offset.square().sum(1).sqrt());
    }
    if (columns.empty()) {
        return torch::empty({features.size(0), 0}, torch::kFloat64);
    }
    return torch::stack(columns, 1);
}

torch::Tensor image_features(const torch::Tensor& patch_features) {
    std::vector<torch::Tensor> means;
    for (const torch::Tensor& slice : patch_features.split(kBatchImages, 0)) {
        means.push_back(slice.to(torch::kFloat64).mean({1, 2}));
    }
    return torch::cat(means, 0);
}

torch::Tensor image_features(const FeatureRows& rows) {
    std::vector<torch::Tensor> means;
    for (std::int64_t first = 0; first < rows.size(); first += kBatchImages) {
        const std::int64_t present = std::min(kBatchImages, rows.size() - first);
        means.push_back(image_features(rows.batch(first)).narrow(0, 0, present));
    }
    return torch::cat(means, 0);
}

void save_router(const PrototypeRouter& router, StateTensors& state) {
    const std::vector<Prototype>& prototypes = router.prototypes();
    for (std::size_t task = 0; task < prototypes.size(); ++task) {
        state[prototype_name(task, "mean")] = prototypes[task].mean;
        state[prototype_name(task, "cholesky")] = prototypes[task].cholesky;
    }
}

void restore_router(const StateTensors& state, PrototypeRouter& router) {
    std::vector<Prototype> prototypes;
    while (state.count(prototype_name(prototypes.size(), "mean")) > 0) {
        const std::size_t task = prototypes.size();
        Prototype prototype;
        prototype.mean = state_tensor(state, prototype_name(task, "mean"), torch::kFloat64).clone();
        const std::int64_t channels = prototype.mean.numel();
        prototype.cholesky =
            state_tensor(
                state, prototype_name(task, "cholesky"), torch::kFloat64, {channels, channels})
                .clone();
        prototypes.push_back(std::move(prototype));
    }
    router.restore(std::move(prototypes));
}

}  // namespace harrow::worker
