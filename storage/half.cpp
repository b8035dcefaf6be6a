#include "storage/half.hpp"

#include <cmath>
#include <cstring>

namespace harrow::storage {

namespace {

std::uint32_t bits_of(float value) noexcept {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

float float_of(std::uint32_t bits) noexcept {
    float value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

// binary32 exponents (biased by 127) that decide which binary16 form a value takes.
constexpr std::uint32_t kInfinity = 255U << 23;
constexpr std::uint32_t kOverflow = 0x477ff000U;       // 65520: rounds to infinity from here on
constexpr std::uint32_t kSmallestNormal = 113U << 23;  // 2^-14
constexpr std::uint32_t kRebias = (127U - 15U) << 23;
constexpr float kSubnormalAnchor = 0.5F;  // 2^-1: its last bit is 2^-24, binary16's smallest step

}  // namespace

std::uint16_t float_to_half(float value) noexcept {
    const std::uint32_t bits = bits_of(value);
    const std::uint32_t sign = (bits >> 16) & 0x8000U;
    const std::uint32_t magnitude = bits & 0x7fffffffU;
    std::uint32_t half = 0;
    if (magnitude > kInfinity) {
        half = 0x7e00U | ((magnitude >> 13) & 0x3ffU);
    } else if (magnitude >= kOverflow) {
        half = 0x7c00U;
    } else if (magnitude < kSmallestNormal) {
        // Adding the anchor makes the FPU round at binary16's subnormal step, ties to even.
        half = bits_of(float_of(magnitude) + kSubnormalAnchor) - bits_of(kSubnormalAnchor);
    } else {
        const std::uint32_t odd = (magnitude >> 13) & 1U;
        half = (magnitude - kRebias + 0xfffU + odd) >> 13;
    }
    return static_cast<std::uint16_t>(sign | half);
}

float half_to_float(std::uint16_t bits) noexcept {
    // Selections instead of branches, so that the loop over an array is vectorised.
    const std::uint32_t sign = (bits & 0x8000U) << 16;
    const std::uint32_t magnitude = bits & 0x7fffU;
    const std::uint32_t rebias = magnitude >= 0x7c00U ? 2 * kRebias : kRebias;
    const std::uint32_t normal = (magnitude << 13) + rebias;
    const std::uint32_t subnormal =
        bits_of(static_cast<float>(static_cast<int>(magnitude)) * 0x1p-24F);
    return float_of(sign | (magnitude < 0x400U ? subnormal : normal));
}

std::optional<std::size_t> floats_to_halves(const float* values,
                                            std::size_t count,
                                            std::uint16_t* bits) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
        if (!(std::fabs(values[i]) <= kHalfMax)) {
            return i;
        }
        bits[i] = float_to_half(values[i]);
    }
    return std::nullopt;
}

void halves_to_floats(const std::uint16_t* bits, std::size_t count, float* values) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
        values[i] = half_to_float(bits[i]);
    }
}

}  // namespace harrow::storage
