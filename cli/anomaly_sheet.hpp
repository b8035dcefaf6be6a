#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/anomaly_samples.hpp"
#include "storage/datasets/image.hpp"

namespace harrow::cli {

/// Contact sheet of anomalies: rows of one stage and resolution each, per anomaly the normal image,
/// the anomaly, and the anomaly with its mask tinted and outlined.
class AnomalySheet {
public:
    /// In the order of the rows. No more than kShown of a stage and resolution are shown.
    void add(const AnomalySample& sample);
    storage::Image picture() const;

    static constexpr std::size_t kShown = 8;

private:
    struct Row {
        std::string stage;
        int side = 0;
        std::size_t seen = 0;
        std::vector<storage::Image> triples;
    };
    std::vector<Row> rows_;
};

}  // namespace harrow::cli
