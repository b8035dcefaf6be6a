#include "storage/weights/architecture.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace harrow::storage {
namespace {

using Shape = std::vector<std::int64_t>;

/// Tensors as a header lists them.
class Tensors {
public:
    Tensors& add(const std::string& name, Shape shape, const std::string& dtype = "F32") {
        TensorEntry entry;
        entry.name = name;
        entry.dtype = dtype;
        entry.shape = std::move(shape);
        entries_.push_back(std::move(entry));
        return *this;
    }
    WeightsArchitecture guess() const { return guess_architecture(sorted()); }
    std::vector<TensorEntry> sorted() const {
        std::vector<TensorEntry> entries = entries_;
        std::sort(entries.begin(), entries.end(), [](const TensorEntry& a, const TensorEntry& b) {
            return a.name < b.name;
        });
        return entries;
    }

private:
    std::vector<TensorEntry> entries_;
};

Tensors resnet(const std::vector<int>& blocks,
               std::int64_t width,
               bool has_bottleneck,
               std::int64_t inner) {
    Tensors tensors;
    tensors.add("conv1.weight", {64, 3, 7, 7}).add("fc.weight", {1000, 512});
    for (std::size_t layer = 0; layer < blocks.size(); ++layer) {
        for (int block = 0; block < blocks[layer]; ++block) {
            const std::string name =
                "layer" + std::to_string(layer + 1) + "." + std::to_string(block) + ".";
            tensors.add(name + "conv1.weight", {width << layer, 64, 1, 1});
            tensors.add(name + "conv2.weight", {width << layer, inner << layer, 3, 3});
            tensors.add(name + "bn1.num_batches_tracked", {}, "I64");
            if (has_bottleneck) {
                tensors.add(name + "conv3.weight", {256, width, 1, 1});
            }
        }
    }
    return tensors;
}

TEST(ArchitectureTest, ResNetsAreToldByBlocksAndWidth) {
    EXPECT_EQ(resnet({2, 2, 2, 2}, 64, false, 64).guess().backbone, "resnet18");
    EXPECT_EQ(resnet({3, 4, 6, 3}, 64, false, 64).guess().backbone, "resnet34");
    EXPECT_EQ(resnet({3, 4, 6, 3}, 64, true, 64).guess().backbone, "resnet50");
    EXPECT_EQ(resnet({3, 4, 23, 3}, 64, true, 64).guess().backbone, "resnet101");
    EXPECT_EQ(resnet({3, 4, 6, 3}, 128, true, 128).guess().backbone, "wide_resnet50_2");
    const WeightsArchitecture wide = resnet({3, 4, 23, 3}, 128, true, 128).guess();
    EXPECT_EQ(wide.backbone, "wide_resnet101_2");
    EXPECT_EQ(architecture_text(wide),
              "ResNet, torchvision and timm names, blocks 3-4-23-3, width 128");
}

TEST(ArchitectureTest, RelativesOfResNetFitNoBackbone) {
    const WeightsArchitecture grouped = resnet({3, 4, 6, 3}, 128, true, 4).guess();  // ResNeXt-50
    EXPECT_EQ(grouped.family, "ResNet");
    EXPECT_EQ(grouped.backbone, "");
    EXPECT_EQ(resnet({3, 8, 36, 3}, 64, true, 64).guess().backbone, "");  // ResNet-152
}

Tensors vit(std::int64_t width, int depth, std::int64_t patch, std::int64_t tokens, bool scaled) {
    Tensors tensors;
    tensors.add("patch_embed.proj.weight", {width, 3, patch, patch})
        .add("pos_embed", {1, tokens, width})
        .add("cls_token", {1, 1, width})
        .add("head.weight", {1000, width});
    for (int i = 0; i < depth; ++i) {
        tensors.add("blocks." + std::to_string(i) + ".norm1.weight", {width});
        if (scaled) {
            tensors.add("blocks." + std::to_string(i) + ".ls1.gamma", {width});
        }
    }
    return tensors;
}

TEST(ArchitectureTest, VisionTransformersAreToldByWidthPatchAndGrid) {
    EXPECT_EQ(vit(384, 12, 16, 197, false).guess().backbone, "vit_small_patch16_224");
    EXPECT_EQ(vit(768, 12, 16, 577, false).guess().backbone, "vit_base_patch16_384");
    EXPECT_EQ(vit(1024, 24, 16, 197, false).guess().backbone, "vit_large_patch16_224");
    EXPECT_EQ(vit(768, 12, 32, 50, false).guess().backbone, "");
    EXPECT_EQ(vit(768, 12, 16, 197, true).guess().backbone, "") << "layer scale: not a plain ViT";
    EXPECT_EQ(vit(192, 12, 16, 197, false).guess().family, "ViT");
}

TEST(ArchitectureTest, Dinov2IsToldInBothNamings) {
    const WeightsArchitecture timm = vit(384, 12, 14, 1370, true).guess();
    EXPECT_EQ(timm.family, "DINOv2");
    EXPECT_EQ(timm.backbone, "dinov2_vits14");
    EXPECT_EQ(timm.image_size, 518);
    const WeightsArchitecture registers =
        vit(768, 12, 14, 1369, true).add("reg_token", {1, 4, 768}).guess();
    EXPECT_EQ(registers.backbone, "dinov2_vitb14_reg");
    EXPECT_EQ(architecture_text(registers),
              "DINOv2, timm names, depth 12, width 768, patch 14, 4 registers, made for 518 px");

    Tensors other;
    other.add("embeddings.patch_embeddings.projection.weight", {1024, 3, 14, 14})
        .add("embeddings.position_embeddings", {1, 1370, 1024});
    for (int i = 0; i < 24; ++i) {
        const std::string block = "encoder.layer." + std::to_string(i);
        other.add(block + ".norm1.weight", {1024}).add(block + ".layer_scale1.lambda1", {1024});
    }
    EXPECT_EQ(other.guess().backbone, "dinov2_vitl14");
    EXPECT_EQ(other.guess().naming, "transformers");
    EXPECT_EQ(other.guess().depth, 24);
}

TEST(ArchitectureTest, OddShapesAreNoArchitectureAndNoCrash) {
    EXPECT_EQ(Tensors().guess().family, "");
    EXPECT_EQ(
        Tensors().add("layer1.0.conv1.weight", {}).add("layer1.0.conv2.weight", {}).guess().family,
        "");
    const std::int64_t huge = std::int64_t{1} << 62;
    Tensors odd;
    odd.add("patch_embed.proj.weight", {huge, huge, huge, huge})
        .add("pos_embed", {huge, huge, huge})
        .add("reg_token", {});
    EXPECT_EQ(odd.guess().backbone, "");
    EXPECT_EQ(vit(384, 12, 14, 0, true).guess().image_size, 0);
    EXPECT_EQ(vit(384, 12, 14, 7, true).guess().image_size, 0);
    EXPECT_EQ(architecture_text({}), "");
}

TEST(ArchitectureTest, AFileServesItsOwnBackboneAtAnyImageSize) {
    const WeightsArchitecture base = vit(768, 12, 16, 577, false).guess();
    EXPECT_TRUE(may_serve(base, "vit_base_patch16_224"));
    EXPECT_FALSE(may_serve(base, "vit_large_patch16_384"));
    EXPECT_FALSE(may_serve(base, "dinov2_vitb14"));
    EXPECT_TRUE(may_serve(vit(768, 12, 16, 785, false).guess(), "vit_base_patch16_224"))
        << "448 px";
    EXPECT_FALSE(may_serve({}, "resnet18")) << "nothing is recognised";
    EXPECT_FALSE(may_serve(resnet({3, 8, 36, 3}, 64, true, 64).guess(), "resnet101"));
}

TEST(ArchitectureTest, CountersHeadsAndStatisticsAreNoParameters) {
    Tensors tensors;
    tensors.add("conv1.weight", {2, 3})
        .add("bn1.running_mean", {5})
        .add("bn1.running_var", {5})
        .add("bn1.num_batches_tracked", {}, "I64")
        .add("head.bias", {4}, "BF16")
        .add("mask_token", {1});
    const std::vector<TensorEntry> sorted = tensors.sorted();
    EXPECT_EQ(parameter_count(sorted), 11U);
    std::vector<std::string> unused;
    for (const TensorEntry& tensor : sorted) {
        if (is_unused_tensor(tensor)) {
            unused.push_back(tensor.name);
        }
    }
    EXPECT_EQ(unused,
              (std::vector<std::string>{"bn1.num_batches_tracked", "head.bias", "mask_token"}));
}

}  // namespace
}  // namespace harrow::storage
