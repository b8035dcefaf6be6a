#include "worker/backbone.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "sweeps/backbone_geometry.hpp"
#include "sweeps/error.hpp"
#include "tests/support/random_weights.hpp"
#include "tests/support/temporary_directory.hpp"
#include "worker/picture_views.hpp"

namespace harrow::worker {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr std::int64_t kFirstDerivatives = 0, kSecondDerivatives = 6, kAngles = 6;

std::unique_ptr<Backbone> filterbank() {
    return make_backbone({}, torch::kCPU);
}

/// [1,3,S,S] normalised as preprocessing does it, from grey levels [S,S] in [0,1].
torch::Tensor normalised(const torch::Tensor& grey) {
    const auto channel = [&](double mean, double deviation) { return (grey - mean) / deviation; };
    return torch::stack({channel(0.485, 0.229), channel(0.456, 0.224), channel(0.406, 0.225)})
        .unsqueeze(0)
        .to(torch::kFloat32);
}

/// Grey sine whose levels change along (cos angle, sin angle) = (column, row).
torch::Tensor grating(int size, double period_px, double angle) {
    const torch::Tensor index = torch::arange(size, torch::kFloat64);
    const torch::Tensor position =
        index.view({1, size}) * std::cos(angle) + index.view({size, 1}) * std::sin(angle);
    return 0.5 + 0.3 * torch::sin(position * (2 * kPi / period_px));
}

torch::Tensor seeded_images(std::int64_t count, int size) {
    const auto generator = at::detail::createCPUGenerator(7);
    return torch::randn({count, 3, size, size}, generator, torch::kFloat32);
}

torch::Tensor mean_features(const torch::Tensor& image) {
    return filterbank()->extract(image).mean({0, 1, 2});
}

TEST(FilterbankTest, ReturnsPatchGridOf64FloatChannels) {
    const auto backbone = filterbank();
    const torch::Tensor features = backbone->extract(seeded_images(2, 64));
    EXPECT_EQ(features.sizes(), (std::vector<std::int64_t>{2, 8, 8, 64}));
    EXPECT_EQ(features.dtype(), torch::kFloat32);
    EXPECT_TRUE(features.is_contiguous());
    EXPECT_TRUE(torch::isfinite(features).all().item<bool>());
    const FeatureGeometry geometry = backbone->geometry(64);
    EXPECT_EQ(geometry.height, 8);
    EXPECT_EQ(geometry.width, 8);
    EXPECT_EQ(geometry.channels, backbone->channels());
    EXPECT_EQ(backbone->weights_digest(), "");
}

TEST(FilterbankTest, TakesTheSmallestSize) {
    EXPECT_EQ(filterbank()->extract(seeded_images(1, 32)).sizes(),
              (std::vector<std::int64_t>{1, 4, 4, 64}));
}

// The planner knows it without loading a backbone.
TEST(FilterbankTest, HasTheGeometryThePlannerExpects) {
    const auto backbone = filterbank();
    sweeps::TrialConfig config;
    for (const int size : {32, 40, 64, 128, 256, 1024}) {
        config.data.image_size = size;
        const sweeps::BackboneGeometry planned = sweeps::backbone_geometry(config);
        const FeatureGeometry geometry = backbone->geometry(size);
        EXPECT_EQ(geometry.height, planned.height) << size;
        EXPECT_EQ(geometry.width, planned.width) << size;
        EXPECT_EQ(geometry.channels, planned.channels) << size;
    }
}

TEST(FilterbankTest, RefusesSizesItCannotTile) {
    const auto backbone = filterbank();
    for (const int size : {0, 24, 60, 100}) {
        EXPECT_THROW(backbone->geometry(size), sweeps::UsageError) << size;
    }
    EXPECT_THROW(backbone->extract(seeded_images(1, 60)), sweeps::UsageError);
}

/// What make_backbone says; empty when it makes one.
std::string refusal(const sweeps::BackboneConfig& config) {
    try {
        make_backbone(config, torch::kCPU);
    } catch (const sweeps::UsageError& error) {
        return error.what();
    }
    return {};
}

TEST(BackboneTest, RefusesUnknownNamesAndOtherWidths) {
    sweeps::BackboneConfig config;
    config.name = "resnet19";
    EXPECT_NE(refusal(config).find("resnet18"), std::string::npos) << refusal(config);
    config = {};
    config.embed_dim = 128;
    EXPECT_NE(refusal(config).find("64"), std::string::npos);
    config.embed_dim = 64;
    EXPECT_EQ(refusal(config), "");
}

TEST(BackboneTest, RefusesWhatNoFileOfWeightsCures) {
    sweeps::BackboneConfig config;
    config.name = "resnet18";
    EXPECT_NE(refusal(config).find("backbone.weights"), std::string::npos);
    config.weights = "/nowhere";
    config.embed_dim = 2000;
    EXPECT_NE(refusal(config).find("1152"), std::string::npos) << refusal(config);
    config.embed_dim = 0;
    config.precision = "bfloat16";
    EXPECT_NE(refusal(config).find("float32"), std::string::npos) << refusal(config);
}

TEST(BackboneTest, PixelsAreNormalisedAsTheBackboneWasTrained) {
    const storage::testing::TemporaryDirectory place;
    const auto mean_of = [&](const std::string& name, const std::string& normalization) {
        sweeps::BackboneConfig config;
        config.name = name;
        config.normalization = normalization;
        config.weights = (place / name).string();
        config.blocks = {"0"};
        tests::write_blank_weights(config.weights, *sweeps::find_backbone(name));
        return make_backbone(config, torch::kCPU)->normalization().mean[0];
    };
    EXPECT_EQ(mean_of("resnet18", "recipe"), 0.485F);
    EXPECT_EQ(mean_of("dinov2_vits14", "recipe"), 0.485F);
    EXPECT_EQ(mean_of("vit_small_patch16_224", "recipe"), 0.5F);
    EXPECT_EQ(mean_of("vit_small_patch16_224", "imagenet_compat"), 0.485F);
}

TEST(FilterbankTest, GivesEqualBitsEachTimeAndInAnyFixedBatch) {
    const torch::Tensor images = seeded_images(8, 64);
    const torch::Tensor first = filterbank()->extract(images);
    EXPECT_TRUE(torch::equal(first, filterbank()->extract(images)));
    torch::Tensor others = seeded_images(8, 64).flip(0);
    others[3] = images[3];
    EXPECT_TRUE(torch::equal(first[3], filterbank()->extract(others)[3]));
}

TEST(FilterbankTest, FeaturesOfATextureAreOfOrderOne) {
    const torch::Tensor features = filterbank()->extract(seeded_images(1, 128));
    EXPECT_LT(features.abs().max().item<float>(), 30.0F);
    EXPECT_GT(features.abs().mean().item<float>(), 0.1F);
}

TEST(FilterbankTest, FlatGreyExcitesOnlyTheGreyLevel) {
    const torch::Tensor mean = mean_features(normalised(torch::full({64, 64}, 0.8)));
    EXPECT_LT(mean.slice(0, 0, 44).abs().max().item<float>(), 1e-3F);
    EXPECT_GT(mean.slice(0, 44, 47).min().item<float>(), 0.5F);
    EXPECT_LT(mean.slice(0, 47, 64).abs().max().item<float>(), 1e-3F);
}

TEST(FilterbankTest, ShiftedTextureKeepsItsMeanFeatures) {
    const torch::Tensor texture = grating(160, 10, 0.4) + 0.2 * grating(160, 23, 1.9);
    const auto crop = [&](std::int64_t at) {
        return normalised(texture.slice(0, at, at + 128).slice(1, at, at + 128) / 1.2);
    };
    const torch::Tensor here = mean_features(crop(0));
    const torch::Tensor there = mean_features(crop(13));
    EXPECT_LT((here - there).abs().max().item<float>(), 0.1F * here.abs().max().item<float>());
}

TEST(FilterbankTest, ShiftByAPatchShiftsThePatches) {
    const torch::Tensor wide = seeded_images(1, 136);
    const auto backbone = filterbank();
    const torch::Tensor here = backbone->extract(wide.slice(2, 0, 128).slice(3, 0, 128));
    const torch::Tensor there = backbone->extract(wide.slice(2, 0, 128).slice(3, 8, 136));
    const torch::Tensor inside = here.slice(1, 5, 11).slice(2, 6, 11);  // far from the borders
    EXPECT_TRUE(torch::allclose(inside, there.slice(1, 5, 11).slice(2, 5, 10), 1e-3, 1e-4));
}

TEST(FilterbankTest, GratingExcitesItsOrientation) {
    for (std::int64_t angle = 0; angle < kAngles; ++angle) {
        const torch::Tensor mean = mean_features(
            normalised(grating(128, 6.0, kPi * static_cast<double>(angle) / kAngles)));
        for (const std::int64_t group : {kFirstDerivatives, kSecondDerivatives}) {
            const torch::Tensor answers = mean.slice(0, group, group + kAngles);
            EXPECT_EQ(answers.argmax().item<std::int64_t>(), angle) << "from channel " << group;
            const float crossed = answers[(angle + kAngles / 2) % kAngles].item<float>();
            EXPECT_GT(answers[angle].item<float>(), 3.0F * crossed);
        }
    }
}

TEST(FilterbankTest, ColourChangesOnlyColourChannels) {
    const torch::Tensor grey = normalised(torch::full({64, 64}, 0.5));
    torch::Tensor reddish = grey.clone();
    reddish.select(1, 0) += 0.2 / 0.229;                  // more red, and
    reddish.select(1, 1) -= 0.2 * 0.299 / 0.587 / 0.224;  // less green of the same weight
    const torch::Tensor change = (mean_features(reddish) - mean_features(grey)).abs();
    EXPECT_LT(change.slice(0, 0, 48).max().item<float>(), 1e-3F);
    EXPECT_GT(change.slice(0, 48, 64).max().item<float>(), 1.0F);
}

TEST(FixedBatchTest, RepeatsTheLastRowUpToTheBatch) {
    const torch::Tensor rows = torch::arange(10, torch::kFloat32).view({10, 1});
    EXPECT_TRUE(torch::equal(fixed_batch(rows, 0), rows.slice(0, 0, 8)));
    const torch::Tensor last = fixed_batch(rows, 8);
    ASSERT_EQ(last.sizes(), (std::vector<std::int64_t>{kBatchImages, 1}));
    EXPECT_EQ(last[0].item<float>(), 8.0F);
    for (std::int64_t i = 1; i < kBatchImages; ++i) {
        EXPECT_EQ(last[i].item<float>(), 9.0F);
    }
}

}  // namespace
}  // namespace harrow::worker
