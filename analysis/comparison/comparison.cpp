#include "analysis/comparison/comparison.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "analysis/comparison/pair_tests.hpp"
#include "analysis/comparison/rank_comparison.hpp"
#include "analysis/statistics/multiplicity.hpp"
#include "analysis/statistics/paired.hpp"
#include "analysis/statistics/test_result.hpp"
#include "sweeps/comparison_names.hpp"
#include "sweeps/error.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::analysis {
namespace {

using Names = std::vector<std::string>;
using Seeds = std::vector<std::uint64_t>;

void require_known(const std::string& what, const std::string& name, const Names& known) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
        throw sweeps::UsageError("no " + what + " is called '" + name + "'" +
                                 sweeps::suggestion(name, known));
    }
}

/// Every name of `same` means a parameter of Harrow or a column of an import.
void require_settings(const Summary& summary, const Names& same) {
    Names known;
    for (const CellSummary& cell : summary.cells) {
        for (const auto& [name, text] : cell.info.settings) {
            if (std::find(known.begin(), known.end(), name) == known.end()) {
                known.push_back(name);
            }
        }
    }
    for (const std::string& wanted : same) {
        if (sweeps::find_parameter(wanted) == nullptr &&
            std::none_of(known.begin(), known.end(), [&](const std::string& name) {
                return names_setting(wanted, name);
            })) {
            require_known("parameter", wanted, known);
        }
    }
}

const MetricSummary* measured(const CellSummary& cell, const std::string& metric) {
    const auto found = cell.metrics.find(metric);
    return found != cell.metrics.end() && found->second.statistics.mean ? &found->second : nullptr;
}

std::vector<double> values_at(const CellSummary& cell, const std::string& metric, const Seeds& at) {
    std::vector<double> values;
    for (const std::uint64_t seed : at) {
        values.push_back(measured(cell, metric)->values.at(seed));
    }
    return values;
}

void append(std::string& text, const std::string& more) {
    text += (text.empty() || more.empty() ? "" : "; ") + more;
}

std::string left_out_text(const Seeds& of_cell, const Seeds& of_versus, const Seeds& common) {
    std::string text;
    const auto add = [&](const Seeds& seeds, const std::string& whose) {
        Seeds left_out;
        std::set_difference(
            seeds.begin(), seeds.end(), common.begin(), common.end(), std::back_inserter(left_out));
        if (!left_out.empty()) {
            append(text, "seeds of " + whose + " alone left out: " + seeds_text(left_out));
        }
    };
    add(of_cell, "the cell");
    add(of_versus, "the baseline");
    return text;
}

/// But for rounding.
bool is_same(const std::vector<double>& values) {
    return paired_differences(values, std::vector<double>(values.size(), values.front()))
               .num_zero() == values.size();
}

/// What does not depend on the metric.
struct CellDifferences {
    std::vector<SettingDifference> unfair;
    std::string others;   ///< text of the differences that are studied
    std::string unknown;  ///< which of `same` an import does not tell
};

CellDifferences cell_differences(const CellInfo& cell, const CellInfo& versus, const Names& same) {
    CellDifferences result{unfair_differences(cell, versus, same), {}, {}};
    std::vector<SettingDifference> others = setting_differences(cell, versus);
    others.erase(std::remove_if(others.begin(),
                                others.end(),
                                [&](const SettingDifference& difference) {
                                    return std::find(result.unfair.begin(),
                                                     result.unfair.end(),
                                                     difference) != result.unfair.end();
                                }),
                 others.end());
    result.others = others.empty() ? "" : "differs in " + short_difference_text(others);
    for (const std::string& wanted : same) {
        const auto is_silent = [&](const CellInfo& info) {
            return info.is_import &&
                   std::none_of(info.settings.begin(), info.settings.end(), [&](const auto& entry) {
                       return names_setting(wanted, entry.first);
                   });
        };
        if (is_silent(cell) || is_silent(versus)) {
            append(result.unknown, wanted + " is not known");
        }
    }
    return result;
}

/// Compares in one metric.
class MetricComparisons {
public:
    MetricComparisons(const Summary& summary,
                      const ComparisonOptions& options,
                      const std::vector<CellDifferences>& differences,
                      std::size_t baseline,
                      const std::string& metric,
                      PosteriorMemo& posteriors)
        : summary_(summary),
          options_(options),
          differences_(differences),
          baseline_(baseline),
          metric_(metric),
          units_(summary, metric),
          rope_(practical_equivalence(metric,
                                      units_.point(summary.cells[baseline].info.run, metric))),
          posteriors_(posteriors),
          ranks_(summary, metric, baseline, options.alpha) {}

    Comparison compare(std::size_t index) {
        const CellSummary& cell = summary_.cells[index];
        const CellSummary& versus = summary_.cells[baseline_];
        Comparison comparison;
        comparison.cell = index;
        comparison.versus = baseline_;
        comparison.metric = metric_;
        comparison.test = options_.test;
        comparison.delta = *known_mean(cell, metric_) - *known_mean(versus, metric_);
        comparison.unfair = differences_[index].unfair;
        add_seed_difference(comparison.unfair, cell, versus, metric_);
        add_unit_difference(comparison.unfair, cell, versus, metric_, units_);
        if (measured(cell, metric_) != nullptr && measured(versus, metric_) != nullptr) {
            test(comparison, cell, versus);
        } else {
            const bool is_cell = measured(cell, metric_) == nullptr;
            comparison.note = std::string(is_cell ? "the cell's" : "the baseline's") +
                              " value is published, without seeds: shown, never tested";
        }
        add_differences(comparison, differences_[index]);
        return comparison;
    }

private:
    void test(Comparison& comparison, const CellSummary& cell, const CellSummary& versus) {
        const Seeds of_cell = seeds_of(cell, metric_), of_versus = seeds_of(versus, metric_);
        Seeds common;
        std::set_intersection(of_cell.begin(),
                              of_cell.end(),
                              of_versus.begin(),
                              of_versus.end(),
                              std::back_inserter(common));
        const bool is_paired = options_.test != "welch";
        comparison.n = is_paired ? common.size() : std::min(of_cell.size(), of_versus.size());
        if (is_paired) {
            comparison.note = left_out_text(of_cell, of_versus, common);
            if (common.empty()) {
                append(comparison.note,
                       "no seed is shared: nothing to pair, delta is of all seeds");
                return;
            }
        }
        const std::vector<double> x = values_at(cell, metric_, is_paired ? common : of_cell);
        const std::vector<double> y = values_at(versus, metric_, is_paired ? common : of_versus);
        comparison.delta = *sample_statistics(x).mean - *sample_statistics(y).mean;
        PairOutcome outcome =
            options_.test == "friedman"
                ? ranks_.compare(comparison.cell, common)
                : pair_test(options_.test, x, y, options_.alpha, rope_, &posteriors_);
        if (options_.test == "friedman") {
            outcome.ci95 = pair_test("paired_t", x, y, options_.alpha, rope_).ci95;
        }
        comparison.p = outcome.p;
        comparison.effect = outcome.effect;
        comparison.effect_name = outcome.effect_name;
        comparison.ci95 = outcome.ci95;
        comparison.is_constant = x.size() > 1 && y.size() > 1 && is_same(x) && is_same(y);
        if (comparison.is_constant && !is_same({x.front(), y.front()})) {
            comparison.p = comparison.effect = std::nullopt;
            comparison.ci95 = std::nullopt;
            outcome.notes = {
                "the seeds make no difference to either cell: a single observation, "
                "nothing to test"};
        }
        for (const std::string& note : outcome.notes) {
            append(comparison.note, note);
        }
    }

    static void add_differences(Comparison& comparison, const CellDifferences& differences) {
        if (!comparison.is_fair()) {
            append(comparison.note, "not a fair comparison: " + difference_text(comparison.unfair));
        }
        append(comparison.note, differences.others);
        append(comparison.note, differences.unknown);
    }

    const Summary& summary_;
    const ComparisonOptions& options_;
    const std::vector<CellDifferences>& differences_;
    std::size_t baseline_;
    const std::string& metric_;
    Units units_;
    double rope_;
    PosteriorMemo& posteriors_;
    RankComparison ranks_;
};

/// Tests of signs and ranks have a smallest p, which holm and bonferroni multiply.
void add_reach_notes(std::vector<Comparison>& family, const ComparisonOptions& options) {
    const bool is_exact = options.test == "wilcoxon" || options.test == "permutation";
    if (!is_exact || (options.adjust != "holm" && options.adjust != "bonferroni")) {
        return;
    }
    std::size_t tests = 0, pairs = 0;
    for (const Comparison& comparison : family) {
        tests += comparison.p ? 1 : 0;
        pairs = std::max(pairs, comparison.p ? comparison.n : 0);
    }
    const double alone = std::ldexp(2.0, -static_cast<int>(pairs));
    const double smallest = std::min(1.0, alone * static_cast<double>(tests));
    if (alone > options.alpha || smallest <= options.alpha) {
        return;  // the test's own note says so, or there is nothing to say
    }
    for (Comparison& comparison : family) {
        if (comparison.p) {
            append(comparison.note,
                   "after " + options.adjust + " over " + std::to_string(tests) +
                       " tests p is at least " + note_number(smallest) + ": " +
                       note_number(options.alpha) + " is out of reach");
        }
    }
}

/// Nemenyi's p is one over all pairs already, and a posterior is no p value: they stay as they are.
void adjust(std::vector<Comparison>& family, const ComparisonOptions& options) {
    std::vector<std::optional<double>> p;
    for (const Comparison& comparison : family) {
        p.push_back(comparison.p);
    }
    if (options.test != "friedman" && options.test != "bayes") {
        p = adjust_p_values(p, adjustment_of(options.adjust));
    }
    for (std::size_t i = 0; i < family.size(); ++i) {
        family[i].p_adjusted = p[i];
    }
}

using AllDifferences = std::vector<CellDifferences>;

AllDifferences all_differences(const Summary& summary,
                               std::size_t baseline,
                               const ComparisonOptions& options) {
    AllDifferences differences;
    for (const CellSummary& cell : summary.cells) {
        differences.push_back(
            cell_differences(cell.info, summary.cells[baseline].info, options.same));
    }
    return differences;
}

void require_names(const Summary& summary, const ComparisonOptions& options, const Names& known) {
    require_known("test", options.test, sweeps::comparison_tests());
    require_known("adjustment", options.adjust, sweeps::comparison_adjustments());
    for (const std::string& metric : options.metrics) {
        require_known("metric of these results", metric, known);
    }
    require_settings(summary, options.same);
}

/// Not adjusted; empty where the baseline has no value.
std::vector<Comparison> family_of(const Summary& summary,
                                  const ComparisonOptions& options,
                                  const AllDifferences& differences,
                                  std::size_t baseline,
                                  const std::string& metric,
                                  PosteriorMemo& posteriors) {
    std::vector<Comparison> family;
    if (!known_mean(summary.cells[baseline], metric)) {
        return family;
    }
    MetricComparisons pairs(summary, options, differences, baseline, metric, posteriors);
    for (std::size_t i = 0; i < summary.cells.size(); ++i) {
        if (i != baseline && known_mean(summary.cells[i], metric)) {
            family.push_back(pairs.compare(i));
        }
    }
    return family;
}

/// Cells that know one metric, of their classes alone.
Summary class_summary(const Summary& summary, const std::string& metric) {
    Summary result;
    for (const CellSummary& cell : summary.cells) {
        CellSummary& copy = result.cells.emplace_back();
        copy.info = cell.info;
        for (const auto& [class_name, table] : cell.classes) {
            const auto found = table.find(metric);
            if (found != table.end()) {
                copy.classes[class_name].insert(*found);
            }
        }
    }
    result.metrics = {metric};
    result.classes = summary.classes;
    return result;
}

/// Puts what a class has where means over classes stand.
void show_class(const Summary& summary, const std::string& class_name, Summary& shown) {
    for (std::size_t i = 0; i < shown.cells.size(); ++i) {
        CellSummary& cell = shown.cells[i];
        const auto values = cell.classes.find(class_name);
        cell.metrics = values == cell.classes.end() ? MetricTable() : values->second;
        const auto& published = summary.cells[i].info.published;
        const auto known = published.find(class_name);
        if (known != published.end()) {
            cell.info.published["mean"] = known->second;
        } else {
            cell.info.published.erase("mean");
        }
    }
}

}  // namespace

Adjustment adjustment_of(const std::string& name) {
    return name == "holm"         ? Adjustment::Holm
           : name == "bonferroni" ? Adjustment::Bonferroni
           : name == "bh"         ? Adjustment::Bh
                                  : Adjustment::None;
}

std::vector<Comparison> compare_cells(const Summary& summary, const ComparisonOptions& options) {
    if (options.baseline.empty()) {
        return {};
    }
    const Names known = all_metrics(summary);
    require_names(summary, options, known);
    const std::size_t baseline = find_cell(summary, options.baseline);
    const AllDifferences differences = all_differences(summary, baseline, options);
    std::vector<Comparison> comparisons;
    PosteriorMemo posteriors;
    for (const std::string& metric : options.metrics.empty() ? known : options.metrics) {
        std::vector<Comparison> family =
            family_of(summary, options, differences, baseline, metric, posteriors);
        adjust(family, options);
        add_reach_notes(family, options);
        std::move(family.begin(), family.end(), std::back_inserter(comparisons));
    }
    return comparisons;
}

std::vector<ClassFamily> compare_cells_by_class(const Summary& summary,
                                                const ComparisonOptions& options,
                                                const std::string& metric) {
    require_names(summary, options, {metric});
    const std::size_t baseline = find_cell(summary, options.baseline);
    const AllDifferences differences = all_differences(summary, baseline, options);
    Summary shown = class_summary(summary, metric);
    std::vector<ClassFamily> families;
    PosteriorMemo posteriors;
    for (const std::string& class_name : summary.classes) {
        show_class(summary, class_name, shown);
        const std::optional<double> mean = known_mean(shown.cells[baseline], metric);
        if (mean) {
            families.push_back(
                {class_name,
                 mean,
                 family_of(shown, options, differences, baseline, metric, posteriors)});
        }
    }
    return families;
}

}  // namespace harrow::analysis
