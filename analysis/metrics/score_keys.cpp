#include "analysis/metrics/score_keys.hpp"

#include <stdexcept>

namespace harrow::analysis {

// Most significant digit first: each pass counts one digit of the keys that share the digits found.
std::uint32_t kth_largest_key(const std::vector<std::uint32_t>& keys, std::size_t rank) {
    if (rank == 0 || rank > keys.size()) {
        throw std::invalid_argument("kth_largest_key: rank must lie in 1 … number of keys");
    }
    std::uint32_t found = 0, found_bits = 0;
    for (int digit = kKeyDigits - 1; digit >= 0; --digit) {
        KeyDigitCounts counts{};
        for (const std::uint32_t key : keys) {
            counts[key_digit(key, digit)] += (key & found_bits) == found ? 1 : 0;
        }
        std::uint32_t value = static_cast<std::uint32_t>(counts.size()) - 1;
        while (counts[value] < rank) {
            rank -= counts[value--];
        }
        found |= value << (digit * kKeyDigitBits);
        found_bits |= ((1U << kKeyDigitBits) - 1) << (digit * kKeyDigitBits);
    }
    return found;
}

}  // namespace harrow::analysis
