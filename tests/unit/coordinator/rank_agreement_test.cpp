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

TEST(RankAgreementTest, RanksOnCpuAndGpuAreRefusedByName) {
    RankHello gpu = hello("b", "b1", "s1");
    gpu.device_kind = "cuda";
    RankHello cpu = hello("a", "b1", "s1");
    cpu.device_kind = "cpu";
    const std::string text = disagreement({cpu, gpu});
    EXPECT_NE(text.find("rank 1 (b) computes on cuda, rank 0 (a) on cpu"), std::string::npos);
    EXPECT_NE(text.find("--device"), std::string::npos);
}

}  // namespace
}  // namespace harrow::coordinator
