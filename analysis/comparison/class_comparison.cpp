#include "analysis/comparison/class_comparison.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "analysis/statistics/multiplicity.hpp"
#include "analysis/units.hpp"

namespace harrow::analysis {
namespace {

constexpr const char* kMean = "mean";

using Differences = std::vector<ClassDifference>;

/// The p of friedman are corrected already, those of bayes are none.
std::string class_test(const std::string& test) {
    return test == "friedman" || test == "bayes" ? "paired_t" : test;
}

ClassDifference difference_of(const Summary& summary,
                              const std::string& class_name,
                              Comparison pair,
                              const std::optional<double>& baseline) {
    ClassDifference difference;
    difference.class_name = class_name;
    if (baseline && *baseline > 0 && is_share(pair.metric)) {
        difference.relative = pair.delta / *baseline;
    }
    difference.other_data =
        data_text(summary.cells[pair.cell].info) != data_text(summary.cells[pair.versus].info);
    difference.pair = std::move(pair);
    return difference;
}

/// Adjusts the p of one family and says what they mean; returns how many there are.
std::size_t judge(Differences& family, const ComparisonOptions& options) {
    std::vector<std::optional<double>> p;
    std::size_t tested = 0;
    for (const ClassDifference& difference : family) {
        p.push_back(difference.pair.is_fair() ? difference.pair.p : std::nullopt);
        tested += p.back() ? 1 : 0;
    }
    p = adjust_p_values(p, adjustment_of(options.adjust));
    for (std::size_t i = 0; i < family.size(); ++i) {
        family[i].pair.p_adjusted = p[i];
        family[i].separation = !family[i].pair.is_fair() ? Separation::Unfair
                               : !p[i]                   ? Separation::Untested
                               : *p[i] <= options.alpha  ? Separation::Separable
                                                         : Separation::NotSeparable;
    }
    return tested;
}

std::size_t most_pairs(const Differences& family) {
    std::size_t pairs = 0;
    for (const ClassDifference& difference : family) {
        pairs = std::max(pairs, difference.pair.p ? difference.pair.n : 0);
    }
    return pairs;
}

}  // namespace

const char* separation_text(Separation separation) {
    switch (separation) {
        case Separation::Unfair:
            return "not a fair comparison";
        case Separation::Untested:
            return "not tested";
        case Separation::NotSeparable:
            return "not separable from noise";
        case Separation::Separable:
            return "separable from noise";
    }
    return "";
}

std::optional<ClassComparisons> compare_classes(const Summary& summary,
                                                const ComparisonOptions& options,
                                                const std::string& metric) {
    ComparisonOptions wanted = options;
    wanted.test = class_test(options.test);
    wanted.metrics = {metric};
    ClassComparisons result;
    result.metric = metric;
    result.test = wanted.test;
    result.versus = find_cell(summary, options.baseline);
    Differences of_classes;
    for (ClassFamily& family : compare_cells_by_class(summary, wanted, metric)) {
        for (Comparison& pair : family.pairs) {
            of_classes.push_back(
                difference_of(summary, family.class_name, std::move(pair), family.baseline));
        }
        result.classes.push_back(family.class_name);
    }
    if (result.classes.empty()) {
        return std::nullopt;
    }
    Differences of_means;
    const std::optional<double> mean = known_mean(summary.cells[result.versus], metric);
    if (mean) {
        for (Comparison& pair : compare_cells(summary, wanted)) {
            of_means.push_back(difference_of(summary, kMean, std::move(pair), mean));
        }
    }
    result.tested_classes = judge(of_classes, options);
    result.tested_means = judge(of_means, options);
    result.pairs = std::max(most_pairs(of_classes), most_pairs(of_means));
    result.differences = std::move(of_classes);
    std::move(of_means.begin(), of_means.end(), std::back_inserter(result.differences));
    return result;
}

const ClassDifference* find_difference(const ClassComparisons& comparisons,
                                       std::size_t cell,
                                       const std::string& class_name) {
    const auto found =
        std::find_if(comparisons.differences.begin(),
                     comparisons.differences.end(),
                     [&](const ClassDifference& difference) {
                         return difference.pair.cell == cell && difference.class_name == class_name;
                     });
    return found == comparisons.differences.end() ? nullptr : &*found;
}

}  // namespace harrow::analysis
