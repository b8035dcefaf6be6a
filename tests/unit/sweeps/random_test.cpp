#include "sweeps/random.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <gtest/gtest.h>

namespace harrow::sweeps {
namespace {

// First outputs of the published splitmix64.c for the state 1234567.
TEST(RandomTest, FollowsSplitmix64) {
    RandomStream random(1234567);
    EXPECT_EQ(random.next(), 6457827717110365317ULL);
    EXPECT_EQ(random.next(), 3203168211198807973ULL);
    EXPECT_EQ(random.next(), 9817491932198370423ULL);
}

// A changed value here changes every result anyone has.
TEST(RandomTest, StreamSeedsNeverChange) {
    EXPECT_EQ(stream_seed(0, "init"), 5686656531602961625ULL);
    EXPECT_EQ(stream_seed(42, "shuffle/3"), 7537745430544931488ULL);
}

TEST(RandomTest, StreamsDifferByNameAndSeed) {
    std::set<std::uint64_t> seeds;
    for (std::uint64_t trial = 0; trial < 50; ++trial) {
        for (const char* name : {"init", "shuffle", "order", "init/1", "init/11"}) {
            seeds.insert(stream_seed(trial, name));
        }
    }
    EXPECT_EQ(seeds.size(), 250U);
}

TEST(RandomTest, BelowReachesEveryValueEvenly) {
    RandomStream random(7);
    int counts[6] = {};
    for (int i = 0; i < 60000; ++i) {
        ++counts[random.below(6)];
    }
    for (const int count : counts) {
        EXPECT_NEAR(count, 10000, 400);
    }
}

TEST(RandomTest, UniformAndNormalHaveTheirMoments) {
    RandomStream random(3, "test");
    double sum = 0;
    double normal_sum = 0;
    double normal_squares = 0;
    constexpr int kDraws = 100000;
    for (int i = 0; i < kDraws; ++i) {
        const double value = random.uniform();
        ASSERT_GE(value, 0.0);
        ASSERT_LT(value, 1.0);
        sum += value;
        const double normal = random.normal();
        ASSERT_TRUE(std::isfinite(normal));
        normal_sum += normal;
        normal_squares += normal * normal;
    }
    EXPECT_NEAR(sum / kDraws, 0.5, 0.005);
    EXPECT_NEAR(normal_sum / kDraws, 0.0, 0.02);
    EXPECT_NEAR(normal_squares / kDraws, 1.0, 0.03);
}

TEST(RandomTest, PermutationHoldsEveryIndexOnce) {
    RandomStream random(5);
    std::vector<std::int64_t> order = random_permutation(100, random);
    EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
    std::sort(order.begin(), order.end());
    for (std::int64_t i = 0; i < 100; ++i) {
        EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
    }
    EXPECT_TRUE(random_permutation(0, random).empty());
}

}  // namespace
}  // namespace harrow::sweeps
