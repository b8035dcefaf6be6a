// What sweeps of AnomalyVFM extract.
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "sweeps/work_plan.hpp"
#include "tests/support/fake_catalog.hpp"

namespace harrow::sweeps {
namespace {

constexpr const char* kAnomalyHead =
    "name: a\nmethod: anomalyvfm\ndata: {root: /data, classes: [bottle, cable]}\n"
    "backbone: {weights: /w}\nseeds: [0, 1, 2]\n";

WorkPlan plan_of(const std::string& space) {
    FakeCatalog catalog;
    catalog.add_weights("/w", "w");
    for (ClassFacts& facts : catalog.facts("/data").classes) {
        facts.validation = {6, hash_text("validation " + facts.name)};
    }
    const Sweep sweep = parse_sweep(kAnomalyHead + space, "s.yaml", "/specs", {}, catalog);
    return make_work_plan(sweep, catalog);
}

/// Extractions by label.
std::map<std::string, int> labels_of(const WorkPlan& plan) {
    std::map<std::string, int> labels;
    for (const PlannedExtraction& extraction : plan.extractions) {
        ++labels[label_of(extraction)];
    }
    return labels;
}

using Labels = std::map<std::string, int>;

TEST(AnomalyPlanTest, AnomaliesAreMadeForEverySeedAndImagesAreSeenOnce) {
    const WorkPlan plan = plan_of("");
    EXPECT_EQ(labels_of(plan),
              (Labels{{"bottle/train", 1},
                      {"bottle/test", 1},
                      {"bottle/anomalies seed 0", 1},
                      {"bottle/anomalies seed 1", 1},
                      {"bottle/anomalies seed 2", 1},
                      {"cable/train", 1},
                      {"cable/test", 1},
                      {"cable/anomalies seed 0", 1},
                      {"cable/anomalies seed 1", 1},
                      {"cable/anomalies seed 2", 1}}));
    ASSERT_EQ(plan.trainings.size(), 3U);
    const PlannedTraining& training = plan.trainings[1];
    ASSERT_EQ(training.feature_keys.size(), 6U);
    EXPECT_EQ(training.feature_keys[0], plan.trainings[0].feature_keys[0]);
    EXPECT_NE(training.feature_keys[2], plan.trainings[0].feature_keys[2]);
    EXPECT_EQ(training.epoch_rows, 2 * 2 * 90) << "anomalies and as many normal images";
    for (const PlannedExtraction& extraction : plan.extractions) {
        EXPECT_EQ(extraction.depends_on_seed, extraction.split == "anomalies");
        if (extraction.feature_key == training.feature_keys[2]) {
            EXPECT_EQ(extraction.images, 90);
            EXPECT_EQ(extraction.seed, 1U);
        }
    }
}

TEST(AnomalyPlanTest, AFixedSeedMakesThemOnceForAllSeeds) {
    const WorkPlan plan = plan_of("synthetic: {seed: 7}\n");
    EXPECT_EQ(labels_of(plan),
              (Labels{{"bottle/train", 1},
                      {"bottle/test", 1},
                      {"bottle/anomalies", 1},
                      {"cable/train", 1},
                      {"cable/test", 1},
                      {"cable/anomalies", 1}}));
    ASSERT_EQ(plan.trainings.size(), 3U);
    EXPECT_EQ(plan.trainings[0].feature_keys, plan.trainings[2].feature_keys);
    EXPECT_NE(plan.trainings[0].training_key, plan.trainings[2].training_key);
    EXPECT_EQ(plan.extractions[2].seed, 7U);
}

TEST(AnomalyPlanTest, VersionsSeeTheImagesAlikeButForThoseOfSeveralScales) {
    const WorkPlan plan = plan_of(R"(space:
  - cases:
      - {name: baseline, model.use_lora: false}
      - {name: v1.1, model.version: "1.1"}
      - {name: v1.2, model.version: "1.2"}
      - {name: v1.3, model.version: "1.3"}
      - {name: v1.4, model.version: "1.4"}
)");
    Labels labels = labels_of(plan);
    EXPECT_EQ(labels["bottle/train"], 2) << "as it is, and at the scales of 1.3";
    EXPECT_EQ(labels["bottle/test"], 2);
    EXPECT_EQ(labels["bottle/anomalies seed 0"], 4) << "the baseline learns nothing";
    for (const PlannedTraining& training : plan.trainings) {
        EXPECT_EQ(training.feature_keys.size(), training.cell == 0 ? 4U : 6U);
        EXPECT_EQ(training.epoch_rows > 0, training.cell != 0);
    }
}

TEST(AnomalyPlanTest, WhatHoldsForOneClassChangesThatClassAlone) {
    const auto keys_of = [](const WorkPlan& plan) {
        std::map<std::string, Digest> keys;
        for (const PlannedExtraction& extraction : plan.extractions) {
            keys[label_of(extraction)] = extraction.feature_key;
        }
        return keys;
    };
    const auto plain = keys_of(plan_of(""));
    const auto special = keys_of(plan_of("per_class: {cable: {synthetic.texture: 40}}\n"));
    ASSERT_EQ(special.size(), plain.size());
    for (const auto& [label, key] : special) {
        EXPECT_EQ(key != plain.at(label), label.substr(0, 15) == "cable/anomalies") << label;
    }
    const auto rates = keys_of(plan_of("per_class: {cable: {train.lr: 1e-3}}\n"));
    EXPECT_EQ(rates, plain) << "how it is trained changes no image";
}

TEST(AnomalyPlanTest, MapsAndTheOwnValidationSplitAreViewsOfTheirOwn) {
    const WorkPlan plan = plan_of(
        "model: {maps: patches}\nvalidation: {use_split: true}\n"
        "train: {confidence_weight: 0.5}\n");
    std::set<std::string> views;
    for (const PlannedExtraction& extraction : plan.extractions) {
        views.insert(extraction.view);
        if (extraction.split == "validation") {
            EXPECT_EQ(extraction.images, 6);
        }
    }
    EXPECT_EQ(views,
              (std::set<std::string>{"anomalies",
                                     "anomalies.patches",
                                     "test",
                                     "test.maps",
                                     "train",
                                     "train.maps",
                                     "validation",
                                     "validation.maps"}));
    EXPECT_EQ(plan.extractions.size(), 2U * (6 + 3 * 2));
}

TEST(AnomalyPlanTest, TheOwnValidationSplitNamesACellOnlyWhereItIsUsed) {
    const auto id_of = [](const std::string& validation, const std::string& content) {
        FakeCatalog catalog;
        for (ClassFacts& facts : catalog.facts("/data").classes) {
            facts.validation = {6, hash_text(content)};
        }
        return parse_sweep(kHead + validation, "s.yaml", "/specs", {}, catalog).cells.at(0).id;
    };
    const std::string uses = "validation: {use_split: true}\n";
    EXPECT_EQ(id_of("", "a"), id_of("", "b"));
    EXPECT_NE(id_of(uses, "a"), id_of(uses, "b"));
    EXPECT_NE(id_of(uses, "a"), id_of("", "a"));
}

TEST(AnomalyPlanTest, AClassWithoutTheSplitIsNamed) {
    FakeCatalog catalog;
    const std::string text = std::string(kHead) + "validation: {use_split: true}\n";
    try {
        parse_sweep(text, "s.yaml", "/specs", {}, catalog);
        FAIL() << "planned a split that is not there";
    } catch (const UsageError& error) {
        ASSERT_EQ(error.problems().size(), 1U);
        EXPECT_EQ(error.problems()[0].key, "validation.use_split");
        EXPECT_NE(error.problems()[0].message.find("bottle"), std::string::npos);
    }
}

}  // namespace
}  // namespace harrow::sweeps
