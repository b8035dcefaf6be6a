#include "analysis/sections/class_verdict.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "analysis/sections/values.hpp"
#include "analysis/statistics/test_result.hpp"

namespace harrow::analysis {
namespace {

constexpr std::size_t kMaxNamed = 8;  ///< differences that the sentence names
constexpr const char* kMean = "mean";

/// Tests of signs and ranks have a smallest p, which holm and bonferroni multiply.
std::string reach_text(const Report& report, const ClassComparisons& of) {
    if (of.test != "wilcoxon" && of.test != "permutation") {
        return "";
    }
    const bool is_multiplied =
        report.compare.adjust == "holm" || report.compare.adjust == "bonferroni";
    const double alone = std::ldexp(2.0, -static_cast<int>(of.pairs));
    const double smallest =
        std::min(1.0, alone * (is_multiplied ? static_cast<double>(of.tested_classes) : 1));
    return smallest <= report.compare.alpha
               ? ""
               : " With " + counted(of.pairs, "seed", "seeds") + " p is at least " +
                     note_number(smallest) + ": no class could be separable.";
}

std::size_t untested_classes(const ClassComparisons& of) {
    return static_cast<std::size_t>(std::count_if(
        of.differences.begin(), of.differences.end(), [](const ClassDifference& difference) {
            return difference.class_name != kMean &&
                   (difference.separation == Separation::Untested ||
                    difference.separation == Separation::Unfair);
        }));
}

}  // namespace

Paragraph class_verdict(const Report& report, const ClassComparisons& of) {
    const std::string heading = metric_heading(report, of.metric);
    if (of.tested_classes == 0) {
        std::set<std::string> reasons;
        for (const ClassDifference& difference : of.differences) {
            reasons.insert(difference.separation == Separation::Unfair
                               ? "something else differs that should be equal (†)"
                               : why_untested(difference.pair));
        }
        return {heading + ": no difference could be tested: " + joined(reasons, "; ") +
                    ". Read none as a gain or a loss.",
                true};
    }
    std::vector<const ClassDifference*> separable;
    for (const ClassDifference& difference : of.differences) {
        if (difference.separation == Separation::Separable && difference.class_name != kMean) {
            separable.push_back(&difference);
        }
    }
    std::string text = heading + ": of " + counted(of.tested_classes, "difference", "differences") +
                       " (cell × class) that could be tested, " +
                       (separable.empty() ? "none" : std::to_string(separable.size())) +
                       (separable.size() < 2 ? " is" : " are") + " separable from noise";
    for (std::size_t i = 0; i < std::min(separable.size(), kMaxNamed); ++i) {
        const ClassDifference& one = *separable[i];
        text += (i == 0 ? ": " : ", ") + report.summary.cells[one.pair.cell].info.name + " in " +
                one.class_name + " " +
                signed_text(one.pair.delta, metric_format(report, of.metric));
    }
    text += separable.size() > kMaxNamed
                ? " and " + std::to_string(separable.size() - kMaxNamed) + " more."
                : ".";
    const std::size_t others = of.tested_classes - separable.size();
    if (separable.empty()) {
        text += " Read none as a gain or a loss.";
    } else if (others > 0) {
        text += others == 1 ? " The other one is not: read it as neither gain nor loss."
                            : " The other " + std::to_string(others) +
                                  " are not: read them as neither gains nor losses.";
    }
    const std::size_t untested = untested_classes(of);
    if (untested > 0) {
        text += " " + std::to_string(untested) + " more could not be tested (? or †).";
    }
    return {text + reach_text(report, of)};
}

std::string why_untested(const Comparison& pair) {
    return pair.is_constant ? "the seeds make no difference to either cell"
           : pair.n == 0
               ? "published values have no seeds, and a single run says nothing about noise"
               : "a single run says nothing about noise";
}

std::string joined(const std::set<std::string>& texts, const std::string& separator) {
    std::string text;
    for (const std::string& one : texts) {
        text += (text.empty() ? "" : separator) + one;
    }
    return text;
}

std::string counted(std::size_t count, const std::string& one, const std::string& many) {
    return std::to_string(count) + " " + (count == 1 ? one : many);
}

}  // namespace harrow::analysis
