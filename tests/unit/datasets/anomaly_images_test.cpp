#include "storage/datasets/anomaly_images.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sweeps/validation.hpp"
#include "tests/unit/datasets/drawn_anomalies.hpp"

namespace harrow::tests {
namespace {

TEST(AnomalyImages, BytesWrapAround) {
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
