#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace harrow::analysis {

/// A finite value, or the reason why there is none.
struct Estimate {
    std::optional<double> value;
    std::string note;  ///< why it is absent, or what to know about it; may be empty
};

/// Outcome of a two-sided test. No member is ever NaN or infinite.
struct TestResult {
    std::size_t n = 0;                ///< pairs, blocks, or values of both samples
    std::optional<double> statistic;  ///< absent where it is undefined or infinite
    std::optional<double> df;         ///< degrees of freedom, of tests that have them
    std::optional<double> p;          ///< absent only where `note` says that nothing can be tested
    std::string note;                 ///< may be empty
};

/// Four significant digits, whatever the locale: numbers in notes.
std::string note_number(double value);

/// "n = 5: the smallest possible p is 0.0625, above 0.05"; empty when alpha can be reached.
std::string reach_note(std::size_t n, double smallest_p, double alpha);

}  // namespace harrow::analysis
