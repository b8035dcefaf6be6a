#include "storage/half.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace harrow::storage {
namespace {

/// The value of binary16 bits from the definition: sign, exponent, mantissa.
double slow_value(std::uint16_t bits) {
    const int exponent = (bits >> 10) & 31;
    const int mantissa = bits & 1023;
    const double sign = (bits & 0x8000) != 0 ? -1.0 : 1.0;
    if (exponent == 31) {
        return mantissa != 0 ? std::numeric_limits<double>::quiet_NaN()
                             : sign * std::numeric_limits<double>::infinity();
    }
    return exponent == 0 ? sign * std::ldexp(mantissa, -24)
                         : sign * std::ldexp(1024 + mantissa, exponent - 25);
}

/// Nearest finite half of |value| <= 65504 by bisection over the magnitudes; ties to even bits.
std::uint16_t slow_half(float value) {
    const double magnitude = std::fabs(static_cast<double>(value));
    int low = 0;
    int high = 0x7bff;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (slow_value(static_cast<std::uint16_t>(middle)) < magnitude) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    int best = low;
    if (low > 0) {
        const double above = slow_value(static_cast<std::uint16_t>(low)) - magnitude;
        const double below = magnitude - slow_value(static_cast<std::uint16_t>(low - 1));
        if (below < above || (below == above && (low & 1) != 0)) {
            best = low - 1;
        }
    }
    return static_cast<std::uint16_t>(best | (std::signbit(value) ? 0x8000 : 0));
}

float float_from(std::uint32_t bits) {
    float value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

TEST(HalfTest, EveryHalfHasItsDefinedValueAndRoundTrips) {
    for (int bits = 0; bits <= 0xffff; ++bits) {
        const auto half = static_cast<std::uint16_t>(bits);
        const float value = half_to_float(half);
        if (std::isnan(slow_value(half))) {
            EXPECT_TRUE(std::isnan(value)) << bits;
            EXPECT_TRUE(std::isnan(half_to_float(float_to_half(value)))) << bits;
            continue;
        }
        ASSERT_EQ(static_cast<double>(value), slow_value(half)) << bits;
        ASSERT_EQ(std::signbit(value), (bits & 0x8000) != 0) << bits;
        ASSERT_EQ(float_to_half(value), half) << bits;
    }
}

TEST(HalfTest, RoundsToNearestEvenLikeTheSlowReference) {
    std::uint32_t state = 12345;
    int compared = 0;
    for (int i = 0; i < 400000; ++i) {
        state = state * 1664525U + 1013904223U;
        // Uniform over bit patterns covers subnormals, ties and all exponents.
        const float value = float_from(state ^ (state >> 15));
        if (std::fabs(value) <= kHalfMax) {
            ASSERT_EQ(float_to_half(value), slow_half(value)) << value;
            ++compared;
        }
    }
    EXPECT_GT(compared, 100000);
}

TEST(HalfTest, TiesBetweenNeighboursGoToTheEvenOne) {
    for (int bits = 0; bits < 0x7bff; ++bits) {
        const double low = slow_value(static_cast<std::uint16_t>(bits));
        const double high = slow_value(static_cast<std::uint16_t>(bits + 1));
        const auto middle = static_cast<float>((low + high) / 2);
        const int even = (bits & 1) == 0 ? bits : bits + 1;
        ASSERT_EQ(float_to_half(middle), even) << bits;
        ASSERT_EQ(float_to_half(std::nextafter(middle, 0.0F)), bits) << bits;
        ASSERT_EQ(float_to_half(std::nextafter(middle, 1e9F)), bits + 1) << bits;
    }
}

TEST(HalfTest, OverflowBecomesInfinity) {
    EXPECT_EQ(float_to_half(65519.99F), 0x7bff);
    EXPECT_EQ(float_to_half(65520.0F), 0x7c00);
    EXPECT_EQ(float_to_half(-1e30F), 0xfc00);
    EXPECT_EQ(float_to_half(std::numeric_limits<float>::infinity()), 0x7c00);
}

TEST(HalfTest, ArrayConversionNamesTheFirstValueThatDoesNotFit) {
    std::vector<float> values = {1.0F, -65504.0F, 0.0F, 65504.5F, 2.0F};
    std::vector<std::uint16_t> bits(values.size());
    EXPECT_EQ(floats_to_halves(values.data(), values.size(), bits.data()), std::size_t{3});
    values[3] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_EQ(floats_to_halves(values.data(), values.size(), bits.data()), std::size_t{3});
    values[3] = 65504.0F;
    EXPECT_EQ(floats_to_halves(values.data(), values.size(), bits.data()), std::nullopt);
    std::vector<float> back(values.size());
    halves_to_floats(bits.data(), bits.size(), back.data());
    EXPECT_EQ(back, values);
}

TEST(HalfTest, ArraysConvertAsSingleValuesDoWhereverTheyBegin) {
    std::vector<std::uint16_t> bits;
    for (int half = 0; half <= 0xffff; ++half) {
        if ((half & 0x7c00) != 0x7c00) {  // finite
            bits.push_back(static_cast<std::uint16_t>(half));
        }
    }
    std::vector<float> values;
    for (const std::uint16_t half : bits) {  // each value, and both ways halfway to the next
        const float value = half_to_float(half);
        values.insert(values.end(),
                      {value,
                       std::nextafter(value, 0.0F),
                       std::fabs(value) < 60000.0F ? value * 1.00048828125F : value});
    }
    for (std::size_t begin = 0; begin < 17; ++begin) {
        const std::size_t count = bits.size() - begin;
        std::vector<float> widened(count);
        halves_to_floats(bits.data() + begin, count, widened.data());
        for (std::size_t i = 0; i < count; ++i) {
            ASSERT_EQ(widened[i], half_to_float(bits[begin + i]));
            ASSERT_EQ(std::signbit(widened[i]), (bits[begin + i] & 0x8000) != 0);
        }
        std::vector<std::uint16_t> narrowed(values.size() - begin);
        const auto refused =
            floats_to_halves(values.data() + begin, narrowed.size(), narrowed.data());
        const std::size_t good = refused.value_or(narrowed.size());
        ASSERT_TRUE(!refused || std::fabs(values[begin + *refused]) > kHalfMax);
        for (std::size_t i = 0; i < good; ++i) {
            ASSERT_EQ(narrowed[i], float_to_half(values[begin + i])) << values[begin + i];
        }
    }
}

}  // namespace
}  // namespace harrow::storage
