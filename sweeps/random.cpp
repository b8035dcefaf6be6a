#include "sweeps/random.hpp"

#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "sweeps/hashing.hpp"

namespace harrow::sweeps {

std::uint64_t stream_seed(std::uint64_t trial_seed, std::string_view name) {
    const std::string text = std::to_string(trial_seed) + "/" + std::string(name);
    return checksum64(text.data(), text.size());
}

std::uint64_t RandomStream::next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31U);
}

double RandomStream::uniform() {
    return static_cast<double>(next() >> 11U) * 0x1.0p-53;
}

std::uint64_t RandomStream::below(std::uint64_t bound) {
    // Values under 2^64 mod bound would make small results more likely; they are drawn again.
    const std::uint64_t skipped = (0 - bound) % bound;
    std::uint64_t value = next();
    while (value < skipped) {
        value = next();
    }
    return value % bound;
}

double RandomStream::normal() {
    constexpr double kTwoPi = 6.283185307179586476925;
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(kTwoPi * uniform());
}

std::vector<std::int64_t> random_permutation(std::int64_t count, RandomStream& random) {
    std::vector<std::int64_t> order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), std::int64_t{0});
    for (std::size_t left = order.size(); left > 1; --left) {
        std::swap(order[left - 1], order[random.below(left)]);
    }
    return order;
}

}  // namespace harrow::sweeps
