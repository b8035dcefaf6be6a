#include "sweeps/backbones.hpp"

#include <gtest/gtest.h>

#include "sweeps/backbone_geometry.hpp"
#include "sweeps/canonical.hpp"
#include "sweeps/error.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::sweeps {
namespace {

TrialConfig trial(const std::string& backbone, int image_size) {
    TrialConfig config;
    config.backbone.name = backbone;
    config.backbone.weights = needs_weights(config.backbone) ? "/weights" : "";
    config.data.image_size = image_size;
    return config;
}

void set(TrialConfig& config, const std::string& parameter, const std::string& value) {
    ASSERT_EQ(set_value(*find_parameter(parameter), config, value), std::nullopt) << parameter;
}

TEST(BackbonesTest, FiltersNeedNoWeightsAndAllElseDoes) {
    for (const BackboneArchitecture& known : backbone_architectures()) {
        BackboneConfig config;
        config.name = known.name;
        EXPECT_EQ(needs_weights(config), known.name != "filterbank") << known.name;
        EXPECT_EQ(find_backbone(known.name), &known);
    }
    EXPECT_EQ(find_backbone("resnet19"), nullptr);
}

struct GeometryCase {
    const char* backbone;
    int image_size;
    std::int64_t side, channels;
};

// Grids and channels as published for these networks.
TEST(BackbonesTest, GeometryIsThatOfTheNetworks) {
    const GeometryCase cases[] = {
        {"filterbank", 224, 28, 64},
        {"resnet18", 224, 28, 768},
        {"resnet50", 256, 32, 768},
        {"wide_resnet50_2", 224, 28, 768},
        {"wide_resnet50_2", 225, 29, 768},
        {"wide_resnet101_2", 224, 28, 1024},
        {"vit_small_patch16_224", 224, 14, 384},
        {"vit_base_patch16_224", 384, 24, 768},
        {"vit_large_patch16_384", 384, 24, 1024},
        {"dinov2_vits14", 518, 37, 384},
        {"dinov2_vitb14_reg", 224, 16, 768},
        {"dinov2_vitl14", 224, 16, 1024},
        {"torchscript", 224, 28, 768},
    };
    for (const GeometryCase& one : cases) {
        const BackboneGeometry geometry = backbone_geometry(trial(one.backbone, one.image_size));
        EXPECT_EQ(geometry.height, one.side) << one.backbone;
        EXPECT_EQ(geometry.width, one.side) << one.backbone;
        EXPECT_EQ(geometry.channels, one.channels) << one.backbone;
    }
}

TEST(BackbonesTest, TheFirstLayerGivesTheGridAndOneVectorHasNone) {
    TrialConfig config = trial("resnet18", 224);
    set(config, "backbone.layers", "[layer3,layer1]");
    set(config, "backbone.embed_dim", "500");
    EXPECT_EQ(backbone_geometry(config).height, 14);
    EXPECT_EQ(backbone_geometry(config).channels, 500);
    config = trial("dinov2_vitb14", 518);
    set(config, "backbone.feature", "cls");
    EXPECT_EQ(backbone_geometry(config).height, 1);
    EXPECT_EQ(feature_bytes(config, 10), 10 * 768 * 2);
    config = trial("torchscript", 100);
    set(config, "backbone.stride", "16");
    EXPECT_EQ(backbone_geometry(config).height, 7);
}

struct ProblemCase {
    const char* name;
    const char* backbone;
    int image_size;
    const char* set;  ///< parameter set to …
    const char* value;
    const char* parameter;  ///< … and the one that is reported
    const char* message;
};

TEST(BackbonesTest, ProblemsAreFoundBeforeAnythingRuns) {
    const ProblemCase cases[] = {
        {"patch", "vit_base_patch16_224", 225, "", "", "data.image_size", "224 and 240"},
        {"too small", "dinov2_vitb14", 13, "", "", "data.image_size", "is 14"},
        {"block", "vit_base_patch16_224", 224, "blocks", "[1,12]", "backbone.blocks", "0 to 11"},
        {"no number", "vit_base_patch16_224", 224, "blocks", "01", "backbone.blocks", "'01'"},
        {"width", "vit_base_patch16_224", 224, "embed_dim", "100", "backbone.embed_dim", "768"},
        {"pooled", "resnet18", 224, "embed_dim", "1153", "backbone.embed_dim", "1152"},
        {"narrow layer", "resnet18", 224, "layers", "layer1", "backbone.embed_dim", "576"},
    };
    for (const ProblemCase& one : cases) {
        TrialConfig config = trial(one.backbone, one.image_size);
        if (*one.set != '\0') {
            set(config, std::string("backbone.") + one.set, one.value);
        }
        const auto found = inconsistencies(config);
        ASSERT_EQ(found.size(), 1U) << one.name;
        EXPECT_EQ(found[0].first->name, one.parameter) << one.name;
        EXPECT_NE(found[0].second.find(one.message), std::string::npos) << found[0].second;
        EXPECT_THROW(backbone_geometry(config), UsageError) << one.name;
    }
}

TEST(BackbonesTest, WhatSuitsIsNoProblem) {
    EXPECT_TRUE(inconsistencies(trial("vit_large_patch16_224", 224)).empty());
    TrialConfig config = trial("resnet18", 224);
    set(config, "backbone.embed_dim", "1152");
    EXPECT_TRUE(inconsistencies(config).empty());
    config = trial("vit_base_patch16_224", 224);
    set(config, "backbone.embed_dim", "100");
    set(config, "backbone.projection", "random_compat");
    EXPECT_TRUE(inconsistencies(config).empty());
    EXPECT_EQ(backbone_geometry(config).channels, 100);
    config = trial("dinov2_vits14", 224);
    set(config, "backbone.blocks", "[40]");
    EXPECT_EQ(inconsistencies(config).size(), 1U);
    set(config, "backbone.feature", "cls");  // takes the last block, whatever `blocks` says
    EXPECT_TRUE(inconsistencies(config).empty());
}

TEST(BackbonesTest, UnknownLayersAreRefusedByName) {
    TrialConfig config;
    const auto problem =
        set_value(*find_parameter("backbone.layers"), config, std::string("[layer2,layer5]"));
    ASSERT_TRUE(problem.has_value());
    EXPECT_NE(problem->find("'layer5'"), std::string::npos) << *problem;
}

// Parameters that cannot change a backbone's features stay out of its keys.
TEST(BackbonesTest, EachFamilyHasItsOwnParameters) {
    const std::pair<std::string, std::string> changes[] = {
        {"backbone.layers", "layer2"},
        {"backbone.blocks", "[2]"},
        {"backbone.feature", "cls"},
        {"backbone.stride", "16"},
        {"backbone.normalization", "imagenet_compat"},
        {"backbone.projection", "random_compat"},
        {"backbone.projection_seed", "3"},
        {"backbone.precision", "bfloat16"}};
    const std::pair<const char*, std::string> expected[] = {
        {"filterbank", ""},
        {"resnet18", "layers precision "},
        {"vit_small_patch16_224", "blocks feature normalization precision "},
        {"dinov2_vits14", "blocks feature precision "},
        {"torchscript", "stride "}};
    for (const auto& [backbone, wanted] : expected) {
        std::string active;
        for (const auto& [parameter, value] : changes) {
            TrialConfig config = trial(backbone, 224);
            const std::string before = canonical_text(config);
            set(config, parameter, value);
            active += canonical_text(config) != before ? parameter.substr(9) + " " : "";
        }
        EXPECT_EQ(active, wanted) << backbone;
    }
}

TEST(BackbonesTest, ProjectionCountsWhereWidthsDiffer) {
    TrialConfig config = trial("vit_base_patch16_224", 224);
    set(config, "backbone.projection", "random_compat");
    set(config, "backbone.projection_seed", "3");
    EXPECT_FALSE(is_active(*find_parameter("backbone.projection_seed"), config));
    set(config, "backbone.embed_dim", "768");
    EXPECT_FALSE(is_active(*find_parameter("backbone.projection"), config));
    set(config, "backbone.embed_dim", "512");
    EXPECT_TRUE(is_active(*find_parameter("backbone.projection_seed"), config));
    set(config, "backbone.projection", "none");
    EXPECT_TRUE(is_active(*find_parameter("backbone.projection"), config));
    EXPECT_FALSE(is_active(*find_parameter("backbone.projection_seed"), config));
}

}  // namespace
}  // namespace harrow::sweeps
