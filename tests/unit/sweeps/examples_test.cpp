#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "sweeps/backbone_geometry.hpp"
#include "sweeps/class_config.hpp"
#include "sweeps/feature_views.hpp"
#include "sweeps/parameters.hpp"
#include "sweeps/sweep.hpp"
#include "sweeps/tables/table_reader.hpp"
#include "sweeps/work_plan.hpp"
#include "tests/support/fake_catalog.hpp"

namespace harrow::sweeps {
namespace {

namespace fs = std::filesystem;

const fs::path kExamples = HARROW_EXAMPLES_DIR;

std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

Sweep parse_example(const std::string& name) {
    for (const char* root : {"MVTEC_ROOT", "VISA_ROOT", "MPDD_ROOT"}) {
        setenv(root, "/data", 1);
    }
    setenv("HARROW_WEIGHTS", "/weights", 1);
    FakeCatalog catalog;
    catalog.add_weights("/weights/wide_resnet50_2.safetensors", "");
    return parse_sweep(
        text_of(kExamples / name), name, kExamples.string(), {"data.root=/data"}, catalog);
}

std::vector<std::string> example_names() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(kExamples)) {
        if (entry.is_regular_file()) {
            names.push_back(entry.path().filename().string());
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

FakeCatalog ad2_catalog() {
    FakeCatalog catalog;
    catalog.add(
        "/ad2",
        {"can", "fabric", "fruit_jelly", "rice", "sheet_metal", "vial", "wallplugs", "walnuts"});
    catalog.add_validation("/ad2");
    catalog.add_weights("/weights/dinov2.safetensors", "");
    return catalog;
}

Sweep parse_anomalyvfm(const std::string& name, const std::vector<std::string>& overrides = {}) {
    const std::string directory = (kExamples / "anomalyvfm").string();
    setenv("MVTEC_AD2_ROOT", "/ad2", 1);
    setenv("DINOV2_WEIGHTS", "/weights/dinov2.safetensors", 1);
    FakeCatalog catalog = ad2_catalog();
    return parse_sweep(text_of(directory + "/" + name), name, directory, overrides, catalog);
}

class ExamplesTest : public ::testing::TestWithParam<std::string> {};

TEST_P(ExamplesTest, CanBePlanned) {
    const Sweep sweep = parse_example(GetParam());
    EXPECT_EQ(sweep.name + ".yaml", GetParam());
    EXPECT_FALSE(sweep.cells.empty());
    for (const Cell& cell : sweep.cells) {
        EXPECT_FALSE(cell.seeds.empty());
        EXPECT_GT(feature_bytes(cell.config, 1), 0);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Files, ExamplesTest, ::testing::ValuesIn(example_names()), [](const auto& file) {
        std::string name = file.param;
        std::replace_if(
            name.begin(), name.end(), [](char c) { return std::isalnum(c) == 0; }, '_');
        return name;
    });

TEST(TableExamplesTest, AreReadWithoutAProblem) {
    int files = 0;
    for (const auto& entry : fs::directory_iterator(kExamples / "tables")) {
        EXPECT_FALSE(load_tables(entry.path().string()).empty());
        ++files;
    }
    EXPECT_GE(files, 1);
    EXPECT_EQ(parse_example("demo.yaml").tables.size(), 1U);
}

TEST(AnomalyVfmExamplesTest, CanBePlanned) {
    int files = 0;
    for (const auto& entry : fs::directory_iterator(kExamples / "anomalyvfm")) {
        const std::string name = entry.path().filename().string();
        SCOPED_TRACE(name);
        const Sweep sweep = parse_anomalyvfm(name);
        EXPECT_EQ(sweep.name + ".yaml", "anomalyvfm-" + name);
        FakeCatalog catalog = ad2_catalog();
        const WorkPlan plan = make_work_plan(sweep, catalog);
        EXPECT_GE(plan.trials.size(), 5 * sweep.cells.size() - 4);
        const std::size_t views = static_cast<std::size_t>(
            std::count_if(plan.extractions.begin(), plan.extractions.end(), [](const auto& one) {
                return one.view == kTrainView || one.view == kTestView;
            }));
        EXPECT_EQ(views % 14, 0U) << "train and test of seven classes each";
        for (const Cell& cell : sweep.cells) {
            EXPECT_EQ(cell.config.method, "anomalyvfm");
            if (cell.name != "auc-pro") {
                EXPECT_EQ(cell.seeds.size(), 5U);
                EXPECT_EQ(cell.tasks.size(), 7U);
                EXPECT_EQ(cell.tasks[0], std::vector<std::string>{"fruit_jelly"});
            }
        }
        ++files;
    }
    EXPECT_EQ(files, 9);
}

TEST(AnomalyVfmExamplesTest, TheComparisonHoldsTheVersionsOfTheReference) {
    const Sweep sweep = parse_anomalyvfm("compare-versions.yaml");
    ASSERT_EQ(sweep.cells.size(), 5U);
    const TrialConfig& v12 = sweep.cells[2].config;
    const TrialConfig walnuts = config_of_class(v12, "walnuts"),
                      vial = config_of_class(v12, "vial");
    const TrialConfig can = config_of_class(v12, "can");
    EXPECT_EQ(walnuts.train.lr, 8e-5);
    EXPECT_EQ(walnuts.model.lora_alpha, 64);
    EXPECT_EQ(walnuts.synthetic.noise, (NumberList{35, 35}));
    EXPECT_EQ(vial.train.num_epochs, 6);
    EXPECT_EQ(vial.synthetic.contextual, NumberList{35});
    EXPECT_EQ(can.train.num_epochs, 10);
    EXPECT_EQ(can.synthetic.texture, NumberList{30});
    EXPECT_EQ(can.synthetic.circle_radius, (NumberList{15, 60}));
    const TrialConfig& v14 = sweep.cells[4].config;
    EXPECT_EQ(config_of_class(v14, "fruit_jelly").synthetic.texture, NumberList{45});
    EXPECT_EQ(config_of_class(v14, "wallplugs").synthetic.texture, NumberList{36});
    for (const char* alone :
         {"v1.1.yaml", "v1.2.yaml", "v1.3.yaml", "v1.4.yaml", "baseline.yaml"}) {
        const Sweep version = parse_anomalyvfm(alone, {"model.maps=none"});
        const Cell* same = find_cell(sweep, fs::path(alone).stem().string());
        ASSERT_NE(same, nullptr);
        EXPECT_EQ(version.cells[0].id, same->id) << alone;
    }
}

TEST(MainExamplesTest, AreTheSeedLogsConfigurations) {
    const std::pair<const char*, std::pair<int, int>> expected[] = {
        {"mvtec-main.yaml", {8, 4}}, {"mvtec-main-6+2.yaml", {6, 2}}};
    for (const auto& [name, layers] : expected) {
        const Sweep sweep = parse_example(name);
        ASSERT_EQ(sweep.cells.size(), 1U);
        const Cell& main = sweep.cells[0];
        EXPECT_EQ(main.seeds, (std::vector<std::uint64_t>{0, 42, 123, 456, 789}));
        EXPECT_EQ(main.config.model.num_coupling_layers, layers.first);
        EXPECT_EQ(main.config.model.dia_n_blocks, layers.second);
        EXPECT_EQ(main.config.backbone.weights, "/weights/wide_resnet50_2.safetensors");
        const BackboneGeometry features = backbone_geometry(main.config);
        EXPECT_EQ(features.height, 28);
        EXPECT_EQ(features.channels, 768);
        TrialConfig rest = main.config;  // all else is the default
        rest.model = ModelConfig{};
        for (const Parameter& parameter : parameters()) {
            if (!parameter.locator && parameter.name != "backbone.name") {
                EXPECT_EQ(value_text(parameter, rest), default_text(parameter)) << parameter.name;
            }
        }
    }
}

}  // namespace
}  // namespace harrow::sweeps
