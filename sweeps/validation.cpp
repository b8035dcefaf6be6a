#include "sweeps/validation.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

namespace harrow::sweeps {
namespace {

constexpr int kPasteRevision = 1;  // raised when other pixels are pasted

}  // namespace

bool has_synthetic(const ValidationConfig& config) {
    return config.holdout > 0 && config.synthetic != "none";
}

std::int64_t held_out_count(std::int64_t images, double holdout) {
    if (!(holdout > 0)) {
        return 0;
    }
    return std::max<std::int64_t>(1, std::llround(holdout * static_cast<double>(images)));
}

std::vector<std::int64_t> held_out(const std::vector<std::string>& names, double holdout) {
    std::vector<Digest> hashes;
    for (const std::string& name : names) {
        hashes.push_back(hash_text("harrow-holdout/" + name));
    }
    std::vector<std::int64_t> indices(names.size());
    std::iota(indices.begin(), indices.end(), 0);
    std::sort(indices.begin(), indices.end(), [&](std::int64_t a, std::int64_t b) {
        return hashes[static_cast<std::size_t>(a)] < hashes[static_cast<std::size_t>(b)];
    });
    const auto count = held_out_count(static_cast<std::int64_t>(names.size()), holdout);
    indices.resize(std::min(static_cast<std::size_t>(count), indices.size()));
    std::sort(indices.begin(), indices.end());
    return indices;
}

Digest synthetic_digest(const Digest& train_digest, const ValidationConfig& config) {
    char digits[32];
    const std::string holdout(digits,
                              std::to_chars(digits, digits + sizeof digits, config.holdout).ptr);
    return hash_text("harrow-synthetic " + config.synthetic + " " + std::to_string(kPasteRevision) +
                     "\n" + holdout + "\n" + train_digest + "\n");
}

}  // namespace harrow::sweeps
