#include "cli/quantities.hpp"

#include <gtest/gtest.h>

#include "sweeps/error.hpp"

namespace harrow::cli {
namespace {

TEST(QuantitiesTest, SizesAreInPowersOf1024) {
    EXPECT_EQ(parse_size("0"), 0U);
    EXPECT_EQ(parse_size("17"), 17U);
    EXPECT_EQ(parse_size("64K"), 64U << 10);
    EXPECT_EQ(parse_size("500M"), std::uint64_t{500} << 20);
    EXPECT_EQ(parse_size("50G"), std::uint64_t{50} << 30);
    EXPECT_EQ(parse_size("50GiB"), std::uint64_t{50} << 30);
    EXPECT_EQ(parse_size("50gb"), std::uint64_t{50} << 30);
    EXPECT_EQ(parse_size("1.5T"), std::uint64_t{3} << 39);
    for (const char* bad : {"", "G", "-1G", "50X", "50 G", "1e3", "nan", "99999999P", "5GG"}) {
        EXPECT_THROW(parse_size(bad), sweeps::UsageError) << bad;
    }
}

TEST(QuantitiesTest, Durations) {
    EXPECT_EQ(parse_duration("30d"), 30 * 86400);
    EXPECT_EQ(parse_duration("12h"), 12 * 3600);
    EXPECT_EQ(parse_duration("1.5m"), 90);
    EXPECT_EQ(parse_duration("0s"), 0);
    for (const char* bad : {"", "30", "d", "-1d", "1 d", "1w", "inf"}) {
        EXPECT_THROW(parse_duration(bad), sweeps::UsageError) << bad;
    }
}

TEST(QuantitiesTest, SizesAreShownInThreeDigits) {
    EXPECT_EQ(size_text(0), "0 B");
    EXPECT_EQ(size_text(1023), "1023 B");
    EXPECT_EQ(size_text(1536), "1.5 KiB");
    EXPECT_EQ(size_text((std::uint64_t{1} << 30) - 1), "1.0 GiB");
    EXPECT_EQ(size_text(std::uint64_t{320} << 20), "320 MiB");
}

}  // namespace
}  // namespace harrow::cli
