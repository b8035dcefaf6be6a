#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/metrics/image_overlap_curve.hpp"
#include "tests/support/golden_file.hpp"

namespace harrow {
namespace {

std::vector<float> trapezoids(const std::vector<std::pair<float, float>>& points) {
    double area = 0;
    for (std::size_t i = 1; i < points.size(); ++i) {
        area += (static_cast<double>(points[i].first) - points[i - 1].first) *
                (static_cast<double>(points[i].second) + points[i - 1].second) / 2;
    }
    return {static_cast<float>(area)};
}

TEST(AnomalyVfmGolden, AucPro) {
    const tests::GoldenFile file("anomalyvfm.h5");
    const tests::GoldenArray maps = file.read("aucpro/maps"), truth = file.read("aucpro/gt");
    ASSERT_EQ(maps.shape, truth.shape);
    const auto height = static_cast<int>(maps.shape.at(1));
    const auto width = static_cast<int>(maps.shape.at(2));
    const auto pixels = static_cast<std::size_t>(height * width);
    std::vector<std::uint8_t> masks;
    for (const float value : truth.values) {
        masks.push_back(value > 0.5F ? 1 : 0);
    }
    analysis::ImageOverlapCurve curve(100);
    for (std::size_t first = 0; first < masks.size(); first += pixels) {
        curve.add_image(maps.values.data() + first, masks.data() + first, height, width);
    }
    const std::vector<float> rates = file.read("aucpro/fpr_sorted").values;
    const std::vector<float> overlaps = file.read("aucpro/pro_sorted").values;
    std::vector<std::pair<float, float>> expected;
    for (std::size_t i = 0; i < rates.size(); ++i) {
        expected.emplace_back(rates[i], overlaps.at(i));
    }
    // Checks the file, not Harrow: its area is that of its order, in which points of equal rate
    // stand by chance.
    tests::expect_close(
        trapezoids(expected), file.read("aucpro/auc_pro").values, 1e-6, 0, "the stored order");
    std::sort(expected.begin(), expected.end());
    std::vector<double> own_rates, own_overlaps;
    for (const analysis::OverlapPoint& point : curve.points()) {
        own_rates.push_back(point.fpr);
        own_overlaps.push_back(point.pro);
    }
    std::vector<float> sorted_overlaps;
    for (const auto& point : expected) {
        sorted_overlaps.push_back(point.second);
    }
    tests::expect_close(own_rates, rates, 1e-6, 1e-7, "aucpro/fpr_sorted");
    tests::expect_close(own_overlaps, sorted_overlaps, 1e-6, 1e-7, "aucpro/pro_sorted");
    // Harrow's tolerance: 1e-6 in every point, and in the area of the order it documents.
    ASSERT_TRUE(curve.area());
    tests::expect_close(std::vector<double>{*curve.area()},
                        trapezoids(expected),
                        1e-6,
                        0,
                        "the area where points of equal rate ascend");
    // What the order by chance is worth in this file; 2e-3 bounds the reference's area, not ours.
    EXPECT_NEAR(*curve.area(), file.scalar("aucpro/auc_pro"), 2e-3);
}

}  // namespace
}  // namespace harrow
