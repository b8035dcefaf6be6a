#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace harrow::analysis {

/// Order-preserving map of finite floats to integers; -0 and +0 are one score.
inline std::uint32_t key_of(float score) {
    const float positive_zero = score == 0.0F ? 0.0F : score;
    std::uint32_t bits = 0;
    std::memcpy(&bits, &positive_zero, sizeof bits);
    return (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
}

/// The score of a key.
inline float score_of(std::uint32_t key) {
    const std::uint32_t bits = (key & 0x80000000U) != 0 ? key & 0x7FFFFFFFU : ~key;
    float score = 0;
    std::memcpy(&score, &bits, sizeof score);
    return score;
}

constexpr int kKeyDigitBits = 11, kKeyDigits = 3;

inline std::uint32_t key_digit(std::uint32_t key, int digit) {
    return (key >> (digit * kKeyDigitBits)) & ((1U << kKeyDigitBits) - 1);
}

/// How often each digit of the keys has each value.
using KeyDigitCounts = std::array<std::size_t, std::size_t{1} << kKeyDigitBits>;

/// Ascending by `key(item)`, stable: least significant digit first, 11 bits a pass; a pass whose
/// keys share their digit is skipped. `scratch` grows to the size of `items`.
template <typename Item, typename Key>
void radix_sort(std::vector<Item>& items, std::vector<Item>& scratch, Key key) {
    std::vector<KeyDigitCounts> counts(kKeyDigits);
    for (const Item& item : items) {
        for (int digit = 0; digit < kKeyDigits; ++digit) {
            ++counts[digit][key_digit(key(item), digit)];
        }
    }
    scratch.resize(items.size());
    for (int digit = 0; digit < kKeyDigits; ++digit) {
        auto& count = counts[digit];
        if (items.empty() || count[key_digit(key(items.front()), digit)] == items.size()) {
            continue;
        }
        std::size_t position = 0;
        for (std::size_t& places : count) {
            const std::size_t here = places;
            places = position;
            position += here;
        }
        for (const Item& item : items) {
            scratch[count[key_digit(key(item), digit)]++] = item;
        }
        items.swap(scratch);
    }
}

/// The key that `rank` - 1 keys or more are not below (rank 1: the largest). `rank` in [1, size].
std::uint32_t kth_largest_key(const std::vector<std::uint32_t>& keys, std::size_t rank);

}  // namespace harrow::analysis
