#include "storage/half.hpp"

#include <cmath>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define HARROW_HALF_F16C 1
#endif

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

#ifdef HARROW_HALF_F16C
// The processor's own conversions agree with ours in every finite value (half_test compares them).
// They are compiled for processors that have them and chosen at run time. Both return how many
// values they did; the rest is for the plain loops below.
constexpr std::size_t kLanes = 8;
constexpr std::size_t kAheadBytes = 2048;

bool has_f16c() noexcept {
    static const bool found =
        __builtin_cpu_supports("avx") != 0 && __builtin_cpu_supports("f16c") != 0;
    return found;
}

__attribute__((target("avx,f16c"))) std::size_t widen_lanes(const std::uint16_t* bits,
                                                            std::size_t count,
                                                            float* values) noexcept {
    std::size_t i = 0;
    for (; i + 2 * kLanes <= count; i += 2 * kLanes) {
        // The processor's own look-ahead ends at each page, and features fill many.
        _mm_prefetch(reinterpret_cast<const char*>(bits + i) + kAheadBytes, _MM_HINT_T0);
        const auto* const source = reinterpret_cast<const __m128i*>(bits + i);
        const __m256 low = _mm256_cvtph_ps(_mm_loadu_si128(source));
        const __m256 high = _mm256_cvtph_ps(_mm_loadu_si128(source + 1));
        _mm256_storeu_ps(values + i, low);
        _mm256_storeu_ps(values + i + kLanes, high);
    }
    return i;
}

/// Stops before the first group that holds a value which does not fit.
__attribute__((target("avx,f16c"))) std::size_t narrow_lanes(const float* values,
                                                             std::size_t count,
                                                             std::uint16_t* bits) noexcept {
    const __m256 sign = _mm256_set1_ps(-0.0F);
    const __m256 largest = _mm256_set1_ps(kHalfMax);
    std::size_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
        const __m256 group = _mm256_loadu_ps(values + i);
        const __m256 fits = _mm256_cmp_ps(_mm256_andnot_ps(sign, group), largest, _CMP_LE_OQ);
        if (_mm256_movemask_ps(fits) != 0xff) {
            break;
        }
        _mm_storeu_si128(reinterpret_cast<__m128i*>(bits + i),
                         _mm256_cvtps_ph(group, _MM_FROUND_TO_NEAREST_INT));
    }
    return i;
}
#endif

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
    std::size_t i = 0;
#ifdef HARROW_HALF_F16C
    i = has_f16c() ? narrow_lanes(values, count, bits) : 0;
#endif
    for (; i < count; ++i) {
        if (!(std::fabs(values[i]) <= kHalfMax)) {
            return i;
        }
        bits[i] = float_to_half(values[i]);
    }
    return std::nullopt;
}

void halves_to_floats(const std::uint16_t* bits, std::size_t count, float* values) noexcept {
    std::size_t i = 0;
#ifdef HARROW_HALF_F16C
    i = has_f16c() ? widen_lanes(bits, count, values) : 0;
#endif
    for (; i < count; ++i) {
        values[i] = half_to_float(bits[i]);
    }
}

}  // namespace harrow::storage
