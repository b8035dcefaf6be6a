#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/metrics/other_aupro.hpp"
#include "storage/score_map_file.hpp"

namespace harrow::cli {

struct MapMetric {
    std::string name;
    std::optional<double> value;
    std::string note;  ///< why it is absent
};

/// What a file of score maps says.
struct MapMetrics {
    std::vector<MapMetric> metrics;  ///< image_auroc … pixel_f1max, aupro
    std::size_t defective_images = 0;
    std::uint64_t regions = 0, defect_pixels = 0;
    std::vector<std::string> notes;  ///< what a reader should know of the file
};

/// Every metric, as after a training: the same code ranks. Images are defective by `labels`, else
/// when their mask has a defect; their scores are `image_scores`, else the maximum of each map.
/// Memory: about 10 bytes per pixel. Throws as ScoreMapFile, and UsageError for an image labelled
/// good that has defect pixels.
MapMetrics map_metrics(const storage::ScoreMapFile& file, double aupro_limit);

/// The AU-PROs of other implementations; about 14 bytes per pixel.
std::vector<analysis::NamedAupro> other_aupros(const storage::ScoreMapFile& file, double limit);

}  // namespace harrow::cli
