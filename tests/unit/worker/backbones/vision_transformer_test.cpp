#include "worker/backbones/vision_transformer.hpp"

#include <cmath>

#include "sweeps/backbone_geometry.hpp"
#include "sweeps/error.hpp"
#include "sweeps/random.hpp"
#include "tests/unit/worker/backbones/backbone_files.hpp"
#include "tests/unit/worker/backbones/transformer_reference.hpp"

namespace harrow::worker {
namespace {

using sweeps::BackboneArchitecture;
using sweeps::BackboneFamily;
using tests::Matrix;
using tests::Naming;
using tests::seeded_images;
using tests::TransformerReference;
using tests::values_of;
using Shape = std::vector<std::int64_t>;

constexpr std::int64_t kNative = 20, kOther = 28;

BackboneArchitecture tiny(BackboneFamily family, int registers) {
    BackboneArchitecture net;
    net.name =
        family == BackboneFamily::DinoV2 ? "tiny_dino" + std::to_string(registers) : "tiny_vit";
    net.family = family;
    net.channels = net.width = 24;
    net.depth = 3;
    net.heads = 3;
    net.patch = 4;
    net.registers = registers;
    net.native_image_size = kNative;
    return net;
}

/// Plain, with layer scale, with registers.
std::vector<BackboneArchitecture> tiny_nets() {
    return {tiny(BackboneFamily::VisionTransformer, 0),
            tiny(BackboneFamily::DinoV2, 0),
            tiny(BackboneFamily::DinoV2, 2)};
}

/// Published tensors under timm's names, as transformers names them.
std::vector<storage::FloatTensor> renamed(const std::vector<storage::FloatTensor>& tensors,
                                          const BackboneArchitecture& net) {
    const std::size_t width = std::size_t(net.width);
    const std::pair<std::string, std::string> endings[] = {
        {"attn.proj.", "attention.output.dense."},
        {"ls1.gamma", "layer_scale1.lambda1"},
        {"ls2.gamma", "layer_scale2.lambda1"}};
    std::vector<storage::FloatTensor> out;
    for (storage::FloatTensor tensor : tensors) {
        std::string& name = tensor.name;
        const std::size_t qkv = name.find("attn.qkv.");
        if (name.rfind("blocks.", 0) == 0) {
            name.replace(0, 7, "encoder.layer.");
        } else if (name.rfind("norm.", 0) == 0) {
            name = "layer" + name;
        } else if (name.rfind("patch_embed.proj.", 0) == 0) {
            name.replace(0, 16, "embeddings.patch_embeddings.projection");
        } else if (name == "reg_token") {
            name = "embeddings.register_tokens";
        } else if (name == "cls_token") {
            name = "embeddings.cls_token";
        } else if (name == "pos_embed") {
            name = "embeddings.position_embeddings";
            if (net.registers > 0) {  // the class token's position stands apart there
                tensor.shape[1] += 1;
                tensor.values.insert(tensor.values.begin(), width, 0.25F);
            }
        }
        for (const auto& [from, to] : endings) {
            if (const std::size_t at = name.find(from); at != std::string::npos) {
                name.replace(at, from.size(), to);
            }
        }
        if (qkv == std::string::npos) {
            out.push_back(std::move(tensor));
            continue;
        }
        const std::size_t third = tensor.values.size() / 3;
        const std::size_t at = name.find("attn.qkv.");
        for (std::size_t part = 0; part < 3; ++part) {
            const char* const parts[] = {"query.", "key.", "value."};
            storage::FloatTensor piece;
            piece.name =
                name.substr(0, at) + "attention.attention." + parts[part] + name.substr(at + 9);
            piece.shape = tensor.shape;
            piece.shape[0] /= 3;
            const auto first = tensor.values.begin() + std::ptrdiff_t(part * third);
            piece.values.assign(first, first + std::ptrdiff_t(third));
            out.push_back(std::move(piece));
        }
    }
    return out;
}

class VisionTransformerTest : public tests::BackboneFiles {
protected:
    std::vector<storage::FloatTensor> drawn(const BackboneArchitecture& net) const {
        return tests::draw_weights(tests::plan_weights(net), 11);
    }
    sweeps::BackboneConfig tiny_config(const BackboneArchitecture& net) const {
        sweeps::BackboneConfig config = this->config(net);
        config.blocks = {"0", "1", "2"};
        return config;
    }
    /// Tokens of `image` against a reference's.
    static void expect_near(const torch::Tensor& tokens,
                            const Matrix& expected,
                            const std::string& what) {
        ASSERT_EQ(tokens.sizes(),
                  (Shape{std::int64_t(expected.rows), std::int64_t(expected.columns)}))
            << what;
        const std::vector<float> values = values_of(tokens);
        for (std::size_t i = 0; i < values.size(); ++i) {
            ASSERT_NEAR(values[i], expected.values[i], 1e-5 + 1e-4 * std::abs(expected.values[i]))
                << what << ", value " << i;
        }
    }
};

TEST_F(VisionTransformerTest, BlocksFollowTheReferenceAtAnyImageSize) {
    for (const BackboneArchitecture& net : tiny_nets()) {
        const sweeps::BackboneConfig config = tiny_config(net);
        const VisionTransformer backbone(net, config, torch::kCPU);
        const TransformerReference reference(net, drawn(net));
        for (const std::int64_t size : {kNative, kOther, std::int64_t{12}}) {
            const torch::Tensor images = seeded_images(2, size);
            const auto blocks = backbone.activations(images);
            ASSERT_EQ(blocks.size(), 3U);
            for (std::int64_t image = 0; image < 2; ++image) {
                const auto expected =
                    reference.block_outputs(values_of(images[image]), std::size_t(size));
                for (std::size_t block = 0; block < blocks.size(); ++block) {
                    expect_near(blocks[block][image],
                                expected[block],
                                net.name + " at " + std::to_string(size) + ", block " +
                                    std::to_string(block));
                }
            }
        }
    }
}

TEST_F(VisionTransformerTest, NamesOfTransformersGiveWhatTimmsGive) {
    for (const BackboneArchitecture& net : tiny_nets()) {
        if (net.family != BackboneFamily::DinoV2) {
            continue;
        }
        sweeps::BackboneConfig config = tiny_config(net);
        std::vector<storage::FloatTensor> tensors = renamed(drawn(net), net);
        if (net.registers > 0) {  // timm has added the class token's position to it
            for (storage::FloatTensor& tensor : tensors) {
                for (float& value : tensor.values) {
                    value -= tensor.name == "embeddings.cls_token" ? 0.25F : 0.0F;
                }
            }
        }
        const torch::Tensor images = seeded_images(2, kOther);
        const torch::Tensor timm = VisionTransformer(net, config, torch::kCPU).extract(images);
        config.weights = file("hf");
        storage::write_safetensors(config.weights, tensors);
        const torch::Tensor other = VisionTransformer(net, config, torch::kCPU).extract(images);
        EXPECT_TRUE(torch::allclose(timm, other, 1e-5, 1e-6)) << net.name;

        std::set<std::string> planned;
        for (const tests::TensorPlan& tensor : tests::plan_weights(net, Naming::HuggingFace)) {
            planned.insert(tensor.name);
        }
        for (const storage::FloatTensor& tensor : tensors) {
            EXPECT_EQ(planned.count(tensor.name), 1U) << tensor.name;
        }
    }
}

TEST_F(VisionTransformerTest, PatchFeaturesAreTheMeanOfTheBlocksPatches) {
    const BackboneArchitecture net = tiny(BackboneFamily::DinoV2, 2);
    sweeps::BackboneConfig config = tiny_config(net);
    config.blocks = {"0", "2"};
    VisionTransformer backbone(net, config, torch::kCPU);
    const torch::Tensor images = seeded_images(2, kOther);
    const auto blocks = backbone.activations(images);
    ASSERT_EQ(blocks.size(), 2U);
    const torch::Tensor features = backbone.extract(images);
    ASSERT_EQ(features.sizes(), (Shape{2, 7, 7, 24}));
    const torch::Tensor expected = (blocks[0][1][3 + 9] + blocks[1][1][3 + 9]) / 2;
    EXPECT_TRUE(torch::allclose(features[1][1][2], expected, 1e-5, 1e-6));
}

TEST_F(VisionTransformerTest, ImageFeaturesFollowTheReference) {
    for (const BackboneArchitecture& net : tiny_nets()) {
        const TransformerReference reference(net, drawn(net));
        const torch::Tensor images = seeded_images(2, kOther);
        const std::vector<float> pixels = values_of(images[1]);
        const Matrix full = reference.final_norm(reference.block_outputs(pixels, kOther).back());
        const Matrix bare =
            reference.final_norm(reference.block_outputs(pixels, kOther, true).back());
        const std::size_t prefix = 1 + std::size_t(net.registers);
        for (const char* feature : {"cls", "patch_mean", "token0_nocls_nopos"}) {
            sweeps::BackboneConfig config = this->config(net);  // its default blocks do not exist
            config.feature = feature;
            VisionTransformer backbone(net, config, torch::kCPU);
            const torch::Tensor features = backbone.extract(images);
            ASSERT_EQ(features.sizes(), (Shape{2, 1, 1, 24})) << feature;
            EXPECT_EQ(backbone.geometry(kOther).height, 1);
            Matrix expected{1, full.columns, std::vector<double>(full.columns)};
            for (std::size_t i = 0; i < full.columns; ++i) {
                if (config.feature == "patch_mean") {
                    for (std::size_t row = prefix; row < full.rows; ++row) {
                        expected.at(0, i) += full.at(row, i) / double(full.rows - prefix);
                    }
                } else {
                    expected.at(0, i) = config.feature == "cls" ? full.at(0, i) : bare.at(0, i);
                }
            }
            expect_near(features[1][0], expected, net.name + " " + feature);
        }
        sweeps::BackboneConfig config = this->config(net);
        config.feature = sweeps::kNormedPatches;
        VisionTransformer backbone(net, config, torch::kCPU);
        const torch::Tensor patches = backbone.extract(images);
        const std::int64_t side = backbone.geometry(kOther).height;
        ASSERT_EQ(patches.sizes(), (Shape{2, side, side, 24}));
        Matrix expected{full.rows - prefix, full.columns, {}};
        expected.values.assign(full.values.begin() + std::ptrdiff_t(prefix * full.columns),
                               full.values.end());
        expect_near(patches[1].reshape({side * side, 24}), expected, net.name + " patches");
        config.feature = "patch_mean";
        VisionTransformer mean(net, config, torch::kCPU);
        EXPECT_TRUE(torch::equal(mean.extract(images).flatten(1), patches.flatten(1, 2).mean(1)));
    }
}

TEST_F(VisionTransformerTest, ProjectionIsTheSeedsRandomLinearLayer) {
    const BackboneArchitecture net = tiny(BackboneFamily::VisionTransformer, 0);
    sweeps::BackboneConfig config = tiny_config(net);
    config.blocks = {"1"};
    const torch::Tensor images = seeded_images(1, kNative);
    const torch::Tensor plain = VisionTransformer(net, config, torch::kCPU).extract(images);
    config.projection = "random_compat";
    EXPECT_TRUE(torch::equal(VisionTransformer(net, config, torch::kCPU).extract(images), plain))
        << "equal widths need no projection";

    config.embed_dim = 10;
    config.projection_seed = 5;
    const torch::Tensor projected = VisionTransformer(net, config, torch::kCPU).extract(images);
    ASSERT_EQ(projected.sizes(), (Shape{1, 5, 5, 10}));
    sweeps::RandomStream random(5, "backbone/projection/1");
    const double bound = 1 / std::sqrt(24.0);
    std::vector<float> weight;
    for (int i = 0; i < 10 * 24; ++i) {
        weight.push_back(float(random.uniform(-bound, bound)));
    }
    for (std::int64_t out = 0; out < 10; ++out) {
        double expected = random.uniform(-bound, bound);
        for (std::int64_t i = 0; i < 24; ++i) {
            expected += double(weight[std::size_t(out * 24 + i)]) * plain[0][3][2][i].item<float>();
        }
        EXPECT_NEAR(projected[0][3][2][out].item<float>(), expected, 1e-5);
    }
    config.projection_seed = 6;
    EXPECT_FALSE(torch::allclose(
        VisionTransformer(net, config, torch::kCPU).extract(images), projected, 1e-2, 1e-2));
}

TEST_F(VisionTransformerTest, ImagesInOtherPlacesOfABatchGiveEqualBits) {
    BackboneArchitecture small = known("vit_small_patch16_224");
    small.depth = 2;
    sweeps::BackboneConfig config = this->config(small);
    config.blocks = {"0", "1"};
    VisionTransformer net(small, config, torch::kCPU);
    const torch::Tensor images = seeded_images(8, 112);
    const torch::Tensor features = net.extract(images);
    torch::Tensor others = seeded_images(8, 112, 99);
    for (const std::int64_t place : {0, 3, 7}) {
        others[place] = images[5];
    }
    const torch::Tensor again = net.extract(others);
    for (const std::int64_t place : {0, 3, 7}) {
        EXPECT_TRUE(torch::equal(again[place], features[5])) << "place " << place;
    }
}

// Weights are zero: only shapes matter here.
TEST_F(VisionTransformerTest, EveryNetHasTheGeometryThePlannerExpects) {
    for (const BackboneArchitecture& net : sweeps::backbone_architectures()) {
        if (!sweeps::is_transformer(net)) {
            continue;
        }
        sweeps::TrialConfig trial;
        trial.backbone.name = net.name;
        trial.backbone.weights = file(net.name);
        trial.backbone.blocks = {"0"};
        tests::write_blank_weights(trial.backbone.weights, net);
        VisionTransformer backbone(net, trial.backbone, torch::kCPU);
        for (const int patches : {2, 3, 5}) {
            trial.data.image_size = patches * net.patch;
            const auto [height, width, channels] = sweeps::backbone_geometry(trial);
            EXPECT_EQ(backbone.extract(seeded_images(1, trial.data.image_size)).sizes(),
                      (Shape{1, height, width, channels}))
                << net.name << " at " << trial.data.image_size;
        }
        EXPECT_THROW(backbone.extract(seeded_images(1, net.patch + 1)), sweeps::UsageError);
        std::filesystem::remove(trial.backbone.weights);
    }
}

TEST_F(VisionTransformerTest, BFloat16FollowsFloat32) {
    const BackboneArchitecture net = tiny(BackboneFamily::DinoV2, 2);
    sweeps::BackboneConfig config = tiny_config(net);
    const torch::Tensor images = seeded_images(1, kNative);
    const torch::Tensor exact = VisionTransformer(net, config, torch::kCPU).extract(images);
    config.precision = "bfloat16";
    const torch::Tensor rounded = VisionTransformer(net, config, torch::kCPU).extract(images);
    EXPECT_EQ(rounded.dtype(), torch::kFloat32);
    EXPECT_FALSE(torch::equal(exact, rounded));
    EXPECT_LT((exact - rounded).norm().item<float>(), 0.03F * exact.norm().item<float>());
}

}  // namespace
}  // namespace harrow::worker
