#include "analysis/statistics/sign_flip.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "analysis/statistics/paired.hpp"
#include "analysis/statistics/sample.hpp"

namespace harrow::analysis {
namespace {

// Sums of begin..end under all choices of signs, ascending.
std::vector<double> signed_sums(const std::vector<double>& values,
                                std::size_t begin,
                                std::size_t end) {
    std::vector<double> sums{0};
    for (std::size_t i = begin; i < end; ++i) {
        const std::size_t before = sums.size();
        for (std::size_t k = 0; k < before; ++k) {
            sums.push_back(sums[k] - values[i]);
            sums[k] += values[i];
        }
    }
    std::sort(sums.begin(), sums.end());
    return sums;
}

// Meets in the middle: 2^15 sums of each half instead of 2^30 of all.
double exact_p(const std::vector<double>& values, double threshold) {
    const std::size_t half = values.size() / 2;
    const std::vector<double> left = signed_sums(values, 0, half);
    const std::vector<double> right = signed_sums(values, half, values.size());
    std::uint64_t hits = 0;
    for (const double sum : left) {
        hits += static_cast<std::uint64_t>(
            right.end() - std::lower_bound(right.begin(), right.end(), threshold - sum));
    }
    // As many sums are as low: flipping every sign maps one tail to the other.
    return std::ldexp(2.0 * static_cast<double>(hits), -static_cast<int>(values.size()));
}

double random_p(const std::vector<double>& values,
                double threshold,
                sweeps::RandomStream& random,
                std::size_t resamples) {
    std::size_t hits = 0;
    for (std::size_t b = 0; b < resamples; ++b) {
        double sum = 0;
        std::uint64_t bits = 0;
        for (std::size_t i = 0; i < values.size(); ++i) {
            bits = i % 64 == 0 ? random.next() : bits >> 1U;
            sum += (bits & 1U) != 0 ? values[i] : -values[i];
        }
        hits += std::abs(sum) >= threshold ? 1 : 0;
    }
    return static_cast<double>(1 + hits) / static_cast<double>(1 + resamples);
}

}  // namespace

SignFlipResult sign_flip_test(const std::vector<double>& x,
                              const std::vector<double>& y,
                              sweeps::RandomStream& random,
                              std::size_t resamples,
                              double alpha) {
    const PairedDifferences differences = paired_differences(x, y);
    SignFlipResult result;
    result.test.n = differences.values.size();
    if (result.test.n < 2) {
        result.test.note = "a sign-flip test needs two pairs";
        return result;
    }
    const auto n = static_cast<double>(result.test.n);
    result.test.statistic = sample_statistics(differences.values).mean;
    const std::size_t flippable = result.test.n - differences.num_zero();
    if (flippable == 0) {
        result.test.p = 1;
        result.test.note = "all differences are zero";
        return result;
    }
    // Sums that are equal but for rounding count as equally far.
    const double threshold = std::abs(*result.test.statistic) * n - differences.noise * n;
    result.exact = result.test.n <= kMaxExactFlips;
    if (result.exact) {
        result.test.p = threshold <= 0 ? 1.0 : exact_p(differences.values, threshold);
        result.smallest_p = std::ldexp(2.0, -static_cast<int>(flippable));
    } else {
        result.test.p = random_p(differences.values, threshold, random, resamples);
        result.smallest_p = 1 / static_cast<double>(1 + resamples);
    }
    result.test.note = reach_note(result.test.n, result.smallest_p, alpha);
    return result;
}

}  // namespace harrow::analysis
