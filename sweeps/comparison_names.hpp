#pragma once

#include <string>
#include <vector>

namespace harrow::sweeps {

/// What compares two cells, in `compare.test` and `--test`.
const std::vector<std::string>& comparison_tests();

/// How p values of one metric are corrected, in `compare.adjust` and `--adjust`.
const std::vector<std::string>& comparison_adjustments();

}  // namespace harrow::sweeps
