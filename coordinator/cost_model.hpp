#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

/// How long a unit of work will take.
namespace harrow::coordinator {

/// What a unit's cost depends on.
struct WorkSize {
    enum class Kind : std::uint8_t { Extraction, Training, Scoring, Waiting };
    Kind kind = Kind::Training;
    float images = 0;  ///< that are extracted, or trained on in one epoch of each task
    float epochs = 0, tasks = 0;
    float depth = 0;  ///< blocks of the model
};

/// Log-linear: log seconds = log(the plan's estimate) + one intercept per kind + slopes on the logs
/// of images, epochs, tasks and depth. Recursive least squares with a Gaussian prior around the
/// plan's estimate (ridge) and slow forgetting; O(1) per observation. Deterministic.
class CostModel {
public:
    CostModel();

    /// Seconds, > 0. `planned`: the plan's estimate in seconds, > 0.
    double expected(const WorkSize& size, double planned) const;
    /// A unit took `seconds`; values that are not positive and finite are ignored.
    void observe(const WorkSize& size, double planned, double seconds);
    std::size_t observations() const { return observations_; }

    /// Standard deviation of the log of one unit's seconds around expected(): from the recent
    /// errors, assumed before there are any.
    double unit_spread() const;
    /// Standard deviation of the log of expected() itself: what more units would teach.
    double model_spread(const WorkSize& size) const;

private:
    static constexpr std::size_t kTerms = 9;
    using Terms = std::array<double, kTerms>;

    static Terms terms_of(const WorkSize& size);
    double correction(const Terms& terms) const;
    Terms times_covariance(const Terms& terms) const;

    Terms weights_{};
    std::array<Terms, kTerms> covariance_{};
    std::vector<double> errors_;  ///< of the last predictions, log seconds; a ring
    std::size_t observations_ = 0;
};

/// Seconds with an interval that holds the truth nine times in ten.
struct Forecast {
    double seconds = 0, low = 0, high = 0;
};

/// The end of `left_s` slot-seconds of expected work on `slots` slots, the longest unit of which
/// takes `longest_s`. `units`: how many make up that work. `spread`, `model_spread`: as in
/// CostModel.
Forecast forecast_end(double left_s,
                      double longest_s,
                      std::size_t units,
                      std::size_t slots,
                      double unit_spread,
                      double model_spread);

}  // namespace harrow::coordinator
