#include "sweeps/method_defaults.hpp"

#include <gtest/gtest.h>

#include "sweeps/canonical.hpp"
#include "sweeps/parameter_text.hpp"
#include "sweeps/parameters.hpp"
#include "tests/support/fake_catalog.hpp"

namespace harrow::sweeps {
namespace {

const std::string kAnomalyVfm = std::string(kHead) + "method: anomalyvfm\nbackbone.weights: /w\n";

Sweep parse_with_weights(const std::string& text, const std::vector<std::string>& overrides = {}) {
    FakeCatalog catalog;
    catalog.add_weights("/w", "");
    return parse_sweep(text, "s.yaml", "/specs", overrides, catalog);
}

TEST(MethodDefaultsTest, OthersBeginWithTheStruct) {
    for (const char* method : {"moleflow", "finetune", "noop"}) {
        TrialConfig plain;
        plain.method = method;
        for (const Parameter& parameter : parameters()) {
            EXPECT_EQ(value_text(parameter, method_defaults(method, "1.4")),
                      value_text(parameter, plain));
        }
    }
    EXPECT_EQ(method_defaults("unknown", "1.1").method, "moleflow");
    EXPECT_EQ(method_defaults("anomalyvfm", "9").model.lora_rank, 16);
}

// AnomalyVFM B3 to B6.
TEST(MethodDefaultsTest, AreTheReferences) {
    struct Expected {
        const char* version;
        std::map<std::string, std::string> values;
    };
    const Expected expected[] = {
        {"1.1",
         {{"backbone.name", "dinov2_vitb14"},
          {"backbone.feature", "cls"},
          {"data.image_size", "518"},
          {"data.resize", "square"},
          {"train.lr", "1e-04"},
          {"train.optimizer", "adamw"},
          {"train.adamw_weight_decay", "1e-05"},
          {"train.num_epochs", "10"},
          {"train.batch_size", "8"},
          {"model.lora_rank", "16"},
          {"model.lora_alpha", "32"},
          {"router.distance", "none"},
          {"model.lora_layers", "3"},
          {"model.lora_dropout", "0.1"},
          {"model.lora_init_std", "0.01"},
          {"model.head_hidden", "[512,256]"},
          {"model.head_dropout", "0.1"},
          {"synthetic.normal_images", "50"},
          {"synthetic.texture", "30"},
          {"synthetic.structural", "30"},
          {"synthetic.contextual", "30"},
          {"synthetic.texture_kinds", "gaussian"},
          {"synthetic.texture_patches", "[1,1]"},
          {"synthetic.texture_side", "[50,150]"},
          {"synthetic.noise", "[30,30]"},
          {"synthetic.structural_kinds", "[circle,rectangle,line]"},
          {"synthetic.circle_radius", "[20,80]"},
          {"synthetic.rectangle_side", "[50,150]"},
          {"synthetic.line_thickness", "[5,20]"},
          {"synthetic.lines", "[1,1]"},
          {"synthetic.contextual_side", "[100,200]"},
          {"synthetic.blend", "[0.7,0.7]"}}},
        {"1.2",
         {{"synthetic.texture_side", "[40,120]"},
          {"synthetic.circle_radius", "[15,60]"},
          {"synthetic.rectangle_side", "[40,120]"},
          {"synthetic.line_thickness", "[3,15]"},
          {"synthetic.contextual_side", "[80,160]"},
          {"synthetic.blend", "[0.6,0.8]"},
          {"synthetic.texture", "30"}}},
        {"1.3",
         {{"data.scales", "[128,256,512]"},
          {"data.load_size", "512"},
          {"train.batch_size", "6"},
          {"model.batch_mix_size", "6"},
          {"synthetic.resolutions", "[128,256,512]"},
          {"synthetic.texture", "[8,16,20]"},
          {"synthetic.structural", "[20,12,8]"},
          {"synthetic.contextual", "12"},
          {"synthetic.texture_side", "[10,30,20,60,40,120]"},
          {"synthetic.noise", "[25,25,30,30,35,35]"},
          {"synthetic.circle_radius", "[8,40]"},
          {"synthetic.rectangle_side", "[20,80]"},
          {"synthetic.line_thickness", "[2,10]"},
          {"synthetic.contextual_side", "[10,30,20,60,40,120]"},
          {"synthetic.blend", "[0.6,0.8]"},
          {"model.guide_reduction", "4"},
          {"model.attention_heads", "8"},
          {"model.attention_dropout", "0.1"},
          {"model.scale_rank_base", "256"},
          {"model.scale_rank_min", "8"},
          {"synthetic.shape_base", "512"}}},
        {"1.4",
         {{"synthetic.texture", "36"},
          {"synthetic.structural", "27"},
          {"synthetic.contextual", "27"},
          {"synthetic.texture_patches", "[2,5]"},
          {"synthetic.texture_kinds", "[gaussian,salt_pepper,blur]"},
          {"synthetic.structural_kinds", "[circle,rectangle,line,polygon]"},
          {"synthetic.texture_side", "[30,100]"},
          {"synthetic.salt_pepper_share", "0.1"},
          {"synthetic.blur_kernel", "15"},
          {"synthetic.circle_radius", "[15,80]"},
          {"synthetic.rectangle_side", "[40,120]"},
          {"synthetic.line_thickness", "[3,15]"},
          {"synthetic.polygon_vertices", "[6,12]"},
          {"synthetic.polygon_radius", "[20,80]"},
          {"synthetic.blend", "[0.6,0.8]"},
          {"model.importance_reduction", "2"},
          {"model.final_attention_hidden", "64"},
          {"model.attention_weight", "0.3"},
          {"synthetic.lines", "[2,5]"},
          {"synthetic.noise", "[20,50]"},
          {"synthetic.contextual_side", "[60,140]"}}}};
    for (const auto& [version, values] : expected) {
        const TrialConfig config = method_defaults("anomalyvfm", version);
        EXPECT_EQ(config.model.version, version);
        EXPECT_TRUE(inconsistencies(config).empty()) << version;
        for (const auto& [name, text] : values) {
            EXPECT_EQ(value_text(*find_parameter(name), config), text) << version << " " << name;
        }
    }
}

TEST(MethodDefaultsTest, ASweepBeginsWithThemAndCellsAreNamedByWhatTheFileVaries) {
    const Sweep sweep = parse_with_weights(
        kAnomalyVfm +
        "space:\n  - grid: {model.version: [1.1, 1.2, 1.3], train.lr: [1e-4, 3e-4]}\n");
    EXPECT_EQ(names_of(sweep),
              (std::vector<std::string>{"base",
                                        "lr=3e-04",
                                        "version=1.2",
                                        "lr=3e-04,version=1.2",
                                        "version=1.3",
                                        "lr=3e-04,version=1.3"}));
    EXPECT_EQ(sweep.cells[4].config.train.batch_size, 6);
    EXPECT_EQ(sweep.cells[5].config.train.lr, 3e-4);
    EXPECT_EQ(canonical_text(sweep.cells[1].config).find("train.lr"), std::string::npos)
        << "texts compare with the struct";
    EXPECT_NE(canonical_text(sweep.cells[0].config).find("train.lr=1e-04\n"), std::string::npos);
}

TEST(MethodDefaultsTest, FollowMethodAndVersionFromWhereverTheyAreSet) {
    const Sweep sweep = parse_with_weights(
        std::string(kHead) +
        "backbone.weights: /w\ntrain.num_epochs: 5\nspace:\n"
        "  - cases: [{name: flow}, {name: vfm, label: VFM, method: anomalyvfm, version: 1.3}]\n"
        "  - axes: {method: {flow: {}, vfm: {method: anomalyvfm}}}\n"
        "    zip: {train.lr: [0.5, 0.25]}\n");
    ASSERT_EQ(sweep.cells.size(), 6U);
    EXPECT_EQ(sweep.cells[0].config.train.lr, 3e-4);
    EXPECT_EQ(sweep.cells[1].config.train.lr, 1e-4);
    EXPECT_EQ(sweep.cells[1].config.train.num_epochs, 5) << "the file's word counts";
    EXPECT_EQ(sweep.cells[1].config.data.scales.size(), 3U);
    EXPECT_EQ(sweep.cells[1].name, "vfm");
    EXPECT_EQ(sweep.cells[1].labels, std::vector<std::string>{"VFM"});
    EXPECT_EQ(sweep.cells[4].name, "method=vfm,lr=0.5");
    EXPECT_EQ(sweep.cells[4].config.model.lora_rank, 16);
    EXPECT_EQ(
        parse_with_weights(kAnomalyVfm, {"model.version=1.3"}).cells[0].config.train.batch_size, 6);
    EXPECT_EQ(names_of(parse_with_weights(kAnomalyVfm, {"model.version=1.1,1.4"})),
              (std::vector<std::string>{"base", "version=1.4"}));
}

TEST(MethodDefaultsTest, AMistakeInMethodOrVersionIsTheOnlyProblem) {
    for (const char* wrong :
         {"method: anomalyvm\nmodel.version: 1.3\n", "method: anomalyvfm\nmodel.version: 1.33\n"}) {
        FakeCatalog catalog;
        catalog.add_weights("/w", "");
        try {
            parse_sweep(std::string(kHead) + wrong +
                            "backbone: {name: dinov2_vits14, feature: cls, weights: /w}\n"
                            "data.scales: [128]\ndata.image_size: 224\n"
                            "train.confidence_weight: 0.5\n",
                        "s.yaml",
                        "/specs",
                        {},
                        catalog);
            FAIL();
        } catch (const UsageError& error) {
            EXPECT_EQ(error.problems().size(), 1U) << error.what();
        }
    }
}

TEST(MethodDefaultsTest, TheReferenceListsThem) {
    const std::string all = parameters_markdown(), own = parameters_markdown("anomalyvfm");
    EXPECT_NE(all.find("| 16; anomalyvfm: 8; 1.3: 6 |"), std::string::npos);
    EXPECT_NE(own.find("| 8; 1.3: 6 |"), std::string::npos);
    EXPECT_NE(own.find("| 30; 1.3: [20,12,8]; 1.4: 27 |"), std::string::npos);
    EXPECT_EQ(parameters_markdown("moleflow").find("; 1.3: "), std::string::npos);
}

}  // namespace
}  // namespace harrow::sweeps
