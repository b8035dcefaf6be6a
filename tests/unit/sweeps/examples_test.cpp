#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "sweeps/backbone_geometry.hpp"
#include "sweeps/parameters.hpp"
#include "sweeps/sweep.hpp"
#include "sweeps/tables/table_reader.hpp"
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
