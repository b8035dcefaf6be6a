#include "cli/anomaly_samples.hpp"

#include <algorithm>
#include <utility>

#include "storage/datasets/anomaly_images.hpp"
#include "storage/datasets/preprocess.hpp"
#include "sweeps/anomalies.hpp"
#include "sweeps/error.hpp"

namespace harrow::cli {

AnomalySampler::AnomalySampler(storage::Dataset dataset,
                               const std::string& class_name,
                               sweeps::TrialConfig config,
                               std::uint64_t seed)
    : dataset_(std::move(dataset)),
      config_(std::move(config)),
      seed_(sweeps::class_anomaly_seed(seed, class_name)) {
    for (const storage::DatasetClass& found : dataset_.classes) {
        if (found.name == class_name) {
            normals_ = storage::anomaly_normals(dataset_.layout, found.train, config_);
        }
    }
    if (normals_.empty()) {
        throw sweeps::DataError("class " + class_name + " of " + dataset_.root.string() +
                                " has no training image to make anomalies of; put the images "
                                "back, or name another class");
    }
    if (first_of_each_stage(1).empty()) {
        throw sweeps::UsageError(
            "synthetic.texture, synthetic.structural and synthetic.contextual are all 0: there is "
            "no anomaly to write; set one of them");
    }
}

std::vector<AnomalyNumber> AnomalySampler::first_of_each_stage(std::int64_t count) const {
    std::vector<AnomalyNumber> numbers;
    const sweeps::AnomalyRows rows =
        sweeps::anomaly_rows(config_.synthetic, static_cast<std::int64_t>(normals_.size()));
    for (std::size_t r = 0; r < rows.resolutions.size(); ++r) {
        const sweeps::AnomalyCounts& counts = rows.resolutions[r];
        std::int64_t begin = 0;
        for (const std::int64_t of_stage : {counts.texture, counts.structural, counts.contextual}) {
            for (std::int64_t i = 0; i < std::min(count, of_stage); ++i) {
                numbers.push_back({r, begin + i});
            }
            begin += of_stage;
        }
    }
    return numbers;
}

AnomalySample AnomalySampler::make(const AnomalyNumber& number) {
    AnomalySample sample;
    sample.drawn = storage::draw_anomaly(config_.synthetic,
                                         number.resolution,
                                         number.index,
                                         sweeps::load_side(config_.data),
                                         static_cast<std::int64_t>(normals_.size()),
                                         seed_);
    const storage::DrawnAnomaly& drawn = sample.drawn;
    const storage::Image& base = square(drawn.base);
    sample.base_path = normals_[static_cast<std::size_t>(drawn.base)].relative_path;
    sample.normal = storage::resize_bilinear(base, drawn.side, drawn.side);
    if (drawn.stage == "contextual") {
        sample.source_path = normals_[static_cast<std::size_t>(drawn.source)].relative_path;
        sample.picture =
            storage::make_anomaly(drawn, config_.synthetic, base, square(drawn.source));
    } else {
        sample.picture = storage::make_anomaly(drawn, config_.synthetic, base, base);
    }
    sample.mask = storage::anomaly_mask(drawn, drawn.side);
    return sample;
}

const storage::Image& AnomalySampler::square(std::int64_t normal) {
    const auto known = squares_.find(normal);
    if (known != squares_.end()) {
        return known->second;
    }
    const storage::ImageEntry& entry = normals_[static_cast<std::size_t>(normal)];
    const storage::Image picture = storage::read_image(dataset_.root / entry.relative_path);
    return squares_.emplace(normal, storage::anomaly_square(picture, config_)).first->second;
}

}  // namespace harrow::cli
