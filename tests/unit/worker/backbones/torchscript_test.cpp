#include "worker/backbones/torchscript.hpp"

#include <torch/script.h>

#include "sweeps/error.hpp"
#include "tests/unit/worker/backbones/backbone_files.hpp"
#include "worker/backbones/aggregation.hpp"

namespace harrow::worker {
namespace {

using tests::seeded_images;
using Shape = std::vector<std::int64_t>;

class TorchScriptTest : public tests::BackboneFiles {
protected:
    /// A file whose forward returns the expression of the images x.
    sweeps::BackboneConfig script(const std::string& expression, int embed_dim) const {
        torch::jit::Module module("net");
        module.define("def forward(self, x):\n    return " + expression + "\n");
        sweeps::BackboneConfig config;
        config.name = "torchscript";
        config.weights = file("net.pt");
        config.embed_dim = embed_dim;
        module.save(config.weights);
        return config;
    }
    static std::unique_ptr<Backbone> load(const sweeps::BackboneConfig& config) {
        return make_backbone(config, torch::kCPU);
    }
    static std::string refusal(const sweeps::BackboneConfig& config) {
        try {
            load(config)->extract(seeded_images(1, 32));
        } catch (const sweeps::DataError& error) {
            return error.what();
        }
        return "accepted";
    }
};

TEST_F(TorchScriptTest, MapsOfATupleAreAggregatedAsLayers) {
    const auto backbone =
        load(script("(torch.avg_pool2d(x, [8, 8]), torch.avg_pool2d(x, [16, 16]))", 9));
    const torch::Tensor images = seeded_images(2, 32);
    const torch::Tensor features = backbone->extract(images);
    EXPECT_EQ(features.sizes(), (Shape{2, 4, 4, 9}));
    EXPECT_EQ(backbone->geometry(32).height, 4);
    EXPECT_TRUE(torch::allclose(
        features,
        aggregate_maps({torch::avg_pool2d(images, 8), torch::avg_pool2d(images, 16)}, 9)));
}

TEST_F(TorchScriptTest, TokensLoseWhatStandsBeforeTheGrid) {
    const torch::Tensor images = seeded_images(2, 32);
    const torch::Tensor expected = aggregate_maps({torch::avg_pool2d(images, 8)}, 9);
    for (const char* tokens :
         {"torch.avg_pool2d(x, [8, 8]).flatten(2).transpose(1, 2)",
          "torch.constant_pad_nd(torch.avg_pool2d(x, [8, 8]).flatten(2).transpose(1, 2), "
          "[0, 0, 5, 0], 3.0)"}) {
        EXPECT_TRUE(torch::allclose(load(script(tokens, 9))->extract(images), expected)) << tokens;
    }
}

TEST_F(TorchScriptTest, SaysWhatDoesNotFit) {
    EXPECT_NE(refusal(script("torch.avg_pool2d(x, [4, 4])", 9)).find("backbone.stride"),
              std::string::npos);
    EXPECT_NE(refusal(script("torch.mean(x)", 9)).find("returns []"), std::string::npos);
    EXPECT_NE(refusal(script("5", 9)).find("no tensor"), std::string::npos);
    EXPECT_NE(refusal(script("torch.matmul(x, torch.zeros([5, 5]))", 9)).find("failed on images"),
              std::string::npos);
    sweeps::BackboneConfig config = script("x", 9);
    std::filesystem::resize_file(config.weights, 100);
    EXPECT_NE(refusal(config).find("no TorchScript program"), std::string::npos);
}

TEST_F(TorchScriptTest, RefusesMoreChannelsThanTheMapHas) {
    const auto backbone = load(script("torch.avg_pool2d(x, [8, 8])", 28));
    EXPECT_THROW(backbone->extract(seeded_images(1, 32)), sweeps::UsageError);
}

}  // namespace
}  // namespace harrow::worker
