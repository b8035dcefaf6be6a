#include "sweeps/validation.hpp"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "sweeps/canonical.hpp"
#include "sweeps/error.hpp"
#include "sweeps/metric_names.hpp"
#include "sweeps/parameters.hpp"
#include "tests/support/fake_catalog.hpp"

namespace harrow::sweeps {
namespace {

std::vector<std::string> names(int count) {
    std::vector<std::string> all;
    for (int i = 0; i < count; ++i) {
        all.push_back("good/" + std::to_string(i) + ".png");
    }
    return all;
}

TEST(ValidationTest, TheShareIsRoundedAndNeverEmpty) {
    EXPECT_EQ(held_out_count(200, 0), 0);
    EXPECT_EQ(held_out_count(209, 0.1), 21);
    EXPECT_EQ(held_out_count(3, 0.1), 1);
    EXPECT_EQ(held_out(names(209), 0.1).size(), 21U);
    EXPECT_TRUE(held_out(names(209), 0).empty());
}

TEST(ValidationTest, WhoIsHeldOutFollowsFromNamesAlone) {
    const std::vector<std::string> all = names(100);
    std::vector<std::string> reversed(all.rbegin(), all.rend());
    std::set<std::string> one, other;
    for (const std::int64_t index : held_out(all, 0.2)) {
        one.insert(all[static_cast<std::size_t>(index)]);
    }
    for (const std::int64_t index : held_out(reversed, 0.2)) {
        other.insert(reversed[static_cast<std::size_t>(index)]);
    }
    EXPECT_EQ(one, other);
    EXPECT_EQ(one.size(), 20U);
}

TEST(ValidationTest, ALargerShareHoldsASmallerOne) {
    const auto small = held_out(names(100), 0.1), large = held_out(names(100), 0.3);
    EXPECT_TRUE(std::is_sorted(small.begin(), small.end()));
    EXPECT_TRUE(std::includes(large.begin(), large.end(), small.begin(), small.end()));
}

TEST(ValidationTest, PastedAnomaliesAreKeyedByImagesShareAndKind) {
    const Digest digest = synthetic_digest("images", {0.1, "cutpaste"});
    EXPECT_EQ(synthetic_digest("images", {0.1, "cutpaste"}), digest);
    EXPECT_NE(synthetic_digest("others", {0.1, "cutpaste"}), digest);
    EXPECT_NE(synthetic_digest("images", {0.2, "cutpaste"}), digest);
}

TEST(ValidationTest, TurnedOffItLeavesNoTraceInAKey) {
    TrialConfig config;
    EXPECT_EQ(canonical_text(config).find("validation"), std::string::npos);
    config.validation.holdout = 0.1;
    EXPECT_NE(canonical_text(config, {Stage::Training}).find("validation.holdout=0.1\n"),
              std::string::npos);
    EXPECT_EQ(canonical_text(config, {Stage::Features}), canonical_text({}, {Stage::Features}));
}

TEST(ValidationTest, AnomaliesWithoutImagesToPasteThemIntoAreRefused) {
    TrialConfig config;
    config.validation.synthetic = "cutpaste";
    EXPECT_FALSE(has_synthetic(config.validation));
    ASSERT_EQ(inconsistencies(config).size(), 1U);
    EXPECT_EQ(inconsistencies(config)[0].first->name, "validation.synthetic");
    config.validation.holdout = 0.1;
    EXPECT_TRUE(inconsistencies(config).empty());
}

TEST(ValidationTest, AnObjectiveThatNoCellCouldHaveIsRefused) {
    const std::string head = std::string(kHead) + "objective: {metric: val_synth.pixel_ap}\n";
    try {
        parse(head + "validation: {holdout: 0.1}\n");
        FAIL() << "without pasted anomalies it has no value";
    } catch (const UsageError& error) {
        EXPECT_NE(std::string(error.what()).find("validation.synthetic"), std::string::npos)
            << error.what();
    }
    EXPECT_EQ(parse(head + "validation: {holdout: 0.1, synthetic: cutpaste}\n").objective.metric,
              "val_synth.pixel_ap");
}

TEST(ValidationTest, AnObjectiveNeedsWhatItsMetricIsMeasuredOn) {
    const std::vector<std::pair<std::string, std::string>> cures = {
        {"segf1_local", "validation.use_split"},
        {"classf1_local.acc", "validation.use_split"},
        {"aucpro_compat", "score.aucpro_compat"}};
    for (const auto& [metric, cure] : cures) {
        try {
            parse(std::string(kHead) + "objective: {metric: " + metric + "}\n");
            FAIL() << metric;
        } catch (const UsageError& error) {
            EXPECT_NE(std::string(error.what()).find(cure), std::string::npos) << error.what();
        }
    }
    EXPECT_TRUE(needs_maps("pixel_ap.fm"));
    EXPECT_TRUE(needs_maps("aupro"));
    EXPECT_FALSE(needs_maps("classf1_local"));
    EXPECT_FALSE(needs_maps("image_auroc"));
}

TEST(ValidationTest, ItsMetricsComeAfterAllOthers) {
    const std::vector<std::string>& all = metric_names();
    const std::vector<std::string>& own = validation_metric_names();
    ASSERT_GT(all.size(), own.size());
    EXPECT_TRUE(std::equal(own.rbegin(), own.rend(), all.rbegin()));
    EXPECT_TRUE(is_metric("val_synth.image_auroc"));
    EXPECT_TRUE(is_metric("val_synth.aupro"));
    EXPECT_TRUE(is_higher_better("val_synth.image_auroc"));
    EXPECT_FALSE(is_higher_better("val_normal.p95_score"));
}

}  // namespace
}  // namespace harrow::sweeps
