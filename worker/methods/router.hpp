#pragma once

#include <string>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "worker/feature_rows.hpp"
#include "worker/state_tensors.hpp"

namespace harrow::worker {

enum class RouterDistance { None, Mahalanobis, Euclidean };
/// mahalanobis, euclidean or none; throws sweeps::UsageError.
RouterDistance parse_router_distance(const std::string& name);

/// Mean and factored covariance of one task's image features, in double precision.
struct Prototype {
    torch::Tensor mean;      ///< [D]
    torch::Tensor cholesky;  ///< [D,D]: lower factor of the covariance (n-1, 1e-5 on the diagonal)
};
/// From image features [N,D]. Throws sweeps::DataError when they hold NaN or infinity.
Prototype make_prototype(const torch::Tensor& image_features);

/// Says which task an image most likely belongs to: the one whose prototype is nearest. Distances
/// are float64; the reference inverts a nearly singular covariance in float32 instead.
class PrototypeRouter {
public:
    explicit PrototypeRouter(RouterDistance distance) : distance_(distance) {}

    /// Tasks are learned in order 0, 1, …
    void learn(const torch::Tensor& image_features);
    /// Image features [N,D] -> [N,tasks] float64 on the CPU.
    torch::Tensor distances(const torch::Tensor& image_features) const;
    const std::vector<Prototype>& prototypes() const { return prototypes_; }
    /// Instead of learning: prototypes of tasks 0, 1, … as they were learned.
    void restore(std::vector<Prototype> prototypes) { prototypes_ = std::move(prototypes); }

private:
    RouterDistance distance_;
    std::vector<Prototype> prototypes_;
};

/// Patch features [B,H,W,D] -> [B,D] float64, the mean over patches. In double precision a few
/// images at a time.
torch::Tensor image_features(const torch::Tensor& patch_features);
/// The same of all rows, in fixed batches -> [N,D].
torch::Tensor image_features(const FeatureRows& rows);

/// As named tensors `router.<task>.…`.
void save_router(const PrototypeRouter& router, StateTensors& state);
/// Throws storage::UnusableCheckpoint when a tensor is missing or does not fit.
void restore_router(const StateTensors& state, PrototypeRouter& router);

}  // namespace harrow::worker
