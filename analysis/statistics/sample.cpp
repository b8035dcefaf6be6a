#include "analysis/statistics/sample.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>

#include <boost/math/distributions/students_t.hpp>

namespace harrow::analysis {

void require_finite(const std::vector<double>& values, const char* function) {
    for (const double value : values) {
        if (!std::isfinite(value)) {
            throw std::invalid_argument(std::string(function) + ": values must be finite");
        }
    }
}

double rounding_noise(const std::vector<double>& x, const std::vector<double>& y) {
    double largest = 0;
    for (const auto* values : {&x, &y}) {
        for (const double value : *values) {
            largest = std::max(largest, std::abs(value));
        }
    }
    return std::max(16 * std::numeric_limits<double>::epsilon() * largest,
                    std::numeric_limits<double>::min());
}

namespace {

// sqrt(sum (x - mean)^2 / (n - 1)); in units of `spread` where squares overflow or vanish.
double sample_std(const std::vector<double>& values, double mean, double spread) {
    const auto squares_in = [&](double unit) {
        double squares = 0;
        for (const double value : values) {
            squares += (value - mean) / unit * ((value - mean) / unit);
        }
        return squares;
    };
    const auto df = static_cast<double>(values.size() - 1);
    const double squares = squares_in(1);
    if (spread > 0 && !(squares > 1e-280 && squares < 1e280)) {
        return spread * std::sqrt(squares_in(spread) / df);
    }
    return std::sqrt(squares / df);
}

}  // namespace

SampleStatistics sample_statistics(const std::vector<double>& values) {
    require_finite(values, "sample_statistics");
    SampleStatistics result;
    result.n = values.size();
    if (values.empty()) {
        return result;
    }
    const auto n = static_cast<double>(values.size());
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    // Rounding must not invent a spread between equal values.
    const double mean =
        *low == *high ? *low : std::accumulate(values.begin(), values.end(), 0.0) / n;
    result.mean = mean;
    if (values.size() < 2) {
        return result;
    }
    result.std = sample_std(values, mean, *high - *low);
    require_finite({mean, *result.std}, "sample_statistics: mean and std");
    result.ci95 = t_interval(result, 0.95);
    return result;
}

std::optional<Interval> t_interval(const SampleStatistics& sample, double level) {
    if (!(level > 0 && level < 1)) {
        throw std::invalid_argument("t_interval: level must lie between 0 and 1");
    }
    if (!sample.mean || !sample.std) {
        return std::nullopt;
    }
    const auto n = static_cast<double>(sample.n);
    const boost::math::students_t distribution(n - 1);
    const double factor = boost::math::quantile(complement(distribution, (1 - level) / 2));
    const double half = factor * *sample.std / std::sqrt(n);
    require_finite({*sample.mean - half, *sample.mean + half}, "t_interval: bounds");
    return Interval{*sample.mean - half, *sample.mean + half};
}

std::optional<double> interquartile_mean(std::vector<double> values) {
    require_finite(values, "interquartile_mean");
    if (values.empty()) {
        return std::nullopt;
    }
    std::sort(values.begin(), values.end());
    const auto cut = static_cast<std::ptrdiff_t>(values.size() / 4);
    return sample_statistics({values.begin() + cut, values.end() - cut}).mean;
}

}  // namespace harrow::analysis
