#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace harrow::analysis {

struct F1Max {
    double value = 0;
    float threshold = 0;  ///< predict defective iff score >= threshold; the highest of equal ones
};

/// Larger scores mean more anomalous. Equal scores are one point of every curve.
struct CurveMetrics {
    std::uint64_t positives = 0, negatives = 0;
    std::uint64_t non_finite = 0;  ///< NaN or infinite scores; if any, nothing is ranked
    /// (sum of midranks of positives - n+(n+ + 1)/2) / (n+ n-); 0.5 when all scores are equal.
    std::optional<double> auroc;  ///< absent when a class is empty
    /// Sum of (R_n - R_{n-1}) P_n over distinct thresholds, no interpolation; all tied: prevalence.
    std::optional<double> average_precision;  ///< absent without positives
    std::optional<F1Max> f1max;               ///< absent without positives
};

/// Collects scores and ranks them once for all metrics. Memory: 4 bytes per score, twice while
/// ranking.
class ScoreRanking {
public:
    /// labels: non-zero is defective.
    void add(const float* scores, const std::uint8_t* labels, std::size_t count);
    /// Ranks what was added; more may be added afterwards.
    CurveMetrics metrics();
    /// Keys (score_keys.hpp) of what is not defective, ascending as metrics() left them.
    const std::vector<std::uint32_t>& ranked_negatives() const { return negative_keys_; }

private:
    std::vector<std::uint32_t> positive_keys_, negative_keys_, scratch_;
    std::uint64_t non_finite_ = 0;
};

/// All metrics of one set of scores. Throws std::invalid_argument when the sizes differ.
CurveMetrics curve_metrics(const std::vector<float>& scores,
                           const std::vector<std::uint8_t>& labels);

/// The same of doubles, which no rounding may tie; the threshold is rounded.
CurveMetrics double_curve_metrics(const std::vector<double>& scores,
                                  const std::vector<std::uint8_t>& labels);

}  // namespace harrow::analysis
