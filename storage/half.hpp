#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace harrow::storage {

/// Largest finite IEEE 754 binary16 value.
constexpr float kHalfMax = 65504.0F;

/// IEEE 754 binary16 bits of `value`, rounded to nearest, ties to even. Larger than binary16 holds:
/// infinity of the same sign. NaN stays a (quiet) NaN.
std::uint16_t float_to_half(float value) noexcept;

/// Exact.
float half_to_float(std::uint16_t bits) noexcept;

/// Converts `count` values. Returns the index of the first value that is not finite or whose
/// magnitude exceeds kHalfMax (what follows it is not converted), or nothing when all fit.
std::optional<std::size_t> floats_to_halves(const float* values,
                                            std::size_t count,
                                            std::uint16_t* bits) noexcept;

void halves_to_floats(const std::uint16_t* bits, std::size_t count, float* values) noexcept;

}  // namespace harrow::storage
