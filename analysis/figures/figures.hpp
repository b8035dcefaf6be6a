#pragma once

#include <optional>
#include <vector>

#include "analysis/document/document.hpp"
#include "analysis/report.hpp"

/// One function per kind of figure, each in a file of its name. Absent or empty: the data has
/// nothing to draw. Cells are ordered by the objective, best first; where there are too many for a
/// picture, the first ones are drawn and the caption says so.
namespace harrow::analysis {

/// Mean, 95 % t interval and seeds of each cell.
std::optional<Figure> means_figure(const Report& report);
/// Mean over the classes seen, after each task.
std::vector<Figure> learning_curve_figures(const Report& report);
/// R[after task][class] of a basic metric.
std::vector<Figure> matrix_figures(const Report& report);
/// Two metrics against each other, with the cells that none beats in both.
std::optional<Figure> pareto_figure(const Report& report);
/// Mean ranks over the seeds, and which of them Nemenyi's test cannot tell apart (Demsar 2006).
std::optional<Figure> critical_difference_figure(const Report& report);
/// Means over two parameters of a full grid, everything else equal.
std::optional<Figure> interaction_figure(const Report& report);

/// Puts all of them into the sections they belong to.
void add_figures(const Report& report, Document& document);

}  // namespace harrow::analysis
