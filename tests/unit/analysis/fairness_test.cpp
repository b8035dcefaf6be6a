#include "analysis/comparison/fairness.hpp"

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/comparison/comparison.hpp"

namespace harrow::analysis {
namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::vector<std::string> names(const std::vector<SettingDifference>& differences) {
    std::vector<std::string> result;
    for (const SettingDifference& difference : differences) {
        result.push_back(difference.name);
    }
    return result;
}

// Specification A21-24: the first ablation table compares group 1 with MAIN of group 2.
TEST(FairnessTest, TheSeedsFirstAblationTableIsUnfair) {
    const std::map<std::string, std::string> group1 = {{"train.lr", "0.0002"},
                                                       {"train.lambda_logdet", "1e-05"},
                                                       {"model.scale_context_kernel", "3"}};
    const std::map<std::string, std::string> group2 = {{"train.lr", "0.0003"},
                                                       {"train.lambda_logdet", "0.0001"},
                                                       {"model.scale_context_kernel", "5"}};
    const auto published = [](const std::string& name, const auto& settings, double auroc) {
        CellInfo info{"id-" + name, name, {name}, {}, {}};
        info.is_import = true;
        info.settings = settings;
        info.published["mean"]["image_auroc"] = {auroc, std::nullopt};
        CellSummary summary;
        summary.info = info;
        return summary;
    };
    Summary summary;
    summary.cells = {published("MAIN", group2, 98.29),
                     published("wo_DIA", group1, 94.79),
                     published("TailW0.8", group2, 98.36)};
    const std::vector<std::string> expected = {
        "model.scale_context_kernel", "train.lambda_logdet", "train.lr"};
    for (const std::vector<std::string>& same :
         {std::vector<std::string>{},
          {"train.lr", "train.lambda_logdet", "scale_context_kernel"}}) {
        ComparisonOptions options;
        options.baseline = "MAIN";
        options.same = same;
        const auto comparisons = compare_cells(summary, options);
        ASSERT_EQ(comparisons.size(), 2U);
        EXPECT_EQ(names(comparisons[0].unfair), expected);
        EXPECT_TRUE(contains(comparisons[0].note, "train.lr 0.0002 / 0.0003"))
            << comparisons[0].note;
        EXPECT_NEAR(comparisons[0].delta, -3.50, 1e-9);
        EXPECT_TRUE(comparisons[1].is_fair()) << comparisons[1].note;
    }
}

TEST(FairnessTest, WhatIsStudiedMayDiffer) {
    const auto info = [](std::map<std::string, std::string> settings) {
        CellInfo result{"x", "x", {}, {}, {}};
        result.settings = std::move(settings);
        return result;
    };
    const CellInfo base =
        info({{"train.lr", "1"}, {"train.num_epochs", "60"}, {"backbone.name", "a"}});
    const auto unfair = [&](const CellInfo& other, const std::vector<std::string>& same = {}) {
        return names(unfair_differences(other, base, same));
    };
    using Names = std::vector<std::string>;
    CellInfo other = base;
    other.settings["train.lr"] = "2";
    EXPECT_EQ(unfair(other), Names{});
    EXPECT_EQ(unfair(other, {"lr"}), Names{"train.lr"});
    other.settings["train.num_epochs"] = "30";  // a budget beside what is studied
    EXPECT_EQ(unfair(other), Names{"train.num_epochs"});
    CellInfo untrained = other;  // has no budget
    untrained.settings.erase("train.num_epochs");
    EXPECT_EQ(unfair(untrained), Names{});
    other.settings["train.lr"] = "1";  // the budget is what is studied
    EXPECT_EQ(unfair(other), Names{});
    CellInfo weights = base;
    CellInfo with_digest = base;
    weights.weights_digest = "1";
    with_digest.weights_digest = "2";
    EXPECT_TRUE(unfair_differences(weights, with_digest, {}).empty());
    weights.settings["train.lr"] = "2";
    EXPECT_EQ(names(unfair_differences(weights, with_digest, {})), Names{"weights"});
    weights.settings["backbone.name"] = "b";
    EXPECT_TRUE(unfair_differences(weights, with_digest, {}).empty());
    CellInfo data = base;
    data.data_digest = "1";
    CellInfo other_data = base;
    EXPECT_EQ(names(unfair_differences(data, other_data, {})), Names{"data"}) << "not known";
    other_data.data_digest = "2";
    EXPECT_EQ(names(unfair_differences(data, other_data, {})), Names{"data"});
}

TEST(FairnessTest, BudgetsOfSingleClassesAreSeen) {
    CellInfo a{"a", "a", {}, {}, {}}, b = a;
    EXPECT_FALSE(have_other_class_budgets(a, b));
    a.settings["per_class"] = "[model.lora_rank=2@vial,synthetic.noise=\\[35\\,35\\]@vial]";
    EXPECT_FALSE(have_other_class_budgets(a, b)) << "a rank is no budget";
    a.settings["per_class"] = "[model.lora_rank=2@vial,train.num_epochs=6@fabric]";
    b.settings["per_class"] = "train.num_epochs=6@fabric";
    EXPECT_FALSE(have_other_class_budgets(a, b));
    b.settings["per_class"] = "none";
    EXPECT_TRUE(have_other_class_budgets(a, b));
}

TEST(FairnessTest, LongListsOfDifferencesAreCut) {
    std::vector<SettingDifference> differences;
    for (char name = 'a'; name < 'k'; ++name) {
        differences.push_back({std::string(1, name), "", "1"});
    }
    differences.push_back({"rank", "2", std::string(60, 'x')});
    const std::string text = short_difference_text(differences);
    EXPECT_EQ(text.rfind("rank 2 / " + std::string(48, 'x') + "…, a – / 1, b – / 1", 0), 0U)
        << text;
    EXPECT_EQ(text.substr(text.size() - 11), " and 3 more") << text;
}

}  // namespace
}  // namespace harrow::analysis
