// What drawn anomalies do to a picture.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/datasets/drawn_anomalies.hpp"

namespace harrow::tests {
namespace {

TEST(AnomalyPainting, TheMaskIsWhatChanges) {
    for (const SyntheticConfig& config : {version_1_3(), version_1_4()}) {
        for (const DrawnAnomaly& one : draw_all(config, 1)) {
            const Image base = picture(one.side);
            Image source = base;
            for (std::uint8_t& sample : source.pixels) {
                sample = static_cast<std::uint8_t>(sample - 100);
            }
            Image changed = base;
            apply_anomaly(one, config, changed, source);
            const std::vector<std::uint8_t> mask = anomaly_mask(one, one.side);
            std::size_t covered = 0, same = 0;
            for (std::size_t i = 0; i < mask.size(); ++i) {
                const bool is_equal = std::equal(base.pixels.begin() + 3 * i,
                                                 base.pixels.begin() + 3 * i + 3,
                                                 changed.pixels.begin() + 3 * i);
                ASSERT_TRUE(mask[i] == 1 || is_equal) << one.stage << " changes more";
                covered += mask[i];
                same += mask[i] == 1 && is_equal ? 1 : 0;
            }
            EXPECT_GT(covered, 0U);
            if (one.stage != "texture") {
                EXPECT_EQ(same, 0U) << one.parts[0].kind;
            } else if (one.parts.size() == 1) {
                EXPECT_LT(same, covered / 10) << "noise";
            }
        }
    }
}

TEST(AnomalyPainting, WhatReachesOutIsClipped) {
    SyntheticConfig config = version_1_4();
    config.circle_radius = config.rectangle_side = config.polygon_radius = {90, 100};
    config.texture_side = config.contextual_side = {64, 65};
    config.line_thickness = {60, 61};
    for (const int side : {64, 65, 3, 1}) {
        for (std::int64_t i = 0; i < 90; ++i) {
            const DrawnAnomaly one = draw_anomaly(config, 0, i, side, 1, 7);
            Image image = picture(side);
            apply_anomaly(one, config, image, picture(side));
            const Image before = picture(side);
            const std::vector<std::uint8_t> mask = anomaly_mask(one, side);
            ASSERT_EQ(image.pixels.size(), 3 * mask.size());
            for (std::size_t k = 0; k < image.pixels.size(); ++k) {
                ASSERT_TRUE(mask[k / 3] == 1 || image.pixels[k] == before.pixels[k]) << side;
            }
            EXPECT_TRUE(std::count(mask.begin(), mask.end(), 1) > 0 || side < 60);
        }
    }
}

TEST(AnomalyPainting, ShapesLookAsTheirNamesSay) {
    const auto mask_of = [](AnomalyPart part) {
        const DrawnAnomaly one{"structural", 9, 0, 0, {std::move(part)}, 0};
        const std::vector<std::uint8_t> mask = anomaly_mask(one, 9);
        std::string rows;
        for (std::size_t i = 0; i < mask.size(); ++i) {
            rows += (i > 0 && i % 9 == 0 ? "/" : "") + std::string(mask[i] == 1 ? "#" : ".");
        }
        return rows;
    };
    EXPECT_EQ(mask_of({"circle", {4, 4, 2, 2}, 0, {1, 2, 3}}),
              "........./........./....#..../...###.../..#####../...###.../....#..../........./"
              ".........");
    EXPECT_EQ(mask_of({"rectangle", {6, 7, 5, 5}, 0, {1, 2, 3}}),
              "........./........./........./........./........./........./........./......###/"
              "......###");
    EXPECT_EQ(mask_of({"line", {2, 1, 6, 1}, 1, {1, 2, 3}}),
              "........./..#####../........./........./........./........./........./........./"
              ".........");
    EXPECT_EQ(mask_of({"polygon", {1, 1, 7, 1, 7, 5, 1, 5}, 0, {1, 2, 3}}),
              "........./.#######./.#######./.#######./.#######./.#######./........./........./"
              ".........");
}

TEST(AnomalyPainting, NoiseSaltAndBlurAreAsStrongAsAsked) {
    SyntheticConfig config;
    config.salt_pepper_share = 0.1;
    const auto applied = [&config](const char* kind, double strength, Image image) {
        const int side = image.width;
        const DrawnAnomaly one{
            "texture", side, 0, 0, {{kind, {0, 0, side, side}, 0, {0, 0, 0}, strength}}, 11};
        apply_anomaly(one, config, image, image);
        return image;
    };
    Image grey{200, 200, 3, std::vector<std::uint8_t>(120000, 128)};
    double sum = 0, squares = 0;
    for (const std::uint8_t sample : applied("gaussian", 30, grey).pixels) {
        sum += sample - 128.0;
        squares += (sample - 128.0) * (sample - 128.0);
    }
    EXPECT_NEAR(sum / 120000, 0, 0.3);
    EXPECT_NEAR(std::sqrt(squares / 120000), 30, 0.3);
    const Image peppered = applied("salt_pepper", 0, grey);
    const auto black = std::count(peppered.pixels.begin(), peppered.pixels.end(), 0);
    EXPECT_EQ(black % 3, 0);
    EXPECT_NEAR(static_cast<double>(black) / 120000, 0.1, 0.01);
    EXPECT_EQ(applied("blur", 0, grey).pixels, grey.pixels);

    // One bright pixel becomes the kernel: 15 taps of deviation 0.3 (14 / 2 - 1) + 0.8 = 2.6.
    Image point{41, 41, 3, std::vector<std::uint8_t>(3 * 41 * 41, 0)};
    std::fill_n(point.pixels.begin() + 3 * (20 * 41 + 20), 3, std::uint8_t{255});
    double weights = 0;
    for (int i = -7; i <= 7; ++i) {
        weights += std::exp(-i * i / (2 * 2.6 * 2.6));
    }
    const Image spread = applied("blur", 0, point);
    EXPECT_EQ(spread.pixels[3 * (20 * 41 + 20)], std::lround(255 / weights / weights));
    EXPECT_EQ(spread.pixels[3 * (22 * 41 + 17) + 1],
              std::lround(255 / weights / weights * std::exp(-13 / (2 * 2.6 * 2.6))));
    EXPECT_EQ(spread.pixels[3 * (20 * 41 + 28)], 0);
}

TEST(AnomalyPainting, BlursSeeTheirPatchOnlyMirroredAtItsBorder) {
    SyntheticConfig config;
    config.blur_kernel = 3;  // deviation 0.8
    const double edge = std::exp(-1 / (2 * 0.8 * 0.8)), total = 1 + 2 * edge;
    Image image{4, 4, 3, std::vector<std::uint8_t>(48)};
    for (std::size_t i = 0; i < 48; ++i) {
        image.pixels[i] = static_cast<std::uint8_t>(i / 3 % 4 * 60);  // columns 0 60 120 180
    }
    const DrawnAnomaly one{"texture", 4, 0, 0, {{"blur", {0, 0, 2, 2}, 0, {}, 0}}, 0};
    apply_anomaly(one, config, image, image);
    EXPECT_EQ(image.pixels[0], std::lround(2 * edge * 60 / total));
    EXPECT_EQ(image.pixels[3], std::lround(60 / total));
    EXPECT_EQ(image.pixels[6], 120);
    const DrawnAnomaly last{"texture", 4, 0, 0, {{"blur", {3, 2, 1, 2}, 0, {}, 0}}, 0};
    apply_anomaly(last, config, image, image);
    EXPECT_EQ(image.pixels[45], 180);
}

TEST(AnomalyPainting, BlendsTakeTheirShareAndMayComeFromTheImageItself) {
    Image base{4, 4, 3, std::vector<std::uint8_t>(48, 100)};
    const Image source{4, 4, 3, std::vector<std::uint8_t>(48, 200)};
    const DrawnAnomaly one{"contextual", 4, 0, 1, {{"patch", {2, 2, 0, 0, 2, 2}, 0, {}, 0.7}}, 0};
    apply_anomaly(one, {}, base, source);
    EXPECT_EQ(base.pixels[3 * (2 * 4 + 2)], 170);
    EXPECT_EQ(base.pixels[3 * (1 * 4 + 2)], 100);

    Image image = make_picture(9, 9, 3), copy = image;
    const DrawnAnomaly own{"contextual", 9, 0, 0, {{"patch", {2, 2, 0, 0, 6, 6}, 0, {}, 1}}, 0};
    apply_anomaly(own, {}, image, copy);
    apply_anomaly(own, {}, copy, copy);
    EXPECT_EQ(image.pixels, copy.pixels);
}

}  // namespace
}  // namespace harrow::tests
