#include "analysis/selection/metric_kind.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "sweeps/metric_names.hpp"

namespace harrow::analysis {
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

std::optional<sweeps::Goal> known_goal(const std::string& metric) {
    constexpr std::array<std::string_view, 5> kLower = {"fm", "forgetting", "loss", "nll", "error"};
    constexpr std::array<std::string_view, 13> kHigher = {"auroc",
                                                          "auc",
                                                          "ap",
                                                          "aupr",
                                                          "auprc",
                                                          "f1",
                                                          "f1max",
                                                          "aupro",
                                                          "pro",
                                                          "acc",
                                                          "accuracy",
                                                          "iou",
                                                          "bwt"};
    if (sweeps::is_metric(metric)) {
        return sweeps::is_higher_better(metric) ? sweeps::Goal::Maximize : sweeps::Goal::Minimize;
    }
    const std::vector<std::string> words = words_of(metric);
    if (has_any(words, kLower)) {
        return sweeps::Goal::Minimize;
    }
    if (has_any(words, kHigher)) {
        return sweeps::Goal::Maximize;
    }
    return std::nullopt;
}

bool is_pixel_precision(const std::string& metric) {
    constexpr std::array<std::string_view, 3> kPixel = {"pixel", "pix", "p"};
    constexpr std::array<std::string_view, 5> kPrecision = {"ap", "aupr", "auprc", "f1", "f1max"};
    constexpr std::array<std::string_view, 3> kBoth = {"pap", "pixelap", "pf1"};
    const std::vector<std::string> words = words_of(metric);
    return (has_any(words, kPixel) && has_any(words, kPrecision)) || has_any(words, kBoth);
}

}  // namespace harrow::analysis
