#include "storage/datasets/synthetic_anomalies.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

#include <gtest/gtest.h>

#include "tests/unit/datasets/drawn_anomalies.hpp"

namespace harrow::tests {
namespace {

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

TEST(SyntheticAnomalies, ClassesShareNoPlaces) {
    std::set<std::vector<int>> places;
    for (const char* name : {"can", "vial"}) {
        const std::uint64_t seed = sweeps::class_anomaly_seed(42, name);
        for (std::int64_t i = 0; i < 30; ++i) {
            places.insert(draw_anomaly({}, 0, i, kSide, kNormals, seed).parts[0].geometry);
        }
    }
    EXPECT_EQ(places.size(), 60U);
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

TEST(SyntheticAnomalies, WrongRequestsAreRefused) {
    EXPECT_THROW(draw_anomaly({}, 0, 90, kSide, 1, 0), std::invalid_argument);
    EXPECT_THROW(draw_anomaly({}, 1, 0, kSide, 1, 0), std::invalid_argument);
    EXPECT_THROW(draw_anomaly({}, 0, 0, kSide, 0, 0), std::invalid_argument);
    Image small = picture(8);
    EXPECT_THROW(apply_anomaly(draw_anomaly({}, 0, 0, kSide, 1, 0), {}, small, small),
                 std::invalid_argument);
    EXPECT_THROW(storage::wrapped_bytes({0, 0, 0}, 2), std::invalid_argument);
}

}  // namespace
}  // namespace harrow::tests
