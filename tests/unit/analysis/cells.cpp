#include "tests/unit/analysis/cells.hpp"

#include <vector>

namespace harrow::analysis::testing {

CellSummary cell(const std::string& name,
                 const std::map<std::string, std::string>& settings,
                 const std::map<std::uint64_t, double>& values) {
    CellSummary summary;
    summary.info.id = summary.info.name = name;
    summary.info.settings = settings;
    summary.info.data_digest = "data";
    std::vector<double> plain;
    for (const auto& [seed, value] : values) {
        summary.info.seeds.push_back(seed);
        plain.push_back(value);
    }
    summary.metrics["m"].values = values;
    summary.metrics["m"].statistics = sample_statistics(plain);
    return summary;
}

}  // namespace harrow::analysis::testing
