#include "tests/unit/analysis/oracle/oracle.hpp"

#include <cmath>
#include <fstream>
#include <stdexcept>

namespace harrow::analysis {

nlohmann::json oracle(const std::string& list) {
    const std::string path = std::string(HARROW_ORACLE_DIR) + "/statistics.json";
    std::ifstream file(path);
    if (!file) {
        throw std::runtime_error("cannot read " + path);
    }
    nlohmann::json found = nlohmann::json::parse(file).at(list);
    if (found.empty()) {
        throw std::runtime_error(path + ": no " + list);
    }
    return found;
}

std::vector<double> numbers(const nlohmann::json& list) {
    return list.get<std::vector<double>>();
}

testing::AssertionResult close_to(double actual, double expected, double tolerance) {
    const double scale = expected == 0 ? 1 : std::abs(expected);
    if (std::abs(actual - expected) <= tolerance * scale) {
        return testing::AssertionSuccess();
    }
    return testing::AssertionFailure() << std::scientific << actual << " is not " << expected
                                       << ": off by " << std::abs(actual - expected) / scale;
}

testing::AssertionResult close_to(const std::optional<double>& actual,
                                  double expected,
                                  double tolerance) {
    return actual ? close_to(*actual, expected, tolerance)
                  : testing::AssertionFailure() << "absent, expected " << expected;
}

}  // namespace harrow::analysis
