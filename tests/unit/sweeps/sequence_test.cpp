#include "sweeps/sequence.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace harrow::sweeps {
namespace {

using Names = std::vector<std::string>;

const Names kMvtec = {"bottle",
                      "cable",
                      "capsule",
                      "carpet",
                      "grid",
                      "hazelnut",
                      "leather",
                      "metal_nut",
                      "pill",
                      "screw",
                      "tile",
                      "toothbrush",
                      "transistor",
                      "wood",
                      "zipper"};

std::vector<std::size_t> sizes(const std::string& scenario) {
    std::vector<std::size_t> found;
    for (const Names& task : make_tasks(kMvtec, *parse_scenario(scenario))) {
        found.push_back(task.size());
    }
    return found;
}

TEST(SequenceTest, GroupsClassesAsTheReferenceDoes) {
    EXPECT_EQ(sizes("1-1"), std::vector<std::size_t>(15, 1));
    EXPECT_EQ(sizes("3-3"), std::vector<std::size_t>(5, 3));
    EXPECT_EQ(sizes("5-5"), (std::vector<std::size_t>{5, 5, 5}));
    EXPECT_EQ(sizes("14-1"), (std::vector<std::size_t>{14, 1}));
    EXPECT_EQ(sizes("10-5"), (std::vector<std::size_t>{10, 5}));
    EXPECT_EQ(sizes("10-1"), (std::vector<std::size_t>{10, 1, 1, 1, 1, 1}));
    EXPECT_EQ(sizes("4-4"), (std::vector<std::size_t>{4, 4, 4, 3}));
    EXPECT_EQ(make_tasks({"a", "b", "c"}, {2, 1}), (std::vector<Names>{{"a", "b"}, {"c"}}));
}

TEST(SequenceTest, RefusesOtherScenarios) {
    for (const char* text : {"",
                             "1",
                             "1-",
                             "-1",
                             "1-x",
                             "0-1",
                             "1-0",
                             "1-1-1",
                             "1 - 1",
                             "01-1",
                             "1--1",
                             "+1-1",
                             "99999999999-1"}) {
        EXPECT_FALSE(parse_scenario(text).has_value()) << text;
    }
}

Names ordered(const Names& classes, const SequenceConfig& sequence, std::size_t num_problems = 0) {
    Names problems;
    Names found = order_classes(classes, sequence, problems);
    EXPECT_EQ(problems.size(), num_problems) << (problems.empty() ? "" : problems.front());
    return found;
}

TEST(SequenceTest, RulesOrderMvtecAsPublished) {
    EXPECT_EQ(ordered(kMvtec, {"1-1", {"alphabetical"}, 0}), kMvtec);
    const Names texture = ordered(kMvtec, {"1-1", {"texture_first"}, 0});
    EXPECT_EQ(Names(texture.begin(), texture.begin() + 6),
              (Names{"carpet", "grid", "leather", "tile", "wood", "bottle"}));
    EXPECT_EQ(ordered(kMvtec, {"1-1", {"hard_first"}, 0}).front(), "screw");
    EXPECT_EQ(ordered(kMvtec, {"1-1", {"easy_first"}, 0}).back(), "screw");
    for (const char* rule : {"texture_first", "hard_first", "easy_first", "random"}) {
        Names all = ordered(kMvtec, {"1-1", {rule}, 0});
        std::sort(all.begin(), all.end());
        EXPECT_EQ(all, kMvtec) << rule;
    }
}

TEST(SequenceTest, RulesOrderASubset) {
    EXPECT_EQ(ordered({"bottle", "carpet", "screw"}, {"1-1", {"hard_first"}, 0}),
              (Names{"screw", "carpet", "bottle"}));
    ordered({"bottle", "weave"}, {"1-1", {"easy_first"}, 0}, 1);
}

TEST(SequenceTest, RandomOrderDependsOnItsSeedOnly) {
    const Names a = ordered(kMvtec, {"1-1", {"random"}, 1});
    EXPECT_EQ(a, ordered(kMvtec, {"5-5", {"random"}, 1}));
    EXPECT_NE(a, ordered(kMvtec, {"1-1", {"random"}, 2}));
    EXPECT_NE(a, kMvtec);
}

TEST(SequenceTest, ListMustHoldEveryClassOnce) {
    EXPECT_EQ(ordered({"a", "b", "c"}, {"1-1", {"c", "a", "b"}, 0}), (Names{"c", "a", "b"}));
    EXPECT_EQ(ordered({"a"}, {"1-1", {"a"}, 0}), (Names{"a"}));
    ordered({"a", "b", "c"}, {"1-1", {"c", "a"}, 0}, 1);
    ordered({"a", "b"}, {"1-1", {"b", "a", "x"}, 0}, 1);
    ordered({"a", "b"}, {"1-1", {"b", "b"}, 0}, 2);
}

TEST(SequenceTest, MistypedRuleIsNamedWithTheNearest) {
    Names problems;
    order_classes({"a", "b"}, {"1-1", {"alfabetical"}, 0}, problems);
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_NE(problems[0].find("did you mean alphabetical"), std::string::npos) << problems[0];
}

}  // namespace
}  // namespace harrow::sweeps
