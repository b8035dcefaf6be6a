#pragma once

#include <cstdint>

namespace harrow::storage {

/// Uniform in [0, 1) from integer coordinates: equal inputs give equal values on every machine.
double lattice_noise(std::uint64_t seed, std::int64_t x, std::int64_t y);

/// Smooth noise in [0, 1] with features of size 1 in the units of x and y.
double value_noise(std::uint64_t seed, double x, double y);

/// Three octaves of value_noise, in [0, 1], mean about 0.5.
double fractal_noise(std::uint64_t seed, double x, double y);

}  // namespace harrow::storage
