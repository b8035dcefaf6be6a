#include "analysis/metrics/aupro.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <set>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/metrics/pixel_ranking.hpp"
#include "sweeps/random.hpp"
#include "tests/unit/analysis/slow_regions.hpp"

namespace harrow::analysis {
namespace {

struct Image {
    int height = 0, width = 0;
    std::vector<float> scores;
    std::vector<std::uint8_t> mask;
};

struct Point {
    double fpr = 0, pro = 0;
};

// False positive rate and mean overlap of the regions when every score >= threshold is a defect.
Point point_at(const std::vector<Image>& images, float threshold, bool corners) {
    double false_positives = 0, ok = 0, overlap = 0, num_regions = 0;
    for (const Image& image : images) {
        const auto regions = flood_regions(image.mask, image.height, image.width, corners);
        const int last = *std::max_element(regions.begin(), regions.end());
        for (int region = 0; region <= last; ++region) {
            double found = 0, area = 0;
            for (std::size_t i = 0; i < regions.size(); ++i) {
                area += regions[i] == region ? 1 : 0;
                found += regions[i] == region && image.scores[i] >= threshold ? 1 : 0;
            }
            if (region == 0) {
                false_positives += found;
                ok += area;
            } else {
                overlap += found / area;
                num_regions += 1;
            }
        }
    }
    return {false_positives / ok, overlap / num_regions};
}

// Every distinct score from above, trapezoids, the last one cut at the limit.
double slow_aupro(const std::vector<Image>& images, double limit, bool corners) {
    std::set<float, std::greater<>> thresholds;
    for (const Image& image : images) {
        thresholds.insert(image.scores.begin(), image.scores.end());
    }
    long double area = 0;
    Point before;
    for (const float threshold : thresholds) {
        Point here = point_at(images, threshold, corners);
        if (before.fpr < limit && here.fpr > limit) {
            const double share = (limit - before.fpr) / (here.fpr - before.fpr);
            here = {limit, before.pro + share * (here.pro - before.pro)};
        }
        if (here.fpr <= limit) {
            area += static_cast<long double>(here.fpr - before.fpr) * (here.pro + before.pro) / 2;
        }
        before = here.fpr <= limit ? here : Point{2, 0};
    }
    return static_cast<double>(area / limit);
}

// Blobs and lines as defects; `levels` > 0 rounds scores to that many values, so that many tie.
std::vector<Image> random_images(sweeps::RandomStream& random, int levels) {
    std::vector<Image> images(1 + random.below(3));
    for (Image& image : images) {
        image.height = 3 + static_cast<int>(random.below(12));
        image.width = 3 + static_cast<int>(random.below(12));
        image.mask.resize(static_cast<std::size_t>(image.height * image.width));
        for (std::uint64_t line = random.below(5); line > 0; --line) {
            int row = static_cast<int>(random.below(static_cast<std::uint64_t>(image.height)));
            for (int c = static_cast<int>(random.below(6)); c < image.width && row < image.height;
                 ++c) {
                image.mask[static_cast<std::size_t>(row * image.width + c)] = 255;
                row += static_cast<int>(random.below(2));
            }
        }
        for (const std::uint8_t defect : image.mask) {
            double score = random.normal() + (defect != 0 ? 1.0 : 0.0);
            score = levels > 0 ? std::round(score * levels) / levels : std::exp(3 * score);
            image.scores.push_back(static_cast<float>(score));
        }
    }
    images.front().mask[0] = 1;  // at least one region, and one pixel outside
    images.front().mask.back() = 0;
    return images;
}

AuproRanking rank(const std::vector<Image>& images, Connectivity connectivity) {
    AuproRanking ranking(connectivity);
    for (const Image& image : images) {
        ranking.add_image(image.scores.data(), image.mask.data(), image.height, image.width);
    }
    return ranking;
}

/// All metrics of one ranking.
PixelMetrics rank_together(const std::vector<Image>& images, const std::vector<double>& limits) {
    PixelRanking ranking;
    for (const Image& image : images) {
        ranking.add_image(
            image.scores.data(),
            image.mask.data(),
            image.mask.size(),
            find_regions(image.mask.data(), image.height, image.width, Connectivity::Eight));
    }
    return ranking.metrics(limits);
}

TEST(AuproTest, TogetherWithTheOtherPixelMetricsItIsTheSame) {
    sweeps::RandomStream random(8);
    for (int round = 0; round < 60; ++round) {
        const std::vector<Image> images = random_images(random, round % 3);
        const PixelMetrics together = rank_together(images, {0.05, 0.3, 1.0});
        std::vector<float> scores;
        std::vector<std::uint8_t> labels;
        for (const Image& image : images) {
            scores.insert(scores.end(), image.scores.begin(), image.scores.end());
            labels.insert(labels.end(), image.mask.begin(), image.mask.end());
        }
        EXPECT_EQ(together.curves.average_precision,
                  curve_metrics(scores, labels).average_precision);
        const AuproRanking alone = rank(images, Connectivity::Eight);
        EXPECT_EQ(together.aupro[0], alone.aupro(0.05).value);
        EXPECT_EQ(together.aupro[1], alone.aupro(0.3).value);
        EXPECT_EQ(together.aupro[2], alone.aupro(1.0).value);
        EXPECT_NEAR(*together.aupro[1], slow_aupro(images, 0.3, true), 1e-12);
    }
}

TEST(AuproTest, EqualsTheDefinition) {
    sweeps::RandomStream random(6);
    for (int round = 0; round < 90; ++round) {
        const std::vector<Image> images = random_images(random, std::vector{0, 1, 4}[round % 3]);
        const AuproRanking eight = rank(images, Connectivity::Eight);
        const AuproRanking four = rank(images, Connectivity::Four);
        for (const double limit : {0.05, 0.3, 1.0}) {
            SCOPED_TRACE(limit);
            ASSERT_NEAR(eight.aupro(limit).value.value(), slow_aupro(images, limit, true), 1e-12);
            ASSERT_NEAR(four.aupro(limit).value.value(), slow_aupro(images, limit, false), 1e-12);
        }
    }
}

Aupro of_one_row(const std::vector<float>& scores,
                 const std::vector<std::uint8_t>& mask,
                 double limit) {
    AuproRanking ranking;
    ranking.add_image(scores.data(), mask.data(), 1, static_cast<int>(scores.size()));
    return ranking.aupro(limit);
}

TEST(AuproTest, PerfectScoresReachOne) {
    EXPECT_EQ(of_one_row({5, 4, 0, 1, 2}, {1, 1, 0, 0, 0}, 0.3).value, 1.0);
    EXPECT_EQ(of_one_row({0, 1, 5, 4, 3}, {1, 1, 0, 0, 0}, 0.3).value, 0.0);
}

TEST(AuproTest, ConstantScoresLieOnTheDiagonal) {
    // The one threshold is at (1, 1); the line from (0, 0) is cut at the limit.
    EXPECT_NEAR(of_one_row({7, 7, 7, 7}, {1, 0, 0, 1}, 0.3).value.value(), 0.15, 1e-15);
    EXPECT_NEAR(of_one_row({7, 7, 7, 7}, {1, 0, 0, 1}, 1.0).value.value(), 0.5, 1e-15);
}

TEST(AuproTest, RegionsCountAlikeWhateverTheirSize) {
    // One pixel found, four not: half of the regions before any false positive.
    EXPECT_NEAR(of_one_row({9, 5, 1, 1, 1, 1, 5, 5}, {1, 0, 1, 1, 1, 1, 0, 0}, 0.3).value.value(),
                0.5,
                1e-15);
}

TEST(AuproTest, OnlyTheOrderOfScoresMatters) {
    sweeps::RandomStream random(9);
    std::vector<Image> images = random_images(random, 0);
    const Aupro before = rank(images, Connectivity::Eight).aupro(0.05);
    for (Image& image : images) {
        for (float& score : image.scores) {
            score = std::log(score);
        }
    }
    EXPECT_EQ(rank(images, Connectivity::Eight).aupro(0.05).value, before.value);
}

TEST(AuproTest, UndefinedValuesHaveAReason) {
    const Aupro clean = of_one_row({1, 2}, {0, 0}, 0.3);
    EXPECT_FALSE(clean.value);
    EXPECT_EQ(clean.note, "no defect region");
    EXPECT_EQ(of_one_row({1, 2}, {1, 1}, 0.3).note, "no pixel outside of defect regions");
    EXPECT_EQ(AuproRanking().aupro(0.3).note, "no defect region");
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const Aupro broken =
        of_one_row({nan, 2, std::numeric_limits<float>::infinity()}, {1, 0, 0}, 0.3);
    EXPECT_FALSE(broken.value);
    EXPECT_EQ(broken.non_finite, 2U);
    EXPECT_THROW(of_one_row({1, 2}, {0, 1}, 0.0), std::invalid_argument);
    EXPECT_THROW(of_one_row({1, 2}, {0, 1}, 1.5), std::invalid_argument);
    EXPECT_THROW(of_one_row({1, 2}, {0, 1}, std::nan("")), std::invalid_argument);
}

}  // namespace
}  // namespace harrow::analysis
