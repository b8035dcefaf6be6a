#include "worker/backbones/resnet.hpp"

#include "sweeps/backbone_geometry.hpp"
#include "sweeps/error.hpp"
#include "tests/unit/worker/backbones/backbone_files.hpp"
#include "worker/backbones/aggregation.hpp"

namespace harrow::worker {
namespace {

using tests::seeded_images;
using ResNetTest = tests::BackboneFiles;
using Shape = std::vector<std::int64_t>;

TEST_F(ResNetTest, FeaturesAreTheAggregatedLayers) {
    sweeps::BackboneConfig config = this->config(known("resnet18"));
    config.layers = {"layer3", "layer1"};
    config.embed_dim = 100;
    ResNet net(known("resnet18"), config, torch::kCPU);
    const torch::Tensor images = seeded_images(2, 64);
    const std::vector<torch::Tensor> maps = net.activations(images);
    ASSERT_EQ(maps.size(), 2U);
    EXPECT_EQ(maps[0].sizes(), (Shape{2, 256, 4, 4}));
    EXPECT_EQ(maps[1].sizes(), (Shape{2, 64, 16, 16}));
    EXPECT_GE(maps[0].min().item<float>(), 0.0F) << "the hook sits after the last ReLU";
    const torch::Tensor features = net.extract(images);
    EXPECT_EQ(features.sizes(), (Shape{2, 4, 4, 100}));
    EXPECT_TRUE(torch::equal(features, aggregate_maps(maps, 100)));
}

TEST_F(ResNetTest, ImagesInOtherPlacesOfABatchGiveEqualBits) {
    for (const char* name : {"resnet18", "resnet50"}) {
        const sweeps::BackboneConfig config = this->config(known(name));
        ResNet net(known(name), config, torch::kCPU);
        const torch::Tensor images = seeded_images(8, 64);
        const torch::Tensor features = net.extract(images);
        torch::Tensor others = seeded_images(8, 64, 99);
        for (const std::int64_t place : {0, 3, 7}) {
            others[place] = images[5];
        }
        const torch::Tensor again = net.extract(others);
        for (const std::int64_t place : {0, 3, 7}) {
            EXPECT_TRUE(torch::equal(again[place], features[5])) << name << ", place " << place;
        }
    }
}

// Weights are zero: only shapes matter here.
TEST_F(ResNetTest, EveryNetHasTheGeometryThePlannerExpects) {
    for (const sweeps::BackboneArchitecture& net : sweeps::backbone_architectures()) {
        if (net.family != sweeps::BackboneFamily::ResNet) {
            continue;
        }
        sweeps::TrialConfig trial;
        trial.backbone.name = net.name;
        trial.backbone.weights = file(net.name);
        tests::write_blank_weights(trial.backbone.weights, net);
        ResNet backbone(net, trial.backbone, torch::kCPU);
        for (const int size : {32, 47, 49, 65}) {
            trial.data.image_size = size;
            const auto [height, width, channels] = sweeps::backbone_geometry(trial);
            EXPECT_EQ(backbone.extract(seeded_images(1, size)).sizes(),
                      (Shape{1, height, width, channels}))
                << net.name << " at " << size;
        }
        std::filesystem::remove(trial.backbone.weights);
    }
}

TEST_F(ResNetTest, BFloat16FollowsFloat32) {
    sweeps::BackboneConfig config = this->config(known("resnet18"));
    const torch::Tensor images = seeded_images(1, 64);
    const torch::Tensor exact = ResNet(known("resnet18"), config, torch::kCPU).extract(images);
    config.precision = "bfloat16";
    const torch::Tensor rounded = ResNet(known("resnet18"), config, torch::kCPU).extract(images);
    EXPECT_EQ(rounded.dtype(), torch::kFloat32);
    EXPECT_FALSE(torch::equal(exact, rounded));
    EXPECT_LT((exact - rounded).norm().item<float>(), 0.03F * exact.norm().item<float>());
}

TEST_F(ResNetTest, ClassifierAndCountersAreSkippedAndListed) {
    const ResNet net(known("resnet18"), config(known("resnet18")), torch::kCPU);
    EXPECT_EQ(net.skipped_tensors(), (std::vector<std::string>{"fc.bias", "fc.weight"}));
}

TEST_F(ResNetTest, RefusesImagesOfAnotherForm) {
    ResNet net(known("resnet18"), config(known("resnet18")), torch::kCPU);
    EXPECT_THROW(net.extract(torch::zeros({1, 3, 64, 32})), sweeps::UsageError);
    EXPECT_THROW(net.extract(torch::zeros({1, 1, 64, 64})), sweeps::UsageError);
}

}  // namespace
}  // namespace harrow::worker
