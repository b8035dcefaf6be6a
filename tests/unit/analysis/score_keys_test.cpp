#include "analysis/metrics/score_keys.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "sweeps/random.hpp"

namespace harrow::analysis {
namespace {

TEST(ScoreKeysTest, KeepTheOrderOfScores) {
    const std::vector<float> ascending{-std::numeric_limits<float>::max(),
                                       -1.5F,
                                       -1e-40F,
                                       0.0F,
                                       1e-40F,
                                       2.0F,
                                       std::numeric_limits<float>::max()};
    for (std::size_t i = 0; i < ascending.size(); ++i) {
        EXPECT_EQ(score_of(key_of(ascending[i])), ascending[i]);
        EXPECT_TRUE(i == 0 || key_of(ascending[i - 1]) < key_of(ascending[i]));
    }
    EXPECT_EQ(key_of(-0.0F), key_of(0.0F));
}

TEST(ScoreKeysTest, KthLargestIsThatOfTheSortedKeys) {
    sweeps::RandomStream random(5);
    for (int round = 0; round < 100; ++round) {
        std::vector<std::uint32_t> keys;
        const std::uint64_t bound = std::uint64_t{1} << (1 + random.below(32));  // few: many ties
        for (std::size_t i = 0, n = 1 + random.below(60); i < n; ++i) {
            keys.push_back(static_cast<std::uint32_t>(random.below(bound)));
        }
        std::vector<std::uint32_t> sorted = keys;
        std::sort(sorted.begin(), sorted.end(), std::greater<>());
        for (std::size_t rank = 1; rank <= keys.size(); ++rank) {
            ASSERT_EQ(kth_largest_key(keys, rank), sorted[rank - 1]);
        }
    }
    EXPECT_THROW(kth_largest_key({1, 2}, 3), std::invalid_argument);
    EXPECT_THROW(kth_largest_key({1, 2}, 0), std::invalid_argument);
}

}  // namespace
}  // namespace harrow::analysis
