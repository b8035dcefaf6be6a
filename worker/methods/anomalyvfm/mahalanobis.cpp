#include "worker/methods/anomalyvfm/mahalanobis.hpp"

#include <cmath>
#include <limits>
#include <tuple>

#include "sweeps/error.hpp"

namespace harrow::worker::anomalyvfm {
namespace {

constexpr double kSmallestDeviation = 1e-8;

void check_finite(const torch::Tensor& values) {
    if (!values.isfinite().all().item<bool>()) {
        throw sweeps::DataError(
            "Mahalanobis: features of training images hold NaN or infinity; check the images and "
            "the backbone's weights, or lower train.lr");
    }
}

/// Eigenvalues that count: positions, ascending.
torch::Tensor kept(const torch::Tensor& eigenvalues, std::int64_t channels) {
    const double largest = eigenvalues.abs().max().item<double>();
    const double limit =
        static_cast<double>(channels) * std::numeric_limits<double>::epsilon() * largest;
    return (eigenvalues > limit).nonzero().squeeze(1);
}

}  // namespace

void CovarianceSums::add(const torch::Tensor& rows) {
    const torch::Tensor values = rows.to(torch::kFloat64);
    if (rows_ == 0) {
        shift_ = values.mean(0);
        sum_ = torch::zeros_like(shift_);
        products_ = torch::zeros({values.size(1), values.size(1)}, values.options());
    }
    const torch::Tensor shifted = values - shift_;
    sum_ += shifted.sum(0);
    products_.addmm_(shifted.t(), shifted);
    rows_ += values.size(0);
}

torch::Tensor CovarianceSums::mean() const {
    return shift_ + sum_ / static_cast<double>(rows_);
}

torch::Tensor CovarianceSums::covariance() const {
    const torch::Tensor offset = sum_ / static_cast<double>(rows_);
    return products_ / static_cast<double>(rows_) - torch::outer(offset, offset);
}

torch::Tensor whitening_of_covariance(const torch::Tensor& covariance) {
    const auto [values, vectors] = torch::linalg_eigh(covariance.cpu(), "L");
    const torch::Tensor which = kept(values, covariance.size(0));
    return vectors.index_select(1, which) / values.index_select(0, which).sqrt();
}

// C = XᵀX/n and K = XXᵀ/n share their eigenvalues λ; with Ku = λu, C's eigenvector is Xᵀu/√(nλ).
torch::Tensor whitening_of_rows(const torch::Tensor& centred) {
    const torch::Tensor rows = centred.cpu();
    const auto count = static_cast<double>(rows.size(0));
    const auto [values, vectors] = torch::linalg_eigh(rows.mm(rows.t()) / count, "L");
    const torch::Tensor which = kept(values, rows.size(1));
    return rows.t().mm(vectors.index_select(1, which)) /
           (values.index_select(0, which) * std::sqrt(count));
}

Gaussian Gaussian::fitted(const torch::Tensor& rows) {
    if (rows.size(0) == 0) {
        throw sweeps::DataError("Mahalanobis: there is no training image to measure against");
    }
    check_finite(rows);
    const torch::Tensor values = rows.to(torch::kCPU, torch::kFloat64);
    Gaussian gaussian;
    gaussian.mean_ = values.mean(0);
    const torch::Tensor centred = values - gaussian.mean_;
    const std::int64_t count = values.size(0);
    gaussian.whitening_ =
        count < values.size(1)
            ? whitening_of_rows(centred)
            : whitening_of_covariance(centred.t().mm(centred) / static_cast<double>(count));
    if (gaussian.whitening_.size(1) == count - 1) {
        // What a sum over the rows would give is rounding, and no measure of anything.
        gaussian.distance_mean_ = static_cast<double>(count - 1);
    } else {
        const torch::Tensor distances = gaussian.squared_distances(values);
        gaussian.distance_mean_ = distances.mean().item<double>();
        gaussian.distance_deviation_ = distances.std(/*unbiased=*/false).item<double>();
    }
    return gaussian.on(rows.device());
}

Gaussian Gaussian::fitted(const CovarianceSums& sums) {
    if (sums.rows() == 0) {
        throw sweeps::DataError("Mahalanobis: there is no training image to measure against");
    }
    Gaussian gaussian;
    gaussian.mean_ = sums.mean();
    const torch::Tensor covariance = sums.covariance();
    check_finite(covariance);
    gaussian.whitening_ = whitening_of_covariance(covariance).to(covariance.device());
    return gaussian;
}

Gaussian Gaussian::on(torch::Device device) const {
    Gaussian moved = *this;
    moved.mean_ = mean_.to(device);
    moved.whitening_ = whitening_.to(device);
    return moved;
}

torch::Tensor Gaussian::squared_distances(const torch::Tensor& rows) const {
    return (rows.to(mean_.device(), torch::kFloat64) - mean_).mm(whitening_).square().sum(1);
}

torch::Tensor Gaussian::scores(const torch::Tensor& rows) const {
    return (squared_distances(rows) - distance_mean_) / (distance_deviation_ + kSmallestDeviation);
}

void Gaussian::save(const std::string& prefix, StateTensors& state) const {
    state[prefix + "mean"] = mean_;
    state[prefix + "whitening"] = whitening_;
    state[prefix + "distances"] =
        torch::tensor(std::vector<double>{distance_mean_, distance_deviation_}, torch::kFloat64);
}

Gaussian Gaussian::restored(const std::string& prefix,
                            const StateTensors& state,
                            std::int64_t channels,
                            torch::Device device) {
    Gaussian gaussian;
    // Copies: the tensors given may share memory with a file.
    gaussian.mean_ =
        state_tensor(state, prefix + "mean", torch::kFloat64, {channels}).clone().to(device);
    const torch::Tensor& whitening = state_tensor(state, prefix + "whitening", torch::kFloat64);
    // Throws unless it is [D, k].
    gaussian.whitening_ =
        state_tensor(state,
                     prefix + "whitening",
                     torch::kFloat64,
                     {gaussian.mean_.numel(), whitening.dim() == 2 ? whitening.size(1) : -1})
            .clone()
            .to(device);
    const torch::Tensor& distances =
        state_tensor(state, prefix + "distances", torch::kFloat64, {2});
    gaussian.distance_mean_ = distances[0].item<double>();
    gaussian.distance_deviation_ = distances[1].item<double>();
    return gaussian;
}

}  // namespace harrow::worker::anomalyvfm
