#include "sweeps/feature_views.hpp"

#include <gtest/gtest.h>

#include "sweeps/anomalies.hpp"
#include "sweeps/backbone_geometry.hpp"
#include "sweeps/canonical.hpp"
#include "sweeps/error.hpp"
#include "sweeps/validation.hpp"

namespace harrow::sweeps {
namespace {

using Names = std::vector<std::string>;

TrialConfig anomalyvfm() {
    TrialConfig config;
    config.method = "anomalyvfm";
    config.data.image_size = 518;
    config.backbone = {"dinov2_vitb14", "/w"};
    config.backbone.feature = "cls";
    return config;
}

Names names_of(const TrialConfig& config) {
    Names names;
    for (const FeatureView& view : feature_views(config)) {
        names.push_back(view.name);
    }
    return names;
}

FeatureView view_named(const TrialConfig& config, const std::string& name) {
    for (FeatureView& view : feature_views(config)) {
        if (view.name == name) {
            return std::move(view);
        }
    }
    throw std::out_of_range(name);
}

TEST(FeatureViewsTest, FlowsSeeWhatTheyAlwaysSaw) {
    TrialConfig config;
    config.model.maps = "patches";   // another method's
    config.data.scales = {64, 128};  // without effect on a backbone of patches
    config.data.crop_size = 32;
    EXPECT_EQ(names_of(config), (Names{"train", "test"}));
    config.validation.holdout = 0.1;
    EXPECT_EQ(names_of(config), (Names{"train", "test"}));
    config.validation.synthetic = "cutpaste";
    EXPECT_EQ(names_of(config), (Names{"train", "test", "val_synth"}));
    config.validation.use_split = true;
    EXPECT_EQ(names_of(config), (Names{"train", "test", "val_synth", "validation"}));
    for (const FeatureView& view : feature_views(config)) {
        EXPECT_EQ(canonical_text(view.config), canonical_text(config)) << view.name;
        EXPECT_EQ(view.split, view.name);
        EXPECT_EQ(feature_bytes(view.config, 1), 28 * 28 * 64 * 2);
    }
}

TEST(FeatureViewsTest, AnomalyvfmSeesAnomaliesWhereItLearnsAndMapsWhereTheyAreAskedFor) {
    TrialConfig config = anomalyvfm();
    EXPECT_EQ(names_of(config), (Names{"train", "test", "anomalies"}));
    config.model.use_lora = false;
    EXPECT_EQ(names_of(config), (Names{"train", "test"})) << "the baseline learns nothing";
    config.model.maps = "crops";
    EXPECT_EQ(names_of(config), (Names{"train", "test", "test.maps"}));
    config.validation = {0.1, "none"};
    EXPECT_EQ(names_of(config), (Names{"train", "test", "train.maps", "test.maps"}))
        << "maps of images held out";
    config.validation = {0, "none", true};
    config.model.maps = "patches";
    EXPECT_EQ(names_of(config),
              (Names{"train", "test", "validation", "train.maps", "test.maps", "validation.maps"}));
    config.train.confidence_weight = 0.5;
    config.model.use_lora = true;
    EXPECT_EQ(names_of(config),
              (Names{"train",
                     "test",
                     "validation",
                     "anomalies",
                     "train.maps",
                     "test.maps",
                     "validation.maps",
                     "anomalies.patches"}));
    config.validation = {0.1, "cutpaste"};
    EXPECT_EQ(view_named(config, "val_synth.maps").split, kSyntheticSplit);
    EXPECT_EQ(view_named(config, "anomalies.patches").split, kAnomaliesSplit);
}

BackboneGeometry geometry_of(const TrialConfig& config, const std::string& name) {
    return backbone_geometry(view_named(config, name).config);
}

void expect_geometry(const BackboneGeometry& geometry,
                     std::int64_t height,
                     std::int64_t width,
                     const std::string& what) {
    EXPECT_EQ(geometry.height, height) << what;
    EXPECT_EQ(geometry.width, width) << what;
    EXPECT_EQ(geometry.channels, 768) << what;
}

TEST(FeatureViewsTest, EachViewHasItsGeometryAndItsSize) {
    TrialConfig config = anomalyvfm();
    config.data.scales = {128, 256, 512};
    config.data.load_size = 512;
    config.model.maps = "patches";
    config.train.confidence_weight = 1;
    for (const char* name : {"train", "test", "anomalies"}) {
        expect_geometry(geometry_of(config, name), 1, 3, name);
        EXPECT_EQ(view_named(config, name).config.data.load_size, 512);
    }
    for (const char* name : {"train.maps", "test.maps", "anomalies.patches"}) {
        expect_geometry(geometry_of(config, name), 37, 37, name);
    }
    EXPECT_EQ(view_named(config, "test.maps").config.data.load_size, 0);
    EXPECT_EQ(view_named(config, "anomalies.patches").config.data.load_size, 512)
        << "anomalies are drawn on the square that is loaded, whoever looks at them";

    config.train.confidence_weight = 0;
    config.model.maps = "crops";
    config.data.crop_size = 32;
    expect_geometry(geometry_of(config, "train"), 1, 3, "train");
    expect_geometry(geometry_of(config, "test.maps"), 16, 16, "518 / 32, the rest is left out");
    const TrialConfig maps = view_named(config, "test.maps").config;
    EXPECT_EQ(maps.backbone.feature, "cls");
    EXPECT_EQ(pictures_per_image(maps.data), 256);
    EXPECT_EQ(feature_bytes(maps, 10), 10 * 256 * 768 * 2);
    EXPECT_EQ(feature_bytes(view_named(config, "train").config, 10), 10 * 3 * 768 * 2);
}

TEST(FeatureViewsTest, ScalesAndCropsWantVectorsOfImages) {
    const auto parameter_of = [](const TrialConfig& config) {
        const std::vector<BackboneProblem> problems = feature_problems(config);
        return problems.empty() ? "" : problems.front().parameter;
    };
    TrialConfig config = anomalyvfm();
    config.data.scales = {128, 256};
    config.data.crop_size = 518;
    EXPECT_EQ(parameter_of(config), "");
    config.data.crop_size = 519;
    EXPECT_EQ(parameter_of(config), "data.crop_size") << "larger than the image";
    config.data.crop_size = 0;
    config.backbone.feature = "patches";
    EXPECT_EQ(parameter_of(config), "data.scales");
    EXPECT_THROW(backbone_geometry(config), UsageError);
    config.backbone.feature = kNormedPatches;
    EXPECT_EQ(parameter_of(config), "data.scales");
    config.data.scales = {128};
    EXPECT_EQ(parameter_of(config), "") << "patches of a blurred image";
    config.backbone = {};
    config.data.image_size = 512;
    EXPECT_EQ(parameter_of(config), "");
    config.data.crop_size = 64;
    EXPECT_EQ(parameter_of(config), "data.crop_size") << "the filter bank has patches only";
}

TEST(FeatureViewsTest, ImagesOfAViewAreThoseOfItsSplit) {
    TrialConfig config = anomalyvfm();
    config.validation = {0.25, "cutpaste", true};
    ClassFacts facts{"can", {40, "t"}, {20, "e"}, "l", {7, "v"}};
    const auto images = [&](const char* name, std::uint64_t seed = 0) {
        return view_images(view_named(config, name), facts, seed);
    };
    EXPECT_EQ(images("validation").images, 7);
    EXPECT_EQ(images("validation").images_digest, "v");
    EXPECT_EQ(images("val_synth").images, 10);
    EXPECT_EQ(images("anomalies").images, 90);
    EXPECT_NE(images("anomalies", 1).images_digest, images("anomalies", 2).images_digest);
    const Digest of_can = images("anomalies").images_digest;
    facts.name = "vial";
    EXPECT_NE(images("anomalies").images_digest, of_can) << "another class, other anomalies";
    config.synthetic.train_pixels = "wrapped_compat";
    EXPECT_EQ(images("anomalies").images, 30 + 90) << "those that are trained on come first";
    config.synthetic.seed = 9;
    EXPECT_EQ(images("anomalies", 1).images_digest, images("anomalies", 2).images_digest);
    EXPECT_FALSE(depends_on_seed(view_named(config, "anomalies")));
}

}  // namespace
}  // namespace harrow::sweeps
