#pragma once

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace harrow::analysis {

/// One list of statistics.json, which make_statistics.py wrote with SciPy and statsmodels.
/// Throws when it is missing or empty.
nlohmann::json oracle(const std::string& list);

std::vector<double> numbers(const nlohmann::json& list);

/// Relative; absolute where `expected` is 0.
testing::AssertionResult close_to(double actual, double expected, double tolerance = 1e-10);
testing::AssertionResult close_to(const std::optional<double>& actual,
                                  double expected,
                                  double tolerance = 1e-10);

}  // namespace harrow::analysis
