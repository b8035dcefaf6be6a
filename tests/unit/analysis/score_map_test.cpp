#include "analysis/score_map.hpp"

#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

namespace harrow::analysis {
namespace {

constexpr int kSize = 7;
const std::vector<float> kPatches = {1, 5, 2, 0, 3, 8};  // [2, 3]

std::vector<float> render(double sigma) {
    ScoreMapper mapper(2, 3, kSize, sigma);
    std::vector<float> map(kSize * kSize);
    mapper.render(kPatches.data(), map.data());
    return map;
}

void expect_row(const std::vector<float>& map, int row, const std::vector<double>& expected) {
    for (int x = 0; x < kSize; ++x) {
        EXPECT_NEAR(map[static_cast<std::size_t>(row * kSize + x)], expected[x], 2e-6)
            << "row " << row << ", column " << x;
    }
}

TEST(ScoreMapTest, UpsamplingKeepsTheCorners) {
    const std::vector<float> map = render(0);
    expect_row(map, 0, {1, 7 / 3.0, 11 / 3.0, 5, 4, 3, 2});
    expect_row(map, 3, {0.5, 5 / 3.0, 17 / 6.0, 4, 13 / 3.0, 14 / 3.0, 5});
    expect_row(map, 6, {0, 1, 2, 3, 14 / 3.0, 19 / 3.0, 8});
}

// Expected: scipy 1.10.1, scipy.ndimage.gaussian_filter(upsampled in float64, sigma).
TEST(ScoreMapTest, GaussianAsScipy) {
    expect_row(
        render(1.0),
        0,
        {1.487799414, 2.317468837, 3.420282375, 4.086781423, 3.917273389, 3.282340979, 2.77274755});
    expect_row(
        render(1.0),
        5,
        {0.630388068, 1.309934846, 2.310167932, 3.40423765, 4.550636856, 5.659643368, 6.423020703});
    expect_row(
        render(0.3),
        6,
        {0.004476453, 1.000852502, 2.001065627, 3.0038289, 4.666240416, 6.331202078, 7.989776517});
}

TEST(ScoreMapTest, BordersReflectMoreThanOnceWhenTheRadiusExceedsTheMap) {
    expect_row(
        render(4.0),
        0,
        {2.880125605, 2.950779258, 3.07760261, 3.234870334, 3.39116597, 3.515808616, 3.584707394});
    expect_row(
        render(4.0),
        6,
        {2.868435863, 2.961736791, 3.129611983, 3.338500905, 3.546898418, 3.713671223, 3.80608503});
}

TEST(ScoreMapTest, RadiusIsTruncatedAtFourSigma) {
    EXPECT_EQ(gaussian_weights(4.0).size(), 33U);
    EXPECT_EQ(gaussian_weights(1.0).size(), 9U);
    EXPECT_EQ(gaussian_weights(0.0), std::vector<double>{1.0});
}

TEST(ScoreMapTest, OnePatchFillsTheMap) {
    ScoreMapper mapper(1, 1, 3, 2.0);
    const float patch = 5;
    std::vector<float> map(9);
    mapper.render(&patch, map.data());
    for (const float value : map) {
        EXPECT_FLOAT_EQ(value, 5.0F);
    }
}

TEST(ScoreMapTest, RendersTheSameAgain) {
    ScoreMapper mapper(2, 3, kSize, 1.0);
    std::vector<float> first(kSize * kSize), second(kSize * kSize);
    mapper.render(kPatches.data(), first.data());
    mapper.render(kPatches.data(), second.data());
    EXPECT_EQ(first, second);
}

TEST(ScoreMapTest, RefusesImpossibleSizes) {
    EXPECT_THROW(ScoreMapper(0, 3, 7, 1), std::invalid_argument);
    EXPECT_THROW(ScoreMapper(2, 3, 7, -1), std::invalid_argument);
}

}  // namespace
}  // namespace harrow::analysis
