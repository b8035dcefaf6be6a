#include "sweeps/public_weights.hpp"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace harrow::sweeps {
namespace {

bool is_hex(std::string_view text) {
    return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

TEST(PublicWeightsTest, EntriesAreWellFormed) {
    std::set<std::string_view> digests;
    std::set<std::string_view> tags;
    for (const PublicWeights& weights : public_weights()) {
        EXPECT_TRUE(tags.insert(weights.tag).second) << weights.tag;
        EXPECT_EQ(weights.file, "model.safetensors");
        EXPECT_TRUE(weights.sha256.empty() || weights.sha256.size() == 64) << weights.tag;
        EXPECT_TRUE(is_hex(weights.sha256)) << weights.tag;
        EXPECT_TRUE(weights.sha256.empty() || digests.insert(weights.sha256).second);
        for (std::size_t at = 0; at < weights.checkpoints.size(); at += 9) {
            EXPECT_TRUE(is_hex(weights.checkpoints.substr(at, 8))) << weights.tag;
            EXPECT_EQ(weights.checkpoints.substr(at).size() % 9, 8U) << weights.tag;
        }
    }
}

TEST(PublicWeightsTest, EveryBackboneHasOneTheRecommendedFirst) {
    for (const char* backbone : {"resnet18",
                                 "resnet34",
                                 "resnet50",
                                 "resnet101",
                                 "wide_resnet50_2",
                                 "wide_resnet101_2",
                                 "vit_small_patch16_224",
                                 "vit_base_patch16_224",
                                 "vit_large_patch16_224",
                                 "vit_small_patch16_384",
                                 "vit_base_patch16_384",
                                 "vit_large_patch16_384",
                                 "dinov2_vits14",
                                 "dinov2_vitb14",
                                 "dinov2_vitl14",
                                 "dinov2_vits14_reg",
                                 "dinov2_vitb14_reg",
                                 "dinov2_vitl14_reg"}) {
        EXPECT_FALSE(public_weights_of(backbone).empty()) << backbone;
    }
    EXPECT_EQ(public_weights_of("wide_resnet50_2").front()->tag, "timm/wide_resnet50_2.racm_in1k");
    EXPECT_EQ(public_weights_of("vit_base_patch16_224").front()->tag,
              "timm/vit_base_patch16_224.augreg2_in21k_ft_in1k");
    EXPECT_TRUE(public_weights_of("filterbank").empty());
    EXPECT_TRUE(public_weights_of("").empty());
}

TEST(PublicWeightsTest, FilesAreFoundByTheirDigest) {
    const PublicWeights* found = public_weights_by_digest(
        "03b71d65fb2c73bb0de079a1781009f27a782ec481d2f64ab3bde9b1cdec3000");
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->backbone, "wide_resnet50_2");
    EXPECT_EQ(page_of(*found), "https://huggingface.co/timm/wide_resnet50_2.racm_in1k");
    EXPECT_EQ(public_weights_by_digest(""), nullptr) << "entries without a digest match nothing";
    EXPECT_EQ(public_weights_by_digest(std::string(64, '0')), nullptr);
}

TEST(PublicWeightsTest, CheckpointsAreFoundByTheirFirstDigits) {
    const auto tag_of = [](const std::string& digest) {
        const PublicWeights* found = public_weights_by_checkpoint(digest);
        return found == nullptr ? std::string() : std::string(found->tag);
    };
    // wide_resnet50_2-95faca4d.pth of torchvision, whole digest
    EXPECT_EQ(tag_of("95faca4d11227dddf8633dbb5ff6c8a9003c1aa5b8945c73834b8007b10950b8"),
              "timm/wide_resnet50_2.tv_in1k");
    EXPECT_EQ(tag_of("5c106cde" + std::string(56, '0')), "timm/resnet18.tv_in1k");
    EXPECT_EQ(tag_of("8234f177" + std::string(56, '0')), "timm/wide_resnet50_2.racm_in1k");
    EXPECT_EQ(tag_of("106cde00" + std::string(56, '0')), "");
    EXPECT_EQ(tag_of(""), "");
    EXPECT_EQ(tag_of("5c10"), "");
}

TEST(PublicWeightsTest, AdviceNamesFilePageAndParameter) {
    const std::string text = weights_advice("wide_resnet50_2");
    for (const char* part : {"model.safetensors of timm/wide_resnet50_2.racm_in1k",
                             "https://huggingface.co/timm/wide_resnet50_2.racm_in1k",
                             "what the reference used",
                             "timm/wide_resnet50_2.tv_in1k",
                             "backbone.weights"}) {
        EXPECT_NE(text.find(part), std::string::npos) << part << " is not in: " << text;
    }
    EXPECT_NE(weights_advice("somebody's").find("backbone.weights"), std::string::npos);
}

}  // namespace
}  // namespace harrow::sweeps
