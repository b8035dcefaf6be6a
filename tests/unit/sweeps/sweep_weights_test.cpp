#include "sweeps/sweep_weights.hpp"

#include <gtest/gtest.h>

#include "tests/support/fake_catalog.hpp"

namespace harrow::sweeps {
namespace {

ExpandedCell cell(const std::string& backbone, const std::string& weights) {
    ExpandedCell made;
    made.config.backbone.name = backbone;
    made.config.backbone.weights = weights;
    return made;
}

std::vector<Problem> problems_of_weights(const std::vector<ExpandedCell>& cells,
                                         std::vector<Problem> problems = {}) {
    FakeCatalog catalog;
    catalog.add_weights("/w/a.safetensors", "a");
    check_weights(Spec(), cells, catalog, problems);
    return problems;
}

TEST(SweepWeightsTest, NoFileGivenSaysWhichToGet) {
    const auto problems = problems_of_weights({cell("wide_resnet50_2", "")});
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].key, "backbone.weights");
    for (const char* part : {"wide_resnet50_2 needs a weights file",
                             "timm/wide_resnet50_2.racm_in1k",
                             "https://huggingface.co/",
                             "set backbone.weights"}) {
        EXPECT_NE(problems[0].message.find(part), std::string::npos) << problems[0].message;
    }
}

TEST(SweepWeightsTest, EachBadFileIsReportedOnce) {
    const auto problems = problems_of_weights({cell("resnet18", "/w/none"),
                                               cell("resnet18", "/w/none"),
                                               cell("resnet18", "/w/a.safetensors"),
                                               cell("resnet50", "/w/none"),
                                               cell("resnet34", "")});
    ASSERT_EQ(problems.size(), 3U);
    EXPECT_NE(problems[0].message.find("'/w/none' does not exist"), std::string::npos);
}

TEST(SweepWeightsTest, BackbonesWithoutWeightsAskNothing) {
    EXPECT_TRUE(
        problems_of_weights({cell("filterbank", ""), cell("filterbank", "/w/none")}).empty());
    FakeCatalog catalog;
    EXPECT_EQ(weights_digest(cell("filterbank", "/w/none").config.backbone, catalog), "");
}

TEST(SweepWeightsTest, ARefusedValueIsNotReportedTwice) {
    const std::vector<Problem> before = {{"s.yaml", 3, "backbone.name", "unknown"}};
    EXPECT_EQ(problems_of_weights({cell("resnet18", "")}, before).size(), 1U);
}

TEST(SweepWeightsTest, PathsAreTakenFromTheSweepFile) {
    const Sweep sweep = parse(std::string(kHead) + "backbone.weights: w/a.safetensors\n");
    EXPECT_EQ(sweep.cells[0].config.backbone.weights, "/specs/w/a.safetensors");
    const Sweep absolute = parse(std::string(kHead) + "backbone: {weights: /w/a.safetensors}\n");
    EXPECT_EQ(absolute.cells[0].config.backbone.weights, "/w/a.safetensors");
}

}  // namespace
}  // namespace harrow::sweeps
