#include "storage/datasets/pattern_noise.hpp"

#include <cmath>

namespace harrow::storage {
namespace {

// Finaliser of splitmix64 (Steele, Lea, Flood, OOPSLA 2014).
std::uint64_t mix(std::uint64_t value) {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
    return value ^ (value >> 31);
}

double smooth(double t) {
    return t * t * (3.0 - 2.0 * t);
}

double blend(double a, double b, double t) {
    return a + (b - a) * t;
}

}  // namespace

double lattice_noise(std::uint64_t seed, std::int64_t x, std::int64_t y) {
    const std::uint64_t column = mix(seed + 0x9e3779b97f4a7c15ULL * static_cast<std::uint64_t>(x));
    const std::uint64_t cell =
        mix(column ^ (0xd1b54a32d192ed03ULL * static_cast<std::uint64_t>(y)));
    return static_cast<double>(cell >> 11) * 0x1p-53;
}

double value_noise(std::uint64_t seed, double x, double y) {
    const double column = std::floor(x);
    const double row = std::floor(y);
    const auto i = static_cast<std::int64_t>(column);
    const auto j = static_cast<std::int64_t>(row);
    const double s = smooth(x - column);
    const double top = blend(lattice_noise(seed, i, j), lattice_noise(seed, i + 1, j), s);
    const double bottom =
        blend(lattice_noise(seed, i, j + 1), lattice_noise(seed, i + 1, j + 1), s);
    return blend(top, bottom, smooth(y - row));
}

double fractal_noise(std::uint64_t seed, double x, double y) {
    constexpr double kWeights[] = {4.0 / 7.0, 2.0 / 7.0, 1.0 / 7.0};
    double sum = 0.0;
    double frequency = 1.0;
    for (std::uint64_t octave = 0; octave < 3; ++octave) {
        sum += kWeights[octave] * value_noise(seed + octave, x * frequency, y * frequency);
        frequency *= 2.0;
    }
    return sum;
}

}  // namespace harrow::storage
