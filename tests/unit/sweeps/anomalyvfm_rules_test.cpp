#include <map>

#include <gtest/gtest.h>

#include "sweeps/method_defaults.hpp"
#include "sweeps/parameters.hpp"
#include "tests/support/fake_catalog.hpp"

namespace harrow::sweeps {
namespace {

using Values = std::map<std::string, std::string>;

TrialConfig with(const Values& values, const std::string& method = "anomalyvfm") {
    const auto version = values.find("model.version");
    TrialConfig config = method_defaults(method, version == values.end() ? "" : version->second);
    for (const auto& [name, value] : values) {
        EXPECT_EQ(set_value(*find_parameter(name), config, value), std::nullopt) << name;
    }
    return config;
}

TEST(AnomalyVfmRulesTest, WhatCannotWorkIsNamed) {
    struct Rule {
        Values values;
        const char* parameter;
        const char* says;
    };
    const Rule rules[] = {
        {{{"backbone.name", "filterbank"}, {"image_size", "512"}},
         "backbone.name",
         "such as dinov2_vitb14"},
        {{{"backbone.feature", "patches"}}, "backbone.feature", "cls, patch_mean or token0"},
        {{{"batch_size", "7"}}, "train.batch_size", "an even number, not 7"},
        {{{"model.version", "1.3"}, {"batch_size", "12"}, {"train.sampling", "blocks_compat"}},
         "train.batch_size",
         "give 6, not 12, or train.sampling: shuffled"},
        {{{"model.version", "1.3"}, {"batch_size", "7"}, {"train.sampling", "blocks_compat"}},
         "train.batch_size",
         "an even number, not 7"},
        {{{"model.version", "1.3"}, {"data.load_size", "256"}},
         "data.scales",
         "512 is larger than the square of 256"},
        {{{"model.version", "1.3"}, {"synthetic.texture", "[8,16]"}},
         "synthetic.texture",
         "has 2 numbers for 3 resolutions"},
        {{{"model.version", "1.3"}, {"synthetic.noise", "[1,2,3,4]"}},
         "synthetic.noise",
         "has 2 pairs for 3 resolutions"},
        {{{"model.version", "1.3"},
          {"synthetic.texture", "[9,16,20]"},
          {"train.sampling", "blocks_compat"}},
         "synthetic.texture",
         "give 41 and 40"},
        {{{"model.version", "1.3"}, {"synthetic.contextual_side", "[20,130]"}},
         "synthetic.contextual_side",
         "reaches 129 pixels, but anomalies are made on images of 128 (synthetic.resolutions)"},
        {{{"data.scales", "[128,256]"}}, "data.scales", "version 1.1 has one vector per image"},
        {{{"data.scales", "[128,256]"}, {"use_lora", "false"}}, "data.scales", "the baseline"},
        {{{"image_size", "56"}, {"synthetic.contextual", "0"}},
         "synthetic.texture_side",
         "reaches 149 pixels, but anomalies are made on images of 56 (data.image_size)"},
        {{{"synthetic.contextual", "0"}, {"synthetic.texture", "0"}, {"synthetic.structural", "0"}},
         "synthetic.texture",
         "no anomaly is made"},
        {{{"model.maps", "crops"}}, "data.crop_size", "e.g. data.crop_size: 32"},
        {{{"data.crop_size", "32"}}, "data.crop_size", "has no effect with model.maps: none"},
        {{{"model.maps", "crops"}, {"data.crop_size", "600"}},
         "data.crop_size",
         "do not fit into images of 518"},
        {{{"train.confidence_weight", "0.1"}},
         "train.confidence_weight",
         "needs model.maps: patches"},
        {{{"model.version", "1.4"}, {"model.attention_heads", "7"}},
         "model.attention_heads",
         "768 channels, which 7 heads do not divide"},
        {{{"model.version", "1.4"}, {"model.guide_reduction", "400"}},
         "model.guide_reduction",
         "fewer than the 800"},
        {{{"train.sampling", "blocks_compat"}, {"synthetic.normal_images", "3"}},
         "train.sampling",
         "takes 4 normal images at a time"},
    };
    for (const Rule& rule : rules) {
        const auto found = inconsistencies(with(rule.values));
        ASSERT_EQ(found.size(), 1U) << rule.says;
        EXPECT_EQ(found[0].first->name, rule.parameter);
        EXPECT_NE(found[0].second.find(rule.says), std::string::npos) << found[0].second;
    }
}

TEST(AnomalyVfmRulesTest, WhatHasNoEffectIsNotChecked) {
    const Values fine[] = {
        {{"batch_size", "7"}, {"use_lora", "false"}, {"synthetic.texture_side", "[600,700]"}},
        {{"model.attention_heads", "7"}},
        {{"model.version", "1.3"}, {"data.scales", "[0,256]"}},
        {{"model.version", "1.3"}, {"batch_size", "8"}, {"synthetic.texture", "[9,16,20]"}},
        {{"synthetic.texture", "0"}, {"synthetic.texture_side", "[600,700]"}},
        {{"model.maps", "patches"}, {"train.confidence_weight", "0.1"}},
        {{"model.version", "1.4"},
         {"train.sampling", "blocks_compat"},
         {"model.batch_mix_compat", "true"}},
    };
    for (const Values& values : fine) {
        const auto found = inconsistencies(with(values));
        EXPECT_TRUE(found.empty()) << found[0].second;
    }
}

TEST(AnomalyVfmRulesTest, OtherMethodsSeeAnImageInOneWay) {
    const auto found = inconsistencies(with({{"backbone.name", "dinov2_vits14"},
                                             {"backbone.feature", "cls"},
                                             {"data.scales", "[128,256]"},
                                             {"data.crop_size", "32"}},
                                            "moleflow"));
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].first->name, "data.scales");
    EXPECT_EQ(found[1].first->name, "data.crop_size");
}

TEST(AnomalyVfmRulesTest, ParametersCountInTheVersionsThatHaveThem) {
    struct Counts {
        const char* parameter;
        const char* versions;  ///< in which it is active, with its own switch on
    };
    const Counts counts[] = {{"model.lora_layers", "1.1 1.2 1.3 1.4"},
                             {"model.guide_reduction", "1.3 1.4"},
                             {"model.importance_reduction", "1.4"},
                             {"model.final_attention_hidden", "1.4"},
                             {"model.attention_heads", "1.3 1.4"},
                             {"model.attention_weight", "1.4"},
                             {"model.attention_range", "1.3 1.4"},
                             {"model.scale_rank_base", "1.3"},
                             {"model.batch_mix_compat", "1.3 1.4"},
                             {"model.batch_mix_size", "1.3 1.4"},
                             {"synthetic.blur_kernel", "1.4"},
                             {"synthetic.polygon_radius", "1.4"},
                             {"synthetic.circle_radius", "1.1 1.2 1.3 1.4"},
                             {"train.lr", "1.1 1.2 1.3 1.4"},
                             {"train.grad_clip", ""},
                             {"train.warmup_epochs", ""},
                             {"train.min_lr_ratio", ""},
                             {"train.tail_weight", ""},
                             {"model.dia_n_blocks", ""},
                             {"score.aggregation", ""}};
    for (const auto& [name, versions] : counts) {
        const Parameter& parameter = *find_parameter(name);
        for (const char* version : {"1.1", "1.2", "1.3", "1.4"}) {
            TrialConfig config =
                with({{"model.version", version}, {"model.batch_mix_compat", "true"}});
            const bool expected = std::string(versions).find(version) != std::string::npos;
            EXPECT_EQ(is_active(parameter, config), expected) << name << " in " << version;
            config.model.use_lora = false;
            EXPECT_FALSE(is_active(parameter, config)) << name << " of the baseline";
        }
    }
    EXPECT_TRUE(is_active(*find_parameter("train.grad_clip"), TrialConfig{}));
    TrialConfig rehearsal;
    rehearsal.method = "noop";
    EXPECT_TRUE(is_active(*find_parameter("train.grad_clip"), rehearsal)) << "as it always was";
}

TEST(AnomalyVfmRulesTest, DataThatIsMissingIsNamed) {
    FakeCatalog catalog;
    catalog.add_weights("/w", "");
    const std::string text = std::string(kHead) +
                             "method: anomalyvfm\nbackbone.weights: /w\ntrain.batch_size: 64\n"
                             "validation.use_split: true\ndata.classes: [grid, cable]\n";
    try {
        parse_sweep(text, "s.yaml", "/specs", {}, catalog);
        FAIL();
    } catch (const UsageError& error) {
        ASSERT_EQ(error.problems().size(), 1U) << "a batch may be larger than a class";
        EXPECT_EQ(error.problems()[0].key, "validation.use_split");
        EXPECT_NE(error.problems()[0].message.find("cable, grid"), std::string::npos);
    }
    catalog.add_validation("/data");
    EXPECT_EQ(parse_sweep(text, "s.yaml", "/specs", {}, catalog).cells.size(), 1U);
}

/// Message of the only problem with `text`; empty when there is none.
std::string problem_with(const std::string& text, FakeCatalog& catalog, const std::string& key) {
    catalog.add_weights("/w", "");
    try {
        parse_sweep(kHead + ("method: anomalyvfm\nbackbone.weights: /w\n" + text),
                    "s.yaml",
                    "/specs",
                    {},
                    catalog);
    } catch (const UsageError& error) {
        EXPECT_EQ(error.problems().size(), 1U) << error.what();
        EXPECT_EQ(error.problems()[0].key, key);
        return error.problems()[0].message;
    }
    return "";
}

TEST(AnomalyVfmRulesTest, AClassNeedsTwoImagesToBeMeasuredAgainst) {
    FakeCatalog catalog;
    const auto keep = [&](std::int64_t images) {
        catalog.facts("/data").classes[4].train.images = images;  // grid
    };
    const std::string holdout = "validation.holdout: 0.1\n", root = "data.root";
    keep(2);
    EXPECT_EQ(problem_with("", catalog, root), "");
    EXPECT_EQ(problem_with(holdout, catalog, "validation.holdout")
                  .rfind("leaves 1 training images of grid", 0),
              0U);
    EXPECT_EQ(problem_with(holdout + "data.classes: [cable]\n", catalog, ""), "");
    keep(1);
    EXPECT_EQ(problem_with("use_lora: false\n", catalog, root)
                  .rfind("grid under '/data' has 1 training image", 0),
              0U);
    keep(3);
    EXPECT_EQ(problem_with(holdout, catalog, ""), "");
}

TEST(AnomalyVfmRulesTest, RanksThatAreCarriedOverAreTheSequencesOwn) {
    FakeCatalog catalog;
    const std::string two = "model.carry_over_compat: true\ndata.classes: [cable, grid]\n";
    const char* key = "model.carry_over_compat";
    EXPECT_NE(problem_with(two + "per_class: {grid: {lora_rank: 8}}\n", catalog, key)
                  .find("it is 16 for cable and 8 for grid"),
              std::string::npos);
    EXPECT_EQ(problem_with(two + "per_class: {'cable, grid': {lora_rank: 8}}\n", catalog, key), "");
    EXPECT_EQ(problem_with(two + "per_class: {bottle: {lora_rank: 8}}\n", catalog, key), "");
}

/// One folder that is another data set by every layout.
class LayoutCatalog : public FakeCatalog {
public:
    const DatasetFacts& describe(const std::string& layout,
                                 const std::string& root,
                                 const std::vector<std::string>& classes) override {
        return FakeCatalog::describe(layout, root + "/" + layout, classes);
    }
};

TEST(AnomalyVfmRulesTest, AFolderIsLookedAtInEveryLayout) {
    LayoutCatalog catalog;
    catalog.add("/data/mvtec", {"cable"});
    catalog.add_validation("/data/mvtec");
    catalog.add("/data/mvtec_ad2", {"cable"});
    EXPECT_NE(problem_with("validation.use_split: true\n"
                           "space:\n  - grid: {data.layout: [mvtec, mvtec_ad2]}\n",
                           catalog,
                           "validation.use_split"),
              "");
}

}  // namespace
}  // namespace harrow::sweeps
