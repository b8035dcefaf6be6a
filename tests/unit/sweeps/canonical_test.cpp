#include "sweeps/canonical.hpp"

#include <gtest/gtest.h>

#include "sweeps/error.hpp"
#include "sweeps/random.hpp"
#include "tests/unit/sweeps/off_default.hpp"

namespace harrow::sweeps {
namespace {

TEST(CanonicalTest, DefaultsLeaveOnlyRevisions) {
    EXPECT_EQ(canonical_text(TrialConfig{}),
              "harrow-config 1\nfeatures.revision=1\ntraining.revision=1\nscoring.revision=1\n");
    EXPECT_EQ(canonical_text(TrialConfig{}, {Stage::Features}),
              "harrow-config 1\nfeatures.revision=1\n");
}

TEST(CanonicalTest, HoldsWhatDiffersSortedByName) {
    TrialConfig config;
    config.train.tail_weight = 0.55;
    config.score.top_k = 5;
    config.data.image_size = 64;
    config.data.root = "/somewhere";
    config.model.dia_n_blocks = 0;
    config.model.dia_hidden_ratio = 0.25;  // without effect
    EXPECT_EQ(canonical_text(config),
              "harrow-config 1\nfeatures.revision=1\ntraining.revision=1\nscoring.revision=1\n"
              "data.image_size=64\nmodel.dia_n_blocks=0\nscore.top_k=5\ntrain.tail_weight=0.55\n");
    EXPECT_EQ(canonical_text(config, {Stage::Training, Stage::Features}),
              "harrow-config 1\nfeatures.revision=1\ntraining.revision=1\n"
              "data.image_size=64\nmodel.dia_n_blocks=0\ntrain.tail_weight=0.55\n");
}

TEST(CanonicalTest, MethodsShareTheirFeatures) {
    TrialConfig config;
    config.method = "finetune";
    EXPECT_EQ(canonical_text(config, {Stage::Features}),
              canonical_text(TrialConfig{}, {Stage::Features}));
    EXPECT_NE(canonical_text(config, {Stage::Training}),
              canonical_text(TrialConfig{}, {Stage::Training}));
}

TEST(CanonicalTest, EverythingOffItsDefaultReturns) {
    TrialConfig config;
    for (const Parameter& parameter : parameters()) {
        if (parameter.type() != Type::Bool && parameter.name != "method") {
            ASSERT_EQ(set_value(parameter, config, off_default(parameter)), std::nullopt);
        }
    }
    const TrialConfig again = parse_canonical(canonical_text(config));
    for (const Parameter& parameter : parameters()) {
        if (is_active(parameter, config) && !parameter.locator) {
            EXPECT_EQ(value_text(parameter, again), value_text(parameter, config));
        } else {
            EXPECT_EQ(value_text(parameter, again), default_text(parameter));
        }
    }
}

TEST(CanonicalTest, IsTheInverseOfParsingForEveryStageSet) {
    RandomStream random(11);
    for (int i = 0; i < 300; ++i) {
        TrialConfig config;
        for (const Parameter& parameter : parameters()) {
            if (random.below(2) == 0) {
                ASSERT_EQ(set_value(parameter, config, off_default(parameter)), std::nullopt);
            }
        }
        for (const std::string& text :
             {canonical_text(config),
              canonical_text(config, {Stage::Features}),
              canonical_text(config, {Stage::Training}),
              canonical_text(config, {Stage::Scoring}),
              canonical_text(config, {Stage::Features, Stage::Training})}) {
            const TrialConfig again = parse_canonical(text);
            if (text == canonical_text(config)) {
                EXPECT_EQ(canonical_text(again), text);
            }
        }
    }
}

TEST(CanonicalTest, ParsingIsStrict) {
    const std::string head =
        "harrow-config 1\nfeatures.revision=1\ntraining.revision=1\nscoring.revision=1\n";
    const std::string good = head + "score.top_k=5\ntrain.lr=0.001\n";
    ASSERT_NO_THROW(parse_canonical(good));
    const std::pair<const char*, std::string> cases[] = {
        {"empty", ""},
        {"other version", "harrow-config 2\n"},
        {"no last newline", good.substr(0, good.size() - 1)},
        {"unsorted", head + "train.lr=0.001\nscore.top_k=5\n"},
        {"twice", head + "score.top_k=5\nscore.top_k=5\n"},
        {"a default", head + "score.top_k=3\n"},
        {"another spelling", head + "train.lr=1e-3\n"},
        {"an alias", head + "lr=0.001\n"},
        {"unknown", head + "train.momentum=0.9\n"},
        {"a locator", head + "data.root=/x\n"},
        {"inactive", head + "score.percentile=0.5\n"},
        {"of a stage not named", "harrow-config 1\nfeatures.revision=1\nscore.top_k=5\n"},
        {"another revision", "harrow-config 1\nfeatures.revision=2\n"},
        {"out of range", head + "score.top_k=0\n"},
        {"no equals sign", head + "score.top_k\n"},
        {"an empty line", head + "\n"},
    };
    for (const auto& [name, text] : cases) {
        EXPECT_THROW(parse_canonical(text), UsageError) << name;
    }
}

TEST(CanonicalTest, ErrorsNameTheLine) {
    try {
        parse_canonical("harrow-config 1\nfeatures.revision=2\n");
        FAIL();
    } catch (const UsageError& error) {
        EXPECT_EQ(error.problems()[0].line, 2);
    }
}

}  // namespace
}  // namespace harrow::sweeps
