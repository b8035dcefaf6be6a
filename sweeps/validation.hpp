#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sweeps/hashing.hpp"
#include "sweeps/trial_config.hpp"

/// Training images that are kept out of training, so that a configuration can be selected without
/// a look at the test images.
namespace harrow::sweeps {

/// The split of the anomalies that are pasted into them, as messages and extractions name it.
inline constexpr const char* kSyntheticSplit = "val_synth";

/// Whether pasted anomalies are wanted. They need images that are held out.
bool has_synthetic(const ValidationConfig& config);

/// How many of a class's training images are held out: the nearest whole number, at least 1; 0 when
/// `holdout` is 0.
std::int64_t held_out_count(std::int64_t images, double holdout);

/// Indices of those that are held out, ascending: the ones whose names hash lowest, so that they
/// are the same for every seed and cell, and a larger share holds a smaller one. `names`: paths
/// inside the split, distinct.
std::vector<std::int64_t> held_out(const std::vector<std::string>& names, double holdout);

/// What a feature key of the pasted anomalies is made of in place of the images' digest.
/// `train_digest`: of all training images of the class.
Digest synthetic_digest(const Digest& train_digest, const ValidationConfig& config);

}  // namespace harrow::sweeps
