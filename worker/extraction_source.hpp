#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "storage/datasets/dataset.hpp"
#include "storage/datasets/preprocess.hpp"
#include "storage/feature_cache.hpp"
#include "sweeps/hashing.hpp"
#include "sweeps/trial_config.hpp"
#include "worker/work_monitor.hpp"

namespace harrow::worker {

/// One class and split whose features are wanted, with all that is needed to extract them.
struct FeatureRequest {
    sweeps::Digest key;
    sweeps::TrialConfig config;  ///< as the view has it; data.layout and data.root filled in
    std::string class_name;
    std::string split;             ///< of sweeps::FeatureView
    sweeps::Digest images_digest;  ///< what the key was made of; empty: only the key is checked
    std::uint64_t seed = 0;        ///< the trial's; of images that are made for training
};

/// One square picture as a backbone wants its samples.
struct Picture {
    int side = 0;
    std::vector<float> samples;  ///< [3, side, side], normalised
};

/// The pictures whose features are wanted, in order. They need not be of one size.
class ExtractionSource {
public:
    virtual ~ExtractionSource() = default;

    /// Of each picture: the image that it is, or was made of.
    const std::vector<storage::FeatureSource>& images() const { return images_; }
    /// What their feature key is made of.
    const sweeps::Digest& digest() const { return digest_; }
    /// As storage::FeatureInfo::made.
    const std::string& made() const { return made_; }

    /// Loads what all pictures need on `threads` threads, whose time `seconds` gains. Once, before
    /// any picture. Throws sweeps::DataError naming the first image that cannot be used, and
    /// WorkStopped.
    virtual void prepare(int /*threads*/, WorkMonitor& /*monitor*/, double& /*seconds*/) {}
    /// On any thread, and for several at a time. Throws sweeps::DataError naming the file.
    virtual Picture picture(std::size_t index) const = 0;

protected:
    std::vector<storage::FeatureSource> images_;
    sweeps::Digest digest_;
    std::string made_;
};

/// Lists and digests the images; decodes none. `dataset` holds the request's class. Of the split
/// `anomalies`, prepare() decodes the normal images (at most synthetic.normal_images, as bytes),
/// once; each anomaly is made of them when it is asked for. Throws sweeps::DataError when images
/// are gone or cannot be read.
std::unique_ptr<ExtractionSource> open_source(const FeatureRequest& request,
                                              const storage::Dataset& dataset,
                                              const storage::Normalization& normalization);

}  // namespace harrow::worker
