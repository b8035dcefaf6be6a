#pragma once

#include <cstddef>
#include <set>
#include <string>

#include "analysis/comparison/class_comparison.hpp"
#include "analysis/document/document.hpp"
#include "analysis/report.hpp"

namespace harrow::analysis {

/// "image_auroc: of 21 differences (cell × class) that could be tested, 1 is separable from noise:
/// v1.4 in fabric +0.1000. …" A warning where none could be tested, with the reasons.
Paragraph class_verdict(const Report& report, const ClassComparisons& of);

/// Of a fair comparison without p.
std::string why_untested(const Comparison& pair);

/// "a; b"
std::string joined(const std::set<std::string>& texts, const std::string& separator);
/// "1 test", "3 tests"
std::string counted(std::size_t count, const std::string& one, const std::string& many);

}  // namespace harrow::analysis
