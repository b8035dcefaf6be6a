#include "coordinator/rank_agreement.hpp"

#include <gtest/gtest.h>

namespace harrow::coordinator {
namespace {

RankHello hello(const std::string& host, const std::string& build, const std::string& sweep) {
    RankHello result;
    result.host = host;
    result.build_id = build;
    result.sweep_digest = sweep;
    result.slots = {host + "/0"};
    return result;
}

TEST(RankAgreementTest, EqualRanksAgree) {
    EXPECT_EQ(disagreement({hello("a", "b1", "s1"), hello("b", "b1", "s1")}), "");
}

TEST(RankAgreementTest, AnotherBuildIsNamedWithBothIds) {
    const std::string text = disagreement({hello("a", "b1", "s1"), hello("b", "b2", "s1")});
    EXPECT_NE(text.find("rank 1 (b)"), std::string::npos);
    EXPECT_NE(text.find("b1"), std::string::npos);
    EXPECT_NE(text.find("b2"), std::string::npos);
}

TEST(RankAgreementTest, AnotherSweepAndEqualSlotNamesAreRefused) {
    EXPECT_NE(disagreement({hello("a", "b1", "s1"), hello("b", "b1", "s2")}), "");
    EXPECT_NE(disagreement({hello("a", "b1", "s1"), hello("a", "b1", "s1")}), "");
}

}  // namespace
}  // namespace harrow::coordinator
