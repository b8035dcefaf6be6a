#include "storage/imports/unit_check.hpp"

#include <gtest/gtest.h>

namespace harrow::storage {
namespace {

/// Values of one metric, each of a run of its own; their lines count from 1.
std::vector<MixedUnits> mixed(const std::string& metric, const std::vector<double>& values) {
    UnitCheck check;
    for (std::size_t i = 0; i < values.size(); ++i) {
        check.add(metric, {i, 0, false}, values[i], {0, static_cast<std::int64_t>(i + 1)});
    }
    return check.mixed();
}

TEST(UnitCheckTest, FractionsAndPercentagesDoNotMix) {
    for (const char* metric : {"image_auroc",
                               "pixel_ap",
                               "I-AUROC",
                               "Pixel AP (%)",
                               "routing_acc",
                               "aupro",
                               "image_f1max",
                               "pixel_ap.acc"}) {
        const auto found = mixed(metric, {98.1, 97.2, 0.98});
        ASSERT_EQ(found.size(), 1U) << metric;
        EXPECT_EQ(found[0].fraction_place.line, 3) << metric;
        EXPECT_EQ(found[0].percentage_place.line, 1) << metric;
    }
}

TEST(UnitCheckTest, OneUnitIsFine) {
    EXPECT_TRUE(mixed("image_auroc", {0.98, 1.0, 0.5, 0}).empty());
    EXPECT_TRUE(mixed("image_auroc", {98, 100, 53.2, 0}).empty());
    EXPECT_TRUE(mixed("routing_acc", {100, 100, 0}).empty());
}

TEST(UnitCheckTest, ValuesThatNoAurocHasAreTold) {
    for (const double value : {1.2, -3.0, 1.5, 100.5}) {
        UnitCheck check;
        check.add("image_auroc", {0, 0, false}, 0.5, {0, 1});
        check.add("image_auroc", {1, 0, false}, value, {0, 2});
        check.add("loss", {1, 0, false}, value, {0, 2});
        check.add("image_auroc_gain", {1, 0, false}, value, {0, 2});
        ASSERT_EQ(check.impossible().size(), 1U) << value;
        EXPECT_EQ(check.impossible()[0].metric, "image_auroc");
        EXPECT_EQ(check.impossible()[0].place.line, 2);
    }
    UnitCheck sound;
    for (const double value : {0.0, 1.0, 1.6, 100.0}) {
        sound.add("auroc", {0, 0, false}, value, {0, 1});
    }
    EXPECT_TRUE(sound.impossible().empty());
}

TEST(UnitCheckTest, DifferencesAndOtherMetricsAreNotJudged) {
    for (const char* metric : {"pixel_ap.fm",
                               "image_auroc.bwt",
                               "FM",
                               "delta_auroc",
                               "loss",
                               "train_time",
                               "routing gap",
                               "params"}) {
        EXPECT_TRUE(mixed(metric, {0.9, 12.5, -0.3}).empty()) << metric;
    }
}

TEST(UnitCheckTest, AClassMayHaveALowApInPercent) {
    UnitCheck ap, auroc;
    for (UnitCheck* check : {&ap, &auroc}) {
        const std::string metric = check == &ap ? "pixel_ap" : "pixel_auroc";
        check->add(metric, {0, 0, false}, 0.9, {0, 1});  // classes of one run
        check->add(metric, {0, 0, false}, 54.2, {0, 2});
        check->add(metric, {1, 0, false}, 53.1, {0, 3});
    }
    EXPECT_TRUE(ap.mixed().empty());
    ASSERT_EQ(auroc.mixed().size(), 1U);
    EXPECT_TRUE(auroc.mixed()[0].is_strict);
}

}  // namespace
}  // namespace harrow::storage
