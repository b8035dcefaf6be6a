#include <algorithm>
#include <charconv>
#include <limits>
#include <set>
#include <string_view>
#include <system_error>

#include "sweeps/setting.hpp"

namespace harrow::sweeps {
namespace {

using Seeds = std::vector<std::uint64_t>;

constexpr std::size_t kMaxSeeds = 100000;

std::optional<std::uint64_t> parse_seed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') {
        text.remove_prefix(1);
    }
    while (!text.empty() && text.back() == ' ') {
        text.remove_suffix(1);
    }
    std::uint64_t seed = 0;
    const char* const end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, seed);
    constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    const bool whole = result.ec == std::errc{} && result.ptr == end;
    return whole && seed <= kMax ? std::optional<std::uint64_t>(seed) : std::nullopt;
}

/// `7` or `0..4`; false when it is neither or too many.
bool add_range(std::string_view text, Seeds& seeds) {
    const std::size_t dots = text.find("..");
    const auto first = parse_seed(text.substr(0, dots));
    const auto last = dots == std::string_view::npos ? first : parse_seed(text.substr(dots + 2));
    if (!first || !last || *last < *first || *last - *first >= kMaxSeeds) {
        return false;
    }
    for (std::uint64_t seed = *first; seed <= *last; ++seed) {
        seeds.push_back(seed);
    }
    return true;
}

bool add_text(std::string_view text, Seeds& seeds) {
    for (;;) {
        const std::size_t comma = text.find(',');
        if (seeds.size() > kMaxSeeds || !add_range(text.substr(0, comma), seeds)) {
            return false;
        }
        if (comma == std::string_view::npos) {
            return true;
        }
        text.remove_prefix(comma + 1);
    }
}

}  // namespace

std::vector<std::uint64_t> read_seeds(const YamlNode& node,
                                      const std::string& key,
                                      std::vector<Problem>& problems) {
    constexpr const char* kExpected = "expected integers from 0, as in [0, 1, 2] or 0..4";
    const auto reject = [&](const Place& place, const std::string& message) {
        problems.push_back(problem_at(place, key, message));
    };
    Seeds seeds;
    if (!node.is_scalar() && !node.is_list()) {
        reject(node.place, std::string("has ") + node.kind_text() + "; " + kExpected);
        return seeds;
    }
    const std::vector<YamlNode> single = {node};
    bool all_good = true;
    for (const YamlNode& item : node.is_list() ? node.items : single) {
        const auto text = item.is_scalar() ? read_text(item, key, problems) : std::string();
        if (!text) {
            all_good = false;
        } else if (!item.is_scalar() || !add_text(*text, seeds)) {
            all_good = false;
            const std::string shown =
                item.is_scalar() ? "'" + text->substr(0, 60) + "'" : item.kind_text();
            reject(item.place, shown + " is no seed; " + kExpected);
        }
    }
    if (seeds.empty() && all_good) {
        reject(node.place, std::string("the list is empty; ") + kExpected);
    }
    std::set<std::uint64_t> seen;
    for (const std::uint64_t seed : seeds) {
        if (!seen.insert(seed).second) {
            reject(node.place, "the seed " + std::to_string(seed) + " is given twice");
            break;
        }
    }
    return all_good ? seeds : Seeds{};
}

}  // namespace harrow::sweeps
