#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analysis/comparison/paired_delta.hpp"
#include "analysis/document/document.hpp"
#include "analysis/report.hpp"

/// What sections share: which metrics and cells they show, and how one value is written.
namespace harrow::analysis {

/// Those asked for; else image_auroc, pixel_auroc, pixel_ap and the objective's as far as there are
/// values, in the fixed order.
std::vector<std::string> shown_metrics(const Report& report);
/// image_auroc, pixel_ap and the objective's metric as far as there are values: those that get a
/// table of their own.
std::vector<std::string> key_metrics(const Report& report);
/// That of the objective, else of the first metric there is.
std::string main_metric(const Report& report);
/// The objective's of its metric, else sweeps::known_goal(): where that is absent nothing is best
/// or ranked.
std::optional<sweeps::Goal> goal_in(const Report& report, const std::string& metric);

std::optional<std::size_t> report_baseline(const Report& report);

/// All cells, or of many the baseline, the selected one and the best, `limit` in all; in their
/// order.
std::vector<std::size_t> shown_cells(const Report& report,
                                     const std::string& metric,
                                     std::size_t limit);
/// "40 of 1000 cells: the baseline, …"; empty when all are shown.
std::string left_out_note(std::size_t shown, std::size_t all);

/// Mean ± std (n); a published one with "published" behind it.
TableCell value_cell(const Report& report, const CellSummary& cell, const std::string& metric);
/// "+0.27"; "–" where there is none; † where the seeds are not the same.
TableCell delta_cell(const Report& report,
                     const std::string& metric,
                     const std::optional<PairedDelta>& delta);
/// What † says there.
std::string delta_note();
/// What a reader must know of these metrics lest they be taken for others of a like name: F1 at a
/// threshold of our own, AnomalyVFM's AUC-PRO. One note each.
std::vector<std::string> metric_notes(const Report& report,
                                      const std::vector<std::string>& metrics);
TableCell number_cell(const std::string& text);
TableCell absent_cell();
/// With a sign, in the metric's format.
std::string signed_text(double value, const MetricFormat& format);
/// "0.0312", "< 0.0001", "–".
std::string p_text(const std::optional<double>& p);
/// "Δ image_auroc", with its unit.
std::string delta_heading(const Report& report, const std::string& metric);

}  // namespace harrow::analysis
