#include "analysis/strips.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

namespace harrow::analysis {
namespace {

using Colour = std::array<std::uint8_t, 3>;

Colour pixel(const storage::Image& image, int x, int y) {
    const std::size_t at = (static_cast<std::size_t>(y) * image.width + x) * 3;
    return {image.pixels.at(at), image.pixels.at(at + 1), image.pixels.at(at + 2)};
}

double luminance(const Colour& colour) {
    return 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2];
}

storage::Image grey(int size) {
    return {
        size, size, 3, std::vector<std::uint8_t>(static_cast<std::size_t>(size) * size * 3, 100)};
}

TEST(StripsTest, HeatGetsBrighterAllTheWay) {
    for (int step = 1; step <= 200; ++step) {
        EXPECT_GE(luminance(heat_colour(static_cast<float>(step) / 200)),
                  luminance(heat_colour(static_cast<float>(step - 1) / 200)))
            << step;
    }
    EXPECT_EQ(heat_colour(-1), heat_colour(0));
    EXPECT_EQ(heat_colour(2), heat_colour(1));
}

TEST(StripsTest, PanelsShowImageMaskAndMap) {
    constexpr int kSize = 5;
    std::vector<std::uint8_t> mask(25, 0);
    for (const int i : {6, 7, 8, 11, 12, 13, 16, 17, 18}) {
        mask[static_cast<std::size_t>(i)] = 1;  // 3 × 3 in the middle
    }
    std::vector<float> map(25, 0);
    map[12] = 10;
    const storage::Image strip = make_strip(grey(kSize), mask, {{map, value_range(map)}});
    EXPECT_EQ(strip.width, 3 * kSize + 4);
    EXPECT_EQ(strip.height, kSize);
    const Colour plain = {100, 100, 100};
    EXPECT_EQ(pixel(strip, 2, 2), plain);
    EXPECT_EQ(pixel(strip, kSize, 0), (Colour{255, 255, 255}));
    const int overlay = kSize + 2, heat = 2 * (kSize + 2);
    EXPECT_EQ(pixel(strip, overlay, 0), plain);
    EXPECT_NE(pixel(strip, overlay + 2, 2), plain);                         // area
    EXPECT_NE(pixel(strip, overlay + 1, 1), pixel(strip, overlay + 2, 2));  // outline
    EXPECT_EQ(pixel(strip, heat + 2, 2), heat_colour(1));
    EXPECT_EQ(pixel(strip, heat, 0), heat_colour(0));

    const std::vector<float> flat(25, 5);
    const storage::Image two = make_strip(grey(kSize), mask, {{map, {0, 10}}, {flat, {0, 10}}});
    EXPECT_EQ(two.width, 4 * kSize + 6);  // side by side on one scale
    EXPECT_EQ(pixel(two, heat + 2, 2), heat_colour(1));
    EXPECT_EQ(pixel(two, heat + kSize + 2, 0), heat_colour(0.5F));
}

TEST(StripsTest, RangeIgnoresWhatIsNotFinite) {
    const ValueRange range = value_range(
        {std::numeric_limits<float>::quiet_NaN(), 3, -2, std::numeric_limits<float>::infinity()});
    EXPECT_EQ(range.low, -2.0F);
    EXPECT_EQ(range.high, 3.0F);
}

TEST(StripsTest, FlatAndBrokenMapsAreDark) {
    const std::vector<float> flat = {4, 4, 4, std::numeric_limits<float>::quiet_NaN()};
    const storage::Image strip = make_strip(grey(2), {0, 0, 0, 0}, {{flat, value_range(flat)}});
    EXPECT_EQ(pixel(strip, 8, 0), heat_colour(0));
    EXPECT_EQ(pixel(strip, 9, 1), heat_colour(0));
}

TEST(StripsTest, StacksRowsOfEqualWidth) {
    const storage::Image stack = stack_strips({grey(4), grey(4), grey(4)});
    EXPECT_EQ(stack.width, 4);
    EXPECT_EQ(stack.height, 16);
    EXPECT_EQ(stack.pixels.size(), 4U * 16 * 3);
    EXPECT_EQ(pixel(stack, 0, 4), (Colour{255, 255, 255}));
    EXPECT_EQ(pixel(stack, 0, 6), (Colour{100, 100, 100}));
    EXPECT_THROW(stack_strips({grey(4), grey(5)}), std::invalid_argument);
    EXPECT_THROW(stack_strips({}), std::invalid_argument);
}

TEST(StripsTest, RefusesPartsOfDifferentSize) {
    EXPECT_THROW(make_strip(grey(2), {0, 0, 0}, {{{0, 0, 0, 0}, {}}}), std::invalid_argument);
    EXPECT_THROW(make_strip(grey(2), {0, 0, 0, 0}, {{{0}, {}}}), std::invalid_argument);
}

}  // namespace
}  // namespace harrow::analysis
