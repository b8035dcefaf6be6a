#pragma once

#include <vector>

#include "storage/datasets/dataset.hpp"
#include "storage/datasets/image.hpp"
#include "storage/datasets/synthetic_anomalies.hpp"
#include "sweeps/trial_config.hpp"

/// From the files of a class to the pictures of its anomalies, as training makes them. `config` is
/// that of the class (sweeps::config_of_class).
namespace harrow::storage {

/// The images that anomalies are made of, in order: those trained on, without held-out ones, up to
/// synthetic.normal_images. `train`: all training images of the class.
std::vector<ImageEntry> anomaly_normals(const std::string& layout,
                                        const std::vector<ImageEntry>& train,
                                        const sweeps::TrialConfig& config);

/// [load_side, load_side, 3]: the image's own pixels, or with synthetic.train_pixels
/// wrapped_compat what a cast of the normalised samples makes of them.
Image anomaly_square(const Image& picture, const sweeps::TrialConfig& config);

/// The anomaly, [side, side, 3] of `drawn`, made of two such squares.
Image make_anomaly(const DrawnAnomaly& drawn,
                   const sweeps::SyntheticConfig& config,
                   const Image& base,
                   const Image& source);

}  // namespace harrow::storage
