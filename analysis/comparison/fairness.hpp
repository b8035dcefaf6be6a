#pragma once

#include <string>
#include <vector>

#include "analysis/summary.hpp"

namespace harrow::analysis {

/// A parameter two cells do not share; empty text: it means nothing to that cell.
struct SettingDifference {
    std::string name;  ///< dotted; "data" and "weights" for their digests
    std::string a, b;
    bool operator==(const SettingDifference& other) const {
        return name == other.name && a == other.a && b == other.b;
    }
};

/// In the order of names. Settings that one of two imports does not mention are not compared.
std::vector<SettingDifference> setting_differences(const CellInfo& a, const CellInfo& b);

/// "train.lr 0.0002 / 0.0003, train.lambda_logdet 1e-05 / 0.0001"
std::string difference_text(const std::vector<SettingDifference>& differences);

}  // namespace harrow::analysis
