#pragma once

#include <cstdint>
#include <string>

#include <torch/torch.h>

#include "worker/state_tensors.hpp"

/// How far features are from those of training (AnomalyVFM B3), in double precision.
namespace harrow::worker::anomalyvfm {

/// Mean and covariance (1/n), gathered a few rows at a time.
class CovarianceSums {
public:
    /// Rows [R,D] of any floating type and device.
    void add(const torch::Tensor& rows);
    std::int64_t rows() const { return rows_; }
    torch::Tensor mean() const;        ///< [D]
    torch::Tensor covariance() const;  ///< [D,D]

private:
    std::int64_t rows_ = 0;
    torch::Tensor shift_;     ///< [D]: what is subtracted first, so that sums stay small
    torch::Tensor sum_;       ///< [D]
    torch::Tensor products_;  ///< [D,D]
};

/// A Gaussian whose precision is the pseudo-inverse of the covariance of what it was fitted to:
/// eigenvalues up to D · epsilon · the largest are left out, so that directions that no row takes
/// do not count. float64.
class Gaussian {
public:
    /// Of rows [n,D], on their device in the end. Of fewer rows than channels the eigenvectors come
    /// from the n x n products of rows: the same result, n large or small. Throws
    /// sweeps::DataError when a value is no finite number, or without rows.
    static Gaussian fitted(const torch::Tensor& rows);
    /// Only from the covariance; without statistics of the rows' own distances.
    static Gaussian fitted(const CovarianceSums& sums);

    /// Squared distances of rows [R,D] of any device -> [R] float64 on mean()'s.
    torch::Tensor squared_distances(const torch::Tensor& rows) const;
    /// (d² - mean) / (deviation + 1e-8) with mean and population deviation of the fitted rows' d².
    /// Of n rows none of which is redundant (rank n - 1: rarely otherwise with no more rows than
    /// channels) d² is n - 1 of each; the deviation then is 0, and scores are of the order 1e8.
    torch::Tensor scores(const torch::Tensor& rows) const;

    Gaussian on(torch::Device device) const;

    const torch::Tensor& mean() const { return mean_; }                        ///< [D]
    torch::Tensor precision() const { return whitening_.mm(whitening_.t()); }  ///< [D,D]

    /// As tensors `<prefix>mean`, …
    void save(const std::string& prefix, StateTensors& state) const;
    /// Throws storage::UnusableCheckpoint, also for another number of channels.
    static Gaussian restored(const std::string& prefix,
                             const StateTensors& state,
                             std::int64_t channels,
                             torch::Device device);

private:
    torch::Tensor mean_;
    torch::Tensor whitening_;  ///< [D,k]: eigenvectors over the root of their eigenvalues
    double distance_mean_ = 0;
    double distance_deviation_ = 0;
};

/// [D,k] of the covariance [D,D], whose product with its transpose is the pseudo-inverse.
torch::Tensor whitening_of_covariance(const torch::Tensor& covariance);
/// The same from the centred rows [n,D] themselves.
torch::Tensor whitening_of_rows(const torch::Tensor& centred);

}  // namespace harrow::worker::anomalyvfm
