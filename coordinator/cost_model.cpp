#include "coordinator/cost_model.hpp"

#include <algorithm>
#include <cmath>

namespace harrow::coordinator {
namespace {

constexpr std::size_t kKinds = 4;
constexpr double kInterceptVariance = 4.0;  // the plan may be wrong by a factor of seven
constexpr double kSlopeVariance = 0.25;     // and by a power of 1 +- 0.5 of each size
constexpr double kNoiseVariance = 0.01;     // equal units differ by about 10 %
constexpr double kForget = 0.998;           // a slower machine shows after some hundred units
constexpr double kMaxVariance = 4.0;        // what forgetting may forget
constexpr std::size_t kErrors = 256;
constexpr std::size_t kFewErrors = 8;
constexpr double kAssumedSpread = 0.5;
constexpr double kTwoSided90 = 1.645;  // standard deviations

double log_of(double value, double typical) {
    return std::log(std::max(value, 1.0) / typical);
}

}  // namespace

CostModel::CostModel() {
    for (std::size_t term = 0; term < kTerms; ++term) {
        covariance_[term][term] = term < kKinds ? kInterceptVariance : kSlopeVariance;
    }
}

CostModel::Terms CostModel::terms_of(const WorkSize& size) {
    Terms terms{};
    terms[static_cast<std::size_t>(size.kind)] = 1.0;
    if (size.kind == WorkSize::Kind::Extraction) {
        terms[4] = log_of(size.images, 200);
    } else if (size.kind == WorkSize::Kind::Training) {
        terms[5] = log_of(size.images, 3000);
        terms[6] = log_of(size.epochs, 60);
        terms[7] = log_of(size.tasks, 15);
        terms[8] = log_of(size.depth, 12);
    }
    return terms;
}

double CostModel::correction(const Terms& terms) const {
    double sum = 0;
    for (std::size_t term = 0; term < kTerms; ++term) {
        sum += weights_[term] * terms[term];
    }
    return sum;
}

CostModel::Terms CostModel::times_covariance(const Terms& terms) const {
    Terms product{};
    for (std::size_t row = 0; row < kTerms; ++row) {
        for (std::size_t column = 0; column < kTerms; ++column) {
            product[row] += covariance_[row][column] * terms[column];
        }
    }
    return product;
}

double CostModel::expected(const WorkSize& size, double planned) const {
    return planned * std::exp(std::clamp(correction(terms_of(size)), -20.0, 20.0));
}

void CostModel::observe(const WorkSize& size, double planned, double seconds) {
    if (!(seconds > 0) || !std::isfinite(seconds) || !(planned > 0)) {
        return;
    }
    const Terms terms = terms_of(size);
    const double error = std::log(seconds / planned) - correction(terms);
    if (errors_.size() < kErrors) {
        errors_.push_back(error);
    } else {
        errors_[observations_ % kErrors] = error;
    }
    ++observations_;
    const Terms product = times_covariance(terms);
    double variance = kNoiseVariance;
    for (std::size_t term = 0; term < kTerms; ++term) {
        variance += terms[term] * product[term];
    }
    for (std::size_t row = 0; row < kTerms; ++row) {
        weights_[row] += product[row] / variance * error;
        for (std::size_t column = 0; column < kTerms; ++column) {
            covariance_[row][column] -= product[row] * product[column] / variance;
        }
    }
    for (std::size_t row = 0; row < kTerms; ++row) {
        if (terms[row] != 0 && covariance_[row][row] / kForget < kMaxVariance) {
            covariance_[row][row] /= kForget;
        }
    }
}

double CostModel::unit_spread() const {
    if (errors_.size() < kFewErrors) {
        return kAssumedSpread;
    }
    std::vector<double> sorted =
        errors_;  // half the range of the middle 68 %: outliers count little
    const auto at = [&](double quantile) {
        const auto place =
            static_cast<std::ptrdiff_t>(quantile * static_cast<double>(sorted.size() - 1));
        std::nth_element(sorted.begin(), sorted.begin() + place, sorted.end());
        return sorted[static_cast<std::size_t>(place)];
    };
    return 0.5 * (at(0.84) - at(0.16));
}

double CostModel::model_spread(const WorkSize& size) const {
    const Terms terms = terms_of(size);
    const Terms product = times_covariance(terms);
    double variance = 0;
    for (std::size_t term = 0; term < kTerms; ++term) {
        variance += terms[term] * product[term];
    }
    return std::sqrt(std::max(variance, 0.0));
}

Forecast forecast_end(double left_s,
                      double longest_s,
                      std::size_t units,
                      std::size_t slots,
                      double unit_spread,
                      double model_spread) {
    if (units == 0 || slots == 0 || !(left_s > 0)) {
        return {};
    }
    // The last units end one by one; on average half of one is waited for.
    const double mean = left_s / static_cast<double>(units);
    const double busy = static_cast<double>(std::min(units, slots));
    const double even = left_s / static_cast<double>(slots);
    const double tail = slots > 1 ? 0.5 * mean * (busy - 1) / static_cast<double>(slots) : 0.0;
    const double seconds = std::max(even + tail, longest_s);
    const double waves = std::max(1.0, static_cast<double>(units) / static_cast<double>(slots));
    const double spread =
        std::sqrt(model_spread * model_spread + unit_spread * unit_spread / waves);
    const double factor = std::exp(std::min(kTwoSided90 * spread, 3.0));
    return {seconds, seconds / factor, seconds * factor};
}

}  // namespace harrow::coordinator
