#include "sweeps/metric_kind.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "sweeps/metric_names.hpp"

namespace harrow::sweeps {
namespace {

/// "I-AUROC (%)" -> i, auroc
std::vector<std::string> words_of(const std::string& metric) {
    std::vector<std::string> words(1);
    for (const char c : metric) {
        const bool is_upper = c >= 'A' && c <= 'Z';
        if (is_upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            words.back() += is_upper ? static_cast<char>(c - 'A' + 'a') : c;
        } else if (!words.back().empty()) {
            words.emplace_back();
        }
    }
    return words;
}

template <std::size_t N>
bool has_any(const std::vector<std::string>& words, const std::array<std::string_view, N>& of) {
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
        return std::find(of.begin(), of.end(), word) != of.end();
    });
}

}  // namespace

std::string split_of(const std::string& metric) {
    for (const char* split : {"val_synth", "val_normal"}) {
        if (metric.rfind(std::string(split) + ".", 0) == 0) {
            return split;
        }
    }
    return "test";
}

ShareKind share_kind(const std::string& metric) {
    constexpr std::array<std::string_view, 24> kNoShare = {
        "bwt",  "fm",          "fwt",  "forgetting", "delta",    "diff",    "gap",  "difference",
        "std",  "stdev",       "sd",   "loss",       "time",     "seconds", "drop", "change",
        "gain", "improvement", "rank", "var",        "variance", "se",      "sem",  "ci"};
    constexpr std::array<std::string_view, 6> kAuroc = {
        "auroc", "auc", "rocauc", "iauroc", "pauroc", "auroc1"};
    constexpr std::array<std::string_view, 17> kShare = {"ap",
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
                                                         "aupro30",
                                                         "segf1",
                                                         "classf1",
                                                         "aucpro"};
    const std::vector<std::string> words = words_of(metric);
    if (has_any(words, kNoShare)) {
        return ShareKind::None;
    }
    if (has_any(words, kAuroc) && !has_any(words, std::array<std::string_view, 1>{"pro"})) {
        return ShareKind::Auroc;
    }
    return has_any(words, kShare) ? ShareKind::Share : ShareKind::None;
}

std::optional<Goal> known_goal(const std::string& metric) {
    constexpr std::array<std::string_view, 5> kLower = {"fm", "forgetting", "loss", "nll", "error"};
    constexpr std::array<std::string_view, 1> kHigherDifference = {"bwt"};
    if (is_metric(metric)) {
        return is_higher_better(metric) ? Goal::Maximize : Goal::Minimize;
    }
    const std::vector<std::string> words = words_of(metric);
    if (has_any(words, kLower)) {
        return Goal::Minimize;
    }
    if (has_any(words, kHigherDifference) || share_kind(metric) != ShareKind::None) {
        return Goal::Maximize;
    }
    return std::nullopt;
}

bool is_pixel_precision(const std::string& metric) {
    constexpr std::array<std::string_view, 3> kPixel = {"pixel", "pix", "p"};
    constexpr std::array<std::string_view, 5> kPrecision = {"ap", "aupr", "auprc", "f1", "f1max"};
    constexpr std::array<std::string_view, 4> kBoth = {"pap", "pixelap", "pf1", "segf1"};
    const std::vector<std::string> words = words_of(metric);
    return (has_any(words, kPixel) && has_any(words, kPrecision)) || has_any(words, kBoth);
}

}  // namespace harrow::sweeps
