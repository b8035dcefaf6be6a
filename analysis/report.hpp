#pragma once

#include <string>
#include <vector>

#include "analysis/comparison/class_comparison.hpp"
#include "analysis/comparison/comparison.hpp"
#include "analysis/document/document.hpp"
#include "analysis/selection/selection.hpp"
#include "analysis/summary.hpp"
#include "analysis/units.hpp"
#include "sweeps/sweep.hpp"

namespace harrow::analysis {

/// A table that a sweep or the user asks for.
struct WantedTable {
    sweeps::TableSpec spec;
    std::string run = {};  ///< whose cells it is about; empty: all
};

/// What every format prints. Equal reports give equal bytes.
struct Report {
    std::string name;  ///< of the sweep
    sweeps::Objective objective;
    Summary summary;
    Selection selection;
    bool percent = false;  ///< text formats multiply fractions by 100
    Units units = {};      ///< of the summary's values; make_report() looks once
    ComparisonOptions compare = {};
    std::vector<Comparison> comparisons = {};
    std::vector<ClassComparisons> class_comparisons = {};  ///< of the metrics that get tables
    std::vector<WantedTable> tables = {};                  ///< for papers
    Gallery gallery = {};  ///< failures of the selected cell; empty where no images are at hand
};

Report make_report(std::string name,
                   sweeps::Objective objective,
                   Summary summary,
                   bool percent = false);

/// Fills `comparisons` and, where there are several classes, `class_comparisons`, and finds the
/// cells tied with the selected one by the same test where it is one for pairs of seeds. Throws
/// sweeps::UsageError as compare_cells().
void compare_report(Report& report, ComparisonOptions options);

/// How one metric is printed in text: 4 decimals of fractions, else 2; as they are, with 4, where
/// runs give it in two units.
struct MetricFormat {
    int decimals = 4;
    double factor = 1;
};
MetricFormat metric_format(const Report& report, const std::string& metric);

/// Decimal text without a negative zero.
std::string fixed_text(double value, int decimals);
/// `0.9803 ± 0.0019 (3)`; without ± for one seed; `–` when absent.
std::string mean_std_text(const MetricSummary* summary, const MetricFormat& format);
/// The same for a table; "–" when absent.
TableCell metric_cell(const MetricSummary* summary, const MetricFormat& format);
/// Null when the cell has no value.
const MetricSummary* find_metric(const MetricTable& table, const std::string& metric);

/// Metrics of the main tables (measured after each task) and those of whole sequences.
bool is_continual(const std::string& metric);
/// `image_auroc`, with ` (%)` where fractions are multiplied.
std::string metric_heading(const Report& report, const std::string& metric);

/// Lower-case letters, digits and hyphens: for the ids of a document.
std::string id_text(const std::string& name);

/// Two sentences: the selected cell, its value, and what the selection rests on.
std::string best_text(const Report& report);

/// A metric's value or a difference of two in the text's unit, with the metric's decimals;
/// "+0.0012" with `is_signed`.
std::string value_text(const Report& report,
                       const std::string& metric,
                       double value,
                       bool is_signed = false);

}  // namespace harrow::analysis
