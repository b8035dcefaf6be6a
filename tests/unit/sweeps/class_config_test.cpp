#include "sweeps/class_config.hpp"

#include <gtest/gtest.h>

#include "sweeps/canonical.hpp"
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

std::vector<Problem> problems_with_weights(const std::string& text,
                                           const std::vector<std::string>& overrides = {}) {
    try {
        parse_with_weights(text, overrides);
    } catch (const UsageError& error) {
        return error.problems();
    }
    return {};
}

TEST(ClassConfigTest, AMappingIsReadWithGroupsAndAnchors) {
    const Sweep sweep = parse_with_weights(kAnomalyVfm +
                                           "per_class:\n"
                                           "  bottle, grid: &rich\n"
                                           "    train: {lr: 8e-5}\n"
                                           "    lora_rank: 32\n"
                                           "    synthetic: {noise: 35, texture_side: [40, 120]}\n"
                                           "  cable: *rich\n");
    const TrialConfig& config = sweep.cells[0].config;
    EXPECT_EQ(config.per_class,
              (std::vector<std::string>{"model.lora_rank=32@bottle",
                                        "model.lora_rank=32@cable",
                                        "model.lora_rank=32@grid",
                                        "synthetic.noise=[35,35]@bottle",
                                        "synthetic.noise=[35,35]@cable",
                                        "synthetic.noise=[35,35]@grid",
                                        "synthetic.texture_side=[40,120]@bottle",
                                        "synthetic.texture_side=[40,120]@cable",
                                        "synthetic.texture_side=[40,120]@grid",
                                        "train.lr=8e-05@bottle",
                                        "train.lr=8e-05@cable",
                                        "train.lr=8e-05@grid"}));
    EXPECT_EQ(classes_with_settings(config), (std::vector<std::string>{"bottle", "cable", "grid"}));
    const TrialConfig grid = config_of_class(config, "grid");
    EXPECT_EQ(grid.train.lr, 8e-5);
    EXPECT_EQ(grid.synthetic.noise, (NumberList{35, 35}));
    EXPECT_TRUE(grid.per_class.empty());
    EXPECT_EQ(config_of_class(config, "carpet").model.lora_rank, 16);
    const TrialConfig again = parse_canonical(canonical_text(config));
    EXPECT_EQ(again.per_class, config.per_class);
}

TEST(ClassConfigTest, StandsInSetCasesAndOnTheCommandLine) {
    const Sweep sweep = parse_with_weights(
        kAnomalyVfm +
        "space:\n"
        "  - cases: [{name: main}, {name: own, per_class: {grid: {num_epochs: 3}}}]\n"
        "  - set: {per_class: {grid: {num_epochs: 4}}}\n"
        "    tags: [set]\n"
        "  - grid: {per_class: [none, {grid: {num_epochs: 4}}, {grid: {num_epochs: 5}}]}\n");
    EXPECT_EQ(names_of(sweep),
              (std::vector<std::string>{"main",
                                        "own",
                                        "per_class=train.num_epochs=4@grid",
                                        "per_class=train.num_epochs=5@grid"}));
    const Sweep overridden =
        parse_with_weights(kAnomalyVfm + "per_class: {grid: {num_epochs: 4}}\n",
                           {"per_class=[lr=1e-3@cable, 'synthetic.noise=[3, 4]@grid']"});
    EXPECT_EQ(overridden.cells[0].config.per_class,
              (std::vector<std::string>{"synthetic.noise=[3,4]@grid", "train.lr=0.001@cable"}));
    EXPECT_TRUE(
        parse_with_weights(kAnomalyVfm + "per_class: {grid: {num_epochs: 4}}\n", {"per_class=none"})
            .cells[0]
            .config.per_class.empty());
}

TEST(ClassConfigTest, MistakesAreNamedWithTheirLine) {
    struct Mistake {
        const char* text;
        int line;
        const char* says;
    };
    const Mistake mistakes[] = {
        {"per_class:\n  bottel: {lr: 1e-3}\n",
         7,
         "'bottel' is no class of '/data'; did you mean 'bottle'?"},
        {"per_class:\n  grid: {lr: fast}\n", 7, "'fast' is not allowed; expected a number > 0"},
        {"per_class:\n  grid: {batch_size: 4}\n", 7, "what may be given for one class: train.lr,"},
        {"per_class:\n  grid: {lrr: 4}\n", 7, "unknown key"},
        {"per_class:\n  grid: {lr: 1e-3}\n  cable, grid: {train.lr: 1e-4}\n",
         8,
         "train.lr is given twice for grid, first in line 7"},
        {"per_class:\n  grid: 3\n", 7, "expected a mapping of parameters"},
        {"per_class:\n  'grid,': {lr: 1e-3}\n", 7, "names a class without a letter"},
        {"per_class: [lr@grid]\n", 6, "is no value for a class"},
        {"per_class: [lr=1@grid, train.lr=2@grid]\n", 6, "train.lr is given twice for grid"},
        {"per_class: {grid: {synthetic.texture_side: [600, 700]}}\n",
         6,
         "of grid: reaches 699 pixels"},
    };
    for (const Mistake& mistake : mistakes) {
        const std::vector<Problem> problems = problems_with_weights(kAnomalyVfm + mistake.text);
        ASSERT_EQ(problems.size(), 1U)
            << mistake.text << (problems.empty() ? "" : problems.back().message);
        EXPECT_NE(problems[0].message.find(mistake.says), std::string::npos) << problems[0].message;
        EXPECT_EQ(problems[0].line, mistake.line) << mistake.text;
    }
}

TEST(ClassConfigTest, ClassesOfATaskAgree) {
    const std::string pairs =
        kAnomalyVfm + "data.classes: [bottle, cable]\nsequence.scenario: 2-1\n";
    const std::vector<Problem> problems =
        problems_with_weights(pairs + "per_class: {cable: {num_epochs: 3}}\n");
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].key, "per_class");
    EXPECT_NE(problems[0].message.find("train.num_epochs is 10 for bottle and 3 for cable"),
              std::string::npos)
        << problems[0].message;
    EXPECT_TRUE(
        problems_with_weights(pairs + "per_class: {'bottle, cable': {num_epochs: 3}}\n").empty());
}

TEST(ClassConfigTest, WhatChangesNoTrainingIsLeftOut) {
    const Sweep plain = parse_with_weights(kAnomalyVfm + "data.classes: [bottle, cable]\n");
    const Sweep same = parse_with_weights(kAnomalyVfm +
                                          "data.classes: [bottle, cable]\n"
                                          "per_class:\n"
                                          "  bottle: {lr: 1e-4, train.weight_decay: 0.5}\n"
                                          "  grid: {lr: 3e-4}\n");
    EXPECT_EQ(same.cells[0].id, plain.cells[0].id);
    EXPECT_TRUE(same.cells[0].config.per_class.empty());
    const Sweep grid =
        parse_with_weights(kAnomalyVfm +
                           "per_class: {cable: {lr: 3e-4, synthetic: {texture: 0, noise: 40}}}\n"
                           "space:\n  - grid: {train.lr: [1e-4, 3e-4]}\n");
    EXPECT_EQ(names_of(grid), (std::vector<std::string>{"base", "lr=3e-04"}));
    EXPECT_EQ(grid.cells[0].config.per_class,
              (std::vector<std::string>{"synthetic.texture=0@cable", "train.lr=3e-04@cable"}));
    EXPECT_EQ(grid.cells[1].config.per_class,
              std::vector<std::string>{"synthetic.texture=0@cable"});
    EXPECT_EQ(problems_with_weights(kAnomalyVfm + "per_class: {bottel: {lr: 1e-4}}\n").size(), 1U)
        << "of a class that is none";
}

TEST(ClassConfigTest, ABaselineHasNone) {
    TrialConfig config;
    config.method = "anomalyvfm";
    config.per_class = {"train.lr=0.5@grid"};
    EXPECT_TRUE(is_active(*find_parameter("per_class"), config));
    config.model.use_lora = false;
    EXPECT_FALSE(is_active(*find_parameter("per_class"), config));
}

}  // namespace
}  // namespace harrow::sweeps
