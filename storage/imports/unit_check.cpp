#include "storage/imports/unit_check.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace harrow::storage {
namespace {

constexpr double kLargestFraction = 1.0;
constexpr double kSmallestPercentage = 1.5;
constexpr double kLargestPercentage = 100.0;

/// Lower-case words of a name: "Image AUROC (%)" -> image, auroc.
std::vector<std::string> words_of(const std::string& name) {
    std::vector<std::string> words(1);
    for (const char c : name) {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
            words.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        } else if (!words.back().empty()) {
            words.emplace_back();
        }
    }
    return words;
}

template <std::size_t n>
bool has_any(const std::vector<std::string>& words, const std::array<std::string_view, n>& of) {
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
        return std::find(of.begin(), of.end(), word) != of.end();
    });
}

}  // namespace

ShareKind share_kind(const std::string& metric) {
    constexpr std::array<std::string_view, 24> kNoShare = {
        "bwt",  "fm",          "fwt",  "forgetting", "delta",    "diff",    "gap",  "difference",
        "std",  "stdev",       "sd",   "loss",       "time",     "seconds", "drop", "change",
        "gain", "improvement", "rank", "var",        "variance", "se",      "sem",  "ci"};
    constexpr std::array<std::string_view, 6> kAuroc = {
        "auroc", "auc", "rocauc", "iauroc", "pauroc", "auroc1"};
    constexpr std::array<std::string_view, 14> kShare = {"ap",
                                                         "map",
                                                         "aupr",
                                                         "auprc",
                                                         "f1",
                                                         "f1max",
                                                         "aupro",
                                                         "pro",
                                                         "acc",
                                                         "accuracy",
                                                         "iou",
                                                         "miou",
                                                         "dice",
                                                         "aupro30"};
    const std::vector<std::string> words = words_of(metric);
    if (has_any(words, kNoShare)) {
        return ShareKind::None;
    }
    if (has_any(words, kAuroc) && !has_any(words, std::array<std::string_view, 1>{"pro"})) {
        return ShareKind::Auroc;
    }
    return has_any(words, kShare) ? ShareKind::Share : ShareKind::None;
}

void UnitCheck::close_group(Seen& seen) {
    if (!seen.group_has_percentage && seen.group_fraction && !seen.fraction) {
        seen.fraction = seen.group_fraction;
    }
    seen.group_fraction.reset();
    seen.group_has_percentage = false;
}

void UnitCheck::add(const std::string& metric,
                    const Group& group,
                    double value,
                    const UnitPlace& place) {
    auto known = metrics_.find(metric);
    if (known == metrics_.end()) {
        known = metrics_.emplace(metric, Seen()).first;
        known->second.kind = share_kind(metric);
        known->second.group = group;
    }
    Seen& seen = known->second;
    if (seen.kind == ShareKind::None) {
        return;
    }
    if (seen.group != group) {
        close_group(seen);
        seen.group = group;
    }
    const Witness witness{value, place};
    if (seen.kind == ShareKind::Auroc &&
        (value < 0 || value > kLargestPercentage ||
         (value > kLargestFraction && value <= kSmallestPercentage))) {
        seen.impossible = seen.impossible.value_or(witness);
    }
    if (value > kSmallestPercentage) {
        seen.group_has_percentage = true;
        seen.percentage = seen.percentage.value_or(witness);
    } else if (value > 0 && value <= kLargestFraction) {
        seen.group_fraction = seen.group_fraction.value_or(witness);
        seen.small = seen.small.value_or(witness);
    }
}

std::vector<MixedUnits> UnitCheck::mixed() const {
    std::vector<MixedUnits> found;
    for (const auto& [metric, stored] : metrics_) {
        Seen seen = stored;
        close_group(seen);
        const std::optional<Witness>& fraction =
            seen.kind == ShareKind::Auroc ? seen.small : seen.fraction;
        if (fraction && seen.percentage) {
            found.push_back({metric,
                             fraction->value,
                             seen.percentage->value,
                             fraction->place,
                             seen.percentage->place,
                             seen.kind == ShareKind::Auroc});
        }
    }
    return found;
}

std::vector<ImpossibleShare> UnitCheck::impossible() const {
    std::vector<ImpossibleShare> found;
    for (const auto& [metric, seen] : metrics_) {
        if (seen.impossible) {
            found.push_back({metric, seen.impossible->value, seen.impossible->place});
        }
    }
    return found;
}

}  // namespace harrow::storage
