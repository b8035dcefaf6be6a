#include "analysis/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "analysis/metrics/score_keys.hpp"

namespace harrow::analysis {
namespace {

// Walks both ascending lists from the highest score down, one step per distinct score.
class Curves {
public:
    Curves(std::uint64_t positives, std::uint64_t negatives)
        : positives_(positives), negatives_(negatives) {}

    void step(std::uint64_t new_tp, std::uint64_t new_fp, std::uint32_t key) {
        // Twice the trapezoid, exactly: the sum stays below 2 n+ n-.
        twice_area_ += new_fp * (2 * tp_ + new_tp);
        tp_ += new_tp;
        fp_ += new_fp;
        if (new_tp == 0) {
            return;  // neither recall nor F1 can rise
        }
        precision_sum_ += static_cast<double>(new_tp) *
                          (static_cast<double>(tp_) / static_cast<double>(tp_ + fp_));
        // F1 = 2 TP / (TP + FP + P), compared as fractions.
        const std::uint64_t denominator = tp_ + fp_ + positives_;
        if (tp_ * best_denominator_ > best_tp_ * denominator) {
            best_tp_ = tp_;
            best_denominator_ = denominator;
            best_key_ = key;
        }
    }

    void write(CurveMetrics& metrics) const {
        if (positives_ == 0) {
            return;
        }
        metrics.average_precision = precision_sum_ / static_cast<double>(positives_);
        metrics.f1max =
            F1Max{2.0 * static_cast<double>(best_tp_) / static_cast<double>(best_denominator_),
                  score_of(best_key_)};
        if (negatives_ != 0) {
            metrics.auroc =
                static_cast<double>(twice_area_) /
                (2.0 * static_cast<double>(positives_) * static_cast<double>(negatives_));
        }
    }

private:
    std::uint64_t positives_, negatives_, tp_ = 0, fp_ = 0, twice_area_ = 0;
    std::uint64_t best_tp_ = 0, best_denominator_ = 1;
    std::uint32_t best_key_ = 0;
    double precision_sum_ = 0;
};

std::uint64_t take_equal(const std::vector<std::uint32_t>& keys,
                         std::size_t& end,
                         std::uint32_t key) {
    const std::size_t before = end;
    while (end > 0 && keys[end - 1] == key) {
        --end;
    }
    return before - end;
}

}  // namespace

void ScoreRanking::add(const float* scores, const std::uint8_t* labels, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        if (!std::isfinite(scores[i])) {
            ++non_finite_;
        }
        (labels[i] != 0 ? positive_keys_ : negative_keys_).push_back(key_of(scores[i]));
    }
}

CurveMetrics ScoreRanking::metrics() {
    CurveMetrics result;
    result.positives = positive_keys_.size();
    result.negatives = negative_keys_.size();
    result.non_finite = non_finite_;
    if (non_finite_ > 0) {
        return result;
    }
    radix_sort(positive_keys_, scratch_, [](std::uint32_t key) { return key; });
    radix_sort(negative_keys_, scratch_, [](std::uint32_t key) { return key; });
    Curves curves(result.positives, result.negatives);
    std::size_t p = positive_keys_.size(), n = negative_keys_.size();
    while (p > 0) {  // below the lowest positive only false positives follow: see the last step
        std::uint32_t key = positive_keys_[p - 1];
        if (n > 0 && negative_keys_[n - 1] > key) {
            key = negative_keys_[n - 1];
        }
        const std::uint64_t new_tp = take_equal(positive_keys_, p, key);
        curves.step(new_tp, take_equal(negative_keys_, n, key), key);
    }
    curves.step(0, n, 0);  // ranks of negatives below every positive do not matter
    curves.write(result);
    return result;
}

CurveMetrics curve_metrics(const std::vector<float>& scores,
                           const std::vector<std::uint8_t>& labels) {
    if (scores.size() != labels.size()) {
        throw std::invalid_argument("curve_metrics: one label per score expected");
    }
    ScoreRanking ranking;
    ranking.add(scores.data(), labels.data(), scores.size());
    return ranking.metrics();
}

CurveMetrics double_curve_metrics(const std::vector<double>& scores,
                                  const std::vector<std::uint8_t>& labels) {
    std::vector<double> distinct;
    for (const double score : scores) {
        if (std::isfinite(score)) {
            distinct.push_back(score);
        }
    }
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    // The float whose key is that of 0 plus the place in the order.
    const std::uint32_t zero = key_of(0.0F);
    std::vector<float> ranks;
    for (const double score : scores) {
        const auto place = std::lower_bound(distinct.begin(), distinct.end(), score);
        ranks.push_back(std::isfinite(score)
                            ? score_of(zero + static_cast<std::uint32_t>(place - distinct.begin()))
                            : std::numeric_limits<float>::quiet_NaN());
    }
    CurveMetrics metrics = curve_metrics(ranks, labels);
    if (metrics.f1max) {
        metrics.f1max->threshold =
            static_cast<float>(distinct[key_of(metrics.f1max->threshold) - zero]);
    }
    return metrics;
}

}  // namespace harrow::analysis
