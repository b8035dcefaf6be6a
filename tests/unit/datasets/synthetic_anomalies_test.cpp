#include "storage/datasets/synthetic_anomalies.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "storage/datasets/anomaly_images.hpp"
#include "sweeps/anomalies.hpp"
#include "sweeps/validation.hpp"
#include "tests/unit/datasets/picture_files.hpp"

namespace harrow::tests {
namespace {

using storage::AnomalyPart;
using storage::draw_anomaly;
using storage::DrawnAnomaly;
using storage::Image;
using sweeps::SyntheticConfig;

constexpr int kSide = 518;
constexpr std::int64_t kNormals = 50;

/// AnomalyVFM 1.4 (B6).
SyntheticConfig version_1_4() {
    SyntheticConfig config;
    config.texture = {36};
    config.structural = {27};
    config.contextual = {27};
    config.texture_kinds = {"gaussian", "salt_pepper", "blur"};
    config.texture_patches = {2, 5};
    config.texture_side = {30, 100};
    config.noise = {20, 50};
    config.structural_kinds = {"circle", "rectangle", "line", "polygon"};
    config.circle_radius = {15, 80};
    config.rectangle_side = {40, 120};
    config.line_thickness = {3, 15};
    config.lines = {2, 5};
    config.contextual_side = {60, 140};
    config.blend = {0.6, 0.8};
    return config;
}

/// AnomalyVFM 1.3 (B5).
SyntheticConfig version_1_3() {
    SyntheticConfig config;
    config.resolutions = {128, 256, 512};
    config.texture = {8, 16, 20};
    config.structural = {20, 12, 8};
    config.contextual = {12, 12, 12};
    config.texture_side = {10, 30, 20, 60, 40, 120};
    config.noise = {25, 25, 30, 30, 35, 35};
    config.circle_radius = {8, 40};
    config.rectangle_side = {20, 80};
    config.line_thickness = {2, 10};
    config.shape_base = 512;
    config.contextual_side = config.texture_side;
    config.blend = {0.6, 0.8};
    return config;
}

/// Every anomaly of every resolution, of `seeds` seeds.
std::vector<DrawnAnomaly> draw_all(const SyntheticConfig& config,
                                   int seeds,
                                   std::int64_t normals = kNormals) {
    std::vector<DrawnAnomaly> drawn;
    const sweeps::AnomalyRows rows = sweeps::anomaly_rows(config, normals);
    for (int seed = 0; seed < seeds; ++seed) {
        for (std::size_t r = 0; r < rows.resolutions.size(); ++r) {
            for (std::int64_t i = 0; i < rows.resolutions[r].total(); ++i) {
                drawn.push_back(
                    draw_anomaly(config, r, i, kSide, normals, static_cast<std::uint64_t>(seed)));
            }
        }
    }
    return drawn;
}

/// Pixels of a picture of `side` that look alike nowhere, from 100 to 150.
Image picture(int side) {
    Image image = make_picture(side, side, 3);
    for (std::uint8_t& sample : image.pixels) {
        sample = static_cast<std::uint8_t>(100 + sample % 51);
    }
    return image;
}

struct Extremes {
    double low = 1e9, high = -1e9;
    void take(double value) {
        low = std::min(low, value);
        high = std::max(high, value);
    }
    /// All whole numbers of [first, past) were there, none else.
    void expect(int first, int past) const {
        EXPECT_EQ(low, first);
        EXPECT_EQ(high, past - 1);
    }
};

TEST(SyntheticAnomalies, EqualArgumentsDrawTheSameAndNothingElseCounts) {
    const SyntheticConfig config = version_1_4();
    SyntheticConfig more = config;
    more.contextual = {200};
    more.contextual_side = {10, 20};
    const Image base = picture(kSide), source = picture(kSide);
    for (const std::int64_t index : {0, 20, 40, 60}) {
        const DrawnAnomaly first = draw_anomaly(config, 0, index, kSide, kNormals, 3);
        const DrawnAnomaly again = draw_anomaly(more, 0, index, kSide, kNormals, 3);
        Image one = base, two = base;
        apply_anomaly(first, config, one, source);
        apply_anomaly(again, more, two, source);
        EXPECT_EQ(one.pixels, two.pixels);
        EXPECT_NE(one.pixels, base.pixels);
        EXPECT_EQ(anomaly_mask(first, 64), anomaly_mask(again, 64));
        const DrawnAnomaly other = draw_anomaly(config, 0, index, kSide, kNormals, 4);
        EXPECT_NE(anomaly_mask(first, kSide), anomaly_mask(other, kSide));
    }
}

TEST(SyntheticAnomalies, StagesComeInTheirOrderAndNumber) {
    for (const SyntheticConfig& config : {SyntheticConfig(), version_1_3(), version_1_4()}) {
        std::map<std::pair<int, std::string>, int> counts;
        for (const DrawnAnomaly& one : draw_all(config, 1)) {
            ++counts[{one.side, one.stage}];
        }
        for (const sweeps::AnomalyCounts& of : sweeps::anomaly_rows(config, 50).resolutions) {
            const int side = of.resolution == 0 ? kSide : of.resolution;
            EXPECT_EQ((counts[{side, "texture"}]), of.texture);
            EXPECT_EQ((counts[{side, "structural"}]), of.structural);
            EXPECT_EQ((counts[{side, "contextual"}]), of.contextual);
        }
    }
    EXPECT_EQ(draw_anomaly(version_1_3(), 1, 15, kSide, kNormals, 0).stage, "texture");
    EXPECT_EQ(draw_anomaly(version_1_3(), 1, 16, kSide, kNormals, 0).stage, "structural");
}

TEST(SyntheticAnomalies, RangesOfTheFirstVersionAreKept) {
    std::map<std::string, Extremes> of;
    for (const DrawnAnomaly& one : draw_all({}, 200)) {
        ASSERT_EQ(one.parts.size(), 1U);
        const AnomalyPart& part = one.parts[0];
        const std::vector<int>& numbers = part.geometry;
        of["base"].take(static_cast<double>(one.base));
        if (part.kind == "gaussian") {
            EXPECT_EQ(part.strength, 30);
            EXPECT_LT(numbers[0] + numbers[2], kSide);
            EXPECT_EQ(numbers[2], numbers[3]);
            of["texture"].take(numbers[2]);
        } else if (part.kind == "circle") {
            of["centre"].take(numbers[0]);
            of["centre"].take(numbers[1]);
            of["radius"].take(numbers[2]);
        } else if (part.kind == "rectangle") {
            of["corner"].take(numbers[0]);
            of["corner"].take(numbers[1]);
            of["sides"].take(numbers[2]);
            of["sides"].take(numbers[3]);
        } else if (part.kind == "line") {
            of["thickness"].take(part.thickness);
            of["point"].take(numbers[3]);
        } else {
            EXPECT_EQ(part.strength, 0.7);
            EXPECT_LT(numbers[0] + numbers[4], kSide);
            EXPECT_LT(numbers[3] + numbers[5], kSide);
            of["patch"].take(numbers[4]);
        }
    }
    of["base"].expect(0, 50);
    of["texture"].expect(50, 150);
    of["radius"].expect(20, 80);
    of["sides"].expect(50, 150);
    of["thickness"].expect(5, 20);
    of["patch"].expect(100, 200);
    EXPECT_GE(of["centre"].low, kSide / 4);
    EXPECT_LT(of["centre"].high, 3 * kSide / 4);
    EXPECT_LT(of["corner"].high, kSide / 2);
    EXPECT_GT(of["corner"].high, kSide / 2 - 10);
    EXPECT_GT(of["point"].high, kSide - 10);
    EXPECT_LT(of["point"].high, kSide);
}

TEST(SyntheticAnomalies, RangesOfTheFourthVersionAreKept) {
    std::map<std::string, Extremes> of;
    std::set<std::string> kinds, salts;
    for (const DrawnAnomaly& one : draw_all(version_1_4(), 100)) {
        const AnomalyPart& part = one.parts[0];
        kinds.insert(part.kind);
        if (one.stage == "texture") {
            of["patches"].take(static_cast<double>(one.parts.size()));
            of["texture"].take(part.geometry[2]);
        } else if (part.kind == "line") {
            of["lines"].take(static_cast<double>(one.parts.size()));
        } else if (part.kind == "polygon") {
            of["vertices"].take(static_cast<double>(part.geometry.size() / 2));
            of["polygon"].take(part.geometry[0] - kSide / 2);
        } else if (part.kind == "patch") {
            of["blend"].take(part.strength);
        }
        if (part.kind == "gaussian") {
            of["noise"].take(part.strength);
        }
        if (part.kind == "salt_pepper") {
            salts.insert(part.color[0] == 0 ? "pepper" : "salt");
        }
    }
    of["patches"].expect(2, 5);
    of["texture"].expect(30, 100);
    of["lines"].expect(2, 5);
    of["vertices"].expect(6, 12);
    of["polygon"].expect(20, 80);
    EXPECT_EQ(kinds.size(), 8U);
    EXPECT_EQ(salts.size(), 2U);
    for (const auto& [name, low, high] :
         {std::make_tuple("noise", 20.0, 50.0), std::make_tuple("blend", 0.6, 0.8)}) {
        EXPECT_GE(of[name].low, low);
        EXPECT_LT(of[name].low, low + 0.05 * (high - low));
        EXPECT_LT(of[name].high, high);
        EXPECT_GT(of[name].high, high - 0.05 * (high - low));
    }
}

TEST(SyntheticAnomalies, SizesFollowTheResolution) {
    std::map<std::pair<int, std::string>, Extremes> of;
    for (const DrawnAnomaly& one : draw_all(version_1_3(), 200)) {
        const AnomalyPart& part = one.parts[0];
        if (part.kind == "circle" || part.kind == "gaussian" || part.kind == "rectangle") {
            of[{one.side, part.kind}].take(part.geometry[2]);
        } else if (part.kind == "line") {
            of[{one.side, part.kind}].take(part.thickness);
        }
    }
    of[{128, "gaussian"}].expect(10, 30);
    of[{256, "gaussian"}].expect(20, 60);
    of[{512, "gaussian"}].expect(40, 120);
    of[{128, "circle"}].expect(2, 10);  // floor(8 / 4) … floor(39 / 4)
    of[{256, "circle"}].expect(4, 20);
    of[{512, "circle"}].expect(8, 40);
    of[{128, "rectangle"}].expect(5, 20);
    of[{512, "rectangle"}].expect(20, 80);
    of[{128, "line"}].expect(1, 3);  // floor(2 / 4) is no line
    of[{512, "line"}].expect(2, 10);
}

TEST(SyntheticAnomalies, TheMaskIsWhatChanges) {
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

TEST(SyntheticAnomalies, WhatReachesOutIsClipped) {
    SyntheticConfig config = version_1_4();
    config.circle_radius = config.rectangle_side = config.polygon_radius = {90, 100};
    config.texture_side = config.contextual_side = {64, 65};
    config.line_thickness = {60, 61};
    for (const int side : {64, 65, 3, 1}) {
        for (std::int64_t i = 0; i < 90; ++i) {
            const DrawnAnomaly one = draw_anomaly(config, 0, i, side, 1, 7);
            Image image = picture(side);
            apply_anomaly(one, config, image, picture(side));
            EXPECT_EQ(image.pixels.size(), static_cast<std::size_t>(3 * side * side));
            const std::vector<std::uint8_t> mask = anomaly_mask(one, 16);
            EXPECT_TRUE(std::count(mask.begin(), mask.end(), 1) > 0 || side < 60);
        }
    }
}

TEST(SyntheticAnomalies, ShapesLookAsTheirNamesSay) {
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

TEST(SyntheticAnomalies, NoiseSaltAndBlurAreAsStrongAsAsked) {
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

TEST(SyntheticAnomalies, BlursMirrorAtTheBorderAndTakeInWhatSurroundsThem) {
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
    EXPECT_EQ(image.pixels[3], std::lround((60 + edge * 120) / total));
    EXPECT_EQ(image.pixels[6], 120);
    const DrawnAnomaly last{"texture", 4, 0, 0, {{"blur", {3, 2, 1, 2}, 0, {}, 0}}, 0};
    apply_anomaly(last, config, image, image);
    EXPECT_EQ(image.pixels[45], std::lround((180 + 2 * edge * 120) / total));
}

TEST(SyntheticAnomalies, BlendsTakeTheirShareAndMayComeFromTheImageItself) {
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

TEST(SyntheticAnomalies, WrongRequestsAreRefused) {
    EXPECT_THROW(draw_anomaly({}, 0, 90, kSide, 1, 0), std::invalid_argument);
    EXPECT_THROW(draw_anomaly({}, 1, 0, kSide, 1, 0), std::invalid_argument);
    EXPECT_THROW(draw_anomaly({}, 0, 0, kSide, 0, 0), std::invalid_argument);
    Image small = picture(8);
    EXPECT_THROW(apply_anomaly(draw_anomaly({}, 0, 0, kSide, 1, 0), {}, small, small),
                 std::invalid_argument);
    EXPECT_THROW(storage::wrapped_bytes({0, 0, 0}, 2), std::invalid_argument);
}

TEST(SyntheticAnomalies, BytesWrapAround) {
    const std::vector<float> values = {
        -0.5F, 0, 1, 1.5F, -1, 2.64F, -2.11F, -0.002F, 0.999F, -1.0039216F, 0.5F, 3};
    std::vector<float> planes;  // 2 x 2: four values per plane
    std::vector<std::uint8_t> expected;
    for (const float value : values) {
        planes.push_back(value);
        const auto truncated = static_cast<std::int64_t>(255.0F * value);
        expected.push_back(static_cast<std::uint8_t>(((truncated % 256) + 256) % 256));
    }
    const Image image = storage::wrapped_bytes(planes, 2);
    ASSERT_EQ(image.pixels.size(), 12U);
    for (std::size_t i = 0; i < planes.size(); ++i) {
        EXPECT_EQ(image.pixels[i % 4 * 3 + i / 4], expected[i]) << values[i];
    }
    EXPECT_EQ(image.pixels[0], 129);
}

TEST(AnomalyImages, AreMadeOfTheFirstTrainingImagesThatAreTrainedOn) {
    std::vector<storage::ImageEntry> train;
    for (int i = 10; i < 40; ++i) {
        train.push_back({"can/train/good/" + std::to_string(i) + ".png", "good", false, ""});
    }
    sweeps::TrialConfig config;
    EXPECT_EQ(storage::anomaly_normals("mvtec_ad2", train, config).size(), 30U);
    config.synthetic.normal_images = 20;
    const auto first = storage::anomaly_normals("mvtec_ad2", train, config);
    ASSERT_EQ(first.size(), 20U);
    EXPECT_EQ(first[19].relative_path, "can/train/good/29.png");
    config.synthetic.normal_images = 50;
    config.validation.holdout = 0.2;
    const auto trained = storage::anomaly_normals("mvtec_ad2", train, config);
    EXPECT_EQ(trained.size(), 24U);
    std::vector<std::string> names;
    for (const storage::ImageEntry& image : train) {
        names.push_back(image.relative_path.substr(10));  // behind can/train/
    }
    for (const std::int64_t held_out : sweeps::held_out(names, 0.2)) {
        for (const storage::ImageEntry& image : trained) {
            EXPECT_NE(image.relative_path, train[static_cast<std::size_t>(held_out)].relative_path);
        }
    }
}

TEST(AnomalyImages, AreMadeAtTheirResolutionOfOwnOrWrappedPixels) {
    sweeps::TrialConfig config;
    config.data.resize = "square";
    config.data.image_size = 40;
    config.data.load_size = 32;
    config.synthetic = version_1_3();
    Image dark{70, 50, 1, std::vector<std::uint8_t>(3500, 0)};
    const Image own = storage::anomaly_square(dark, config);
    EXPECT_EQ(own.width, 32);
    EXPECT_EQ(own.pixels, std::vector<std::uint8_t>(3 * 32 * 32, 0));
    config.synthetic.train_pixels = "wrapped_compat";
    const Image wrapped = storage::anomaly_square(dark, config);
    // (0 - mean) / deviation is -2.12, -2.04, -1.80: -540, -519, -460 modulo 256
    EXPECT_EQ(wrapped.pixels[0], 228);
    EXPECT_EQ(wrapped.pixels[1], 249);
    EXPECT_EQ(wrapped.pixels[2], 52);
    const DrawnAnomaly drawn = draw_anomaly(config.synthetic, 1, 20, 32, 1, 0);
    const Image anomaly = storage::make_anomaly(drawn, config.synthetic, wrapped, wrapped);
    EXPECT_EQ(anomaly.width, 256);
    EXPECT_NE(std::count(anomaly.pixels.begin(), anomaly.pixels.end(), 228), 256 * 256);
}

}  // namespace
}  // namespace harrow::tests
