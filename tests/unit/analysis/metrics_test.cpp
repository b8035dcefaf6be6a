#include "analysis/metrics.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <set>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/analysis/oracle/oracle.hpp"

namespace harrow::analysis {
namespace {

using Labels = std::vector<std::uint8_t>;

struct Counts {
    double tp = 0, fp = 0;
};

Counts counts_at(const std::vector<float>& scores, const Labels& labels, float threshold) {
    Counts counts;
    for (std::size_t i = 0; i < scores.size(); ++i) {
        if (scores[i] >= threshold) {
            (labels[i] != 0 ? counts.tp : counts.fp) += 1;
        }
    }
    return counts;
}

// Straight from the definitions, quadratic.
CurveMetrics slow_metrics(const std::vector<float>& scores, const Labels& labels) {
    CurveMetrics result;
    double wins = 0;
    for (std::size_t i = 0; i < scores.size(); ++i) {
        (labels[i] != 0 ? result.positives : result.negatives) += 1;
        for (std::size_t j = 0; j < scores.size(); ++j) {
            if (labels[i] != 0 && labels[j] == 0) {
                wins += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
            }
        }
    }
    const auto positives = static_cast<double>(result.positives);
    if (result.positives == 0) {
        return result;
    }
    if (result.negatives > 0) {
        result.auroc = wins / (positives * static_cast<double>(result.negatives));
    }
    const std::set<float, std::greater<>> thresholds(scores.begin(), scores.end());
    double recall = 0, ap = 0;
    F1Max best;
    for (const float threshold : thresholds) {
        const Counts at = counts_at(scores, labels, threshold);
        ap += (at.tp / positives - recall) * at.tp / (at.tp + at.fp);
        recall = at.tp / positives;
        const double f1 = 2 * at.tp / (at.tp + at.fp + positives);
        if (f1 > best.value + 1e-12) {
            best = {f1, threshold};
        }
    }
    result.average_precision = ap;
    result.f1max = best;
    return result;
}

void expect_same(const CurveMetrics& fast, const CurveMetrics& slow) {
    EXPECT_EQ(fast.positives, slow.positives);
    EXPECT_EQ(fast.negatives, slow.negatives);
    ASSERT_EQ(fast.auroc.has_value(), slow.auroc.has_value());
    ASSERT_EQ(fast.average_precision.has_value(), slow.average_precision.has_value());
    ASSERT_EQ(fast.f1max.has_value(), slow.f1max.has_value());
    if (slow.auroc) {
        EXPECT_NEAR(*fast.auroc, *slow.auroc, 1e-14);
    }
    if (slow.f1max) {
        EXPECT_NEAR(*fast.average_precision, *slow.average_precision, 1e-12);
        EXPECT_NEAR(fast.f1max->value, slow.f1max->value, 1e-14);
        EXPECT_EQ(fast.f1max->threshold, slow.f1max->threshold);
    }
}

TEST(MetricsTest, AgreesWithTheDefinitionsOnTieHeavyScores) {
    std::mt19937 random(7);
    for (int round = 0; round < 400; ++round) {
        const std::size_t count = 1 + random() % 60;
        const int levels = 1 + static_cast<int>(random() % 12);
        const auto positive_of_ten = random() % 11;
        std::vector<float> scores;
        Labels labels;
        for (std::size_t i = 0; i < count; ++i) {
            scores.push_back((static_cast<float>(random() % static_cast<unsigned>(levels)) - 3.5F) *
                             1234.5F);
            labels.push_back(random() % 10 < positive_of_ten ? 1 : 0);
        }
        SCOPED_TRACE(round);
        expect_same(curve_metrics(scores, labels), slow_metrics(scores, labels));
    }
}

TEST(MetricsTest, AgreesWithTheDefinitionsAcrossAllMagnitudes) {
    std::mt19937 random(8);
    std::vector<float> scores;
    Labels labels;
    for (int i = 0; i < 700; ++i) {
        const float sign = random() % 2 == 0 ? 1.0F : -1.0F;
        scores.push_back(sign * std::ldexp(1.0F + static_cast<float>(random() % 97) / 97.0F,
                                           static_cast<int>(random() % 200) - 100));
        labels.push_back(random() % 3 == 0 ? 1 : 0);
    }
    expect_same(curve_metrics(scores, labels), slow_metrics(scores, labels));
}

TEST(MetricsTest, EqualScoresAreOnePoint) {
    const CurveMetrics metrics = curve_metrics({2, 2, 2, 2}, {1, 0, 0, 0});
    EXPECT_EQ(metrics.auroc, 0.5);
    EXPECT_EQ(metrics.average_precision, 0.25);
    EXPECT_EQ(metrics.f1max->value, 0.4);
    EXPECT_EQ(metrics.f1max->threshold, 2.0F);
}

TEST(MetricsTest, NegativeZeroEqualsZero) {
    EXPECT_EQ(curve_metrics({-0.0F, 0.0F}, {1, 0}).auroc, 0.5);
}

TEST(MetricsTest, EmptyClassesLeaveMetricsUndefined) {
    const CurveMetrics sound = curve_metrics({1, 2}, {0, 0});
    EXPECT_FALSE(sound.auroc || sound.average_precision || sound.f1max);
    const CurveMetrics defective = curve_metrics({1, 2}, {1, 1});
    EXPECT_FALSE(defective.auroc);
    EXPECT_EQ(defective.average_precision, 1.0);
    EXPECT_EQ(defective.f1max->threshold, 1.0F);
    EXPECT_FALSE(curve_metrics({}, {}).auroc);
}

TEST(MetricsTest, NonFiniteScoresAreCountedAndNeverRanked) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const float infinity = std::numeric_limits<float>::infinity();
    const CurveMetrics metrics = curve_metrics({1, nan, -infinity, 3}, {0, 1, 0, 1});
    EXPECT_EQ(metrics.non_finite, 2U);
    EXPECT_FALSE(metrics.auroc || metrics.average_precision || metrics.f1max);
}

TEST(MetricsTest, PartsAddUpToTheWhole) {
    const std::vector<float> scores = {3, 1, 4, 1, 5, 9, 2, 6};
    const Labels labels = {0, 0, 1, 1, 0, 1, 0, 1};
    ScoreRanking ranking;
    ranking.add(scores.data(), labels.data(), 3);
    EXPECT_EQ(ranking.metrics().positives, 1U);
    ranking.add(scores.data() + 3, labels.data() + 3, 5);
    expect_same(ranking.metrics(), slow_metrics(scores, labels));
}

TEST(MetricsTest, RefusesLabelsThatDoNotFit) {
    EXPECT_THROW(curve_metrics({1, 2}, {1}), std::invalid_argument);
}

TEST(MetricsTest, AgreeWithScikitLearn) {
    for (const auto& expected : oracle("curves")) {
        const CurveMetrics metrics = curve_metrics(expected.at("scores").get<std::vector<float>>(),
                                                   expected.at("labels").get<Labels>());
        EXPECT_TRUE(close_to(metrics.auroc, expected.at("auroc")));
        EXPECT_TRUE(close_to(metrics.average_precision, expected.at("ap")));
        EXPECT_TRUE(close_to(metrics.f1max.value().value, expected.at("f1max")));
    }
}

}  // namespace
}  // namespace harrow::analysis
