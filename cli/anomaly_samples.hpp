#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "storage/datasets/dataset.hpp"
#include "storage/datasets/image.hpp"
#include "storage/datasets/synthetic_anomalies.hpp"
#include "sweeps/trial_config.hpp"

namespace harrow::cli {

/// One anomaly among those a training asks for.
struct AnomalyNumber {
    std::size_t resolution = 0;  ///< index into synthetic.resolutions
    std::int64_t index = 0;      ///< of that resolution
};

struct AnomalySample {
    storage::DrawnAnomaly drawn;
    storage::Image normal;           ///< what it was made of, [side, side, 3]
    storage::Image picture;          ///< [side, side, 3]
    std::vector<std::uint8_t> mask;  ///< 0 or 1, [side, side]
    std::string base_path;           ///< of the image it was made of
    std::string source_path;         ///< of a contextual one's patch; else empty
};

/// Makes the anomalies of one class as training does. Keeps the images it has loaded.
class AnomalySampler {
public:
    /// `config`: of the class; `seed`: as sweeps::anomaly_seed gives it. Throws sweeps::UsageError
    /// when no anomaly is asked for, sweeps::DataError when the class has no training image.
    AnomalySampler(storage::Dataset dataset,
                   const std::string& class_name,
                   sweeps::TrialConfig config,
                   std::uint64_t seed);

    /// The first `count` of each stage of each resolution, in this order.
    std::vector<AnomalyNumber> first_of_each_stage(std::int64_t count) const;
    /// Throws sweeps::DataError for an image that cannot be read.
    AnomalySample make(const AnomalyNumber& number);
    std::size_t normals() const { return normals_.size(); }

private:
    const storage::Image& square(std::int64_t normal);

    storage::Dataset dataset_;
    sweeps::TrialConfig config_;
    std::uint64_t seed_;
    std::vector<storage::ImageEntry> normals_;
    std::map<std::int64_t, storage::Image> squares_;
};

}  // namespace harrow::cli
