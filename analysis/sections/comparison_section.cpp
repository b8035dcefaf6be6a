#include <algorithm>
#include <map>

#include "analysis/sections/metrics_table.hpp"
#include "analysis/sections/sections.hpp"
#include "analysis/sections/values.hpp"
#include "analysis/statistics/test_result.hpp"

namespace harrow::analysis {
namespace {

using Pairs = std::vector<const Comparison*>;  // of one metric, in the order of the cells

/// The fair comparison with the largest gain; null where nothing gains, or no gain is known.
const Comparison* best_of(const Report& report, const std::string& metric, const Pairs& pairs) {
    const std::optional<sweeps::Goal> goal = goal_in(report, metric);
    const Comparison* best = nullptr;
    for (const Comparison* pair : pairs) {
        const double sign = goal == sweeps::Goal::Minimize ? -1 : 1;
        if (goal && pair->is_fair() && sign * pair->delta > 0 &&
            (best == nullptr || sign * pair->delta > sign * best->delta)) {
            best = pair;
        }
    }
    return best;
}

TableCell delta_cell(const Report& report, const Comparison& pair, const Comparison* best) {
    TableCell cell{value_text(report, pair.metric, pair.delta, true)};
    cell.is_number = true;
    const bool is_low = pair.p_adjusted && *pair.p_adjusted <= report.compare.alpha;
    cell.suffix = pair.is_fair() && is_low && pair.test != "bayes" ? "*" : "";
    cell.emphasis = &pair == best ? Emphasis::Best : Emphasis::None;
    cell.mark = pair.is_fair() ? "" : kLeftOutMark;
    cell.hint = pair.note;
    return cell;
}

/// Cells that are unfair in the same way share a note.
std::vector<std::string> unfair_notes(const Report& report, const Pairs& pairs) {
    std::map<std::string, std::vector<std::string>> cells;  // by what differs
    for (const Comparison* pair : pairs) {
        if (!pair->is_fair()) {
            auto& names = cells[difference_text(pair->unfair)];
            const std::string& name = report.summary.cells[pair->cell].info.name;
            if (std::find(names.begin(), names.end(), name) == names.end()) {
                names.push_back(name);
            }
        }
    }
    std::vector<std::string> notes;
    for (const auto& [what, names] : cells) {
        std::string note =
            std::string(kLeftOutMark) + " not a fair comparison (cell / baseline: " + what + "):";
        for (const std::string& name : names) {
            note += (name == names.front() ? " " : ", ") + name;
        }
        notes.push_back(note + ".");
    }
    return notes;
}

Table overview(const Report& report,
               const std::map<std::string, Pairs>& by_metric,
               const std::vector<std::string>& metrics) {
    Table table{"comparisons", "", {{"cell", "", true}}};
    std::map<std::size_t, TableRow> rows;  // by cell
    Pairs all;
    for (const std::string& metric : metrics) {
        for (const Comparison* pair : by_metric.at(metric)) {
            rows[pair->cell];
            all.push_back(pair);
        }
    }
    for (auto& [cell, row] : rows) {
        row.cells.push_back({report.summary.cells[cell].info.name});
    }
    for (const std::string& metric : metrics) {
        table.columns.push_back({"Δ " + metric_heading(report, metric)});
        const Pairs& pairs = by_metric.at(metric);
        const Comparison* best = best_of(report, metric, pairs);
        for (auto& [cell, row] : rows) {
            const auto found = std::find_if(
                pairs.begin(), pairs.end(), [&](const auto* pair) { return pair->cell == cell; });
            row.cells.push_back(found == pairs.end() ? TableCell{"–"}
                                                     : delta_cell(report, **found, best));
        }
    }
    for (auto& [cell, row] : rows) {
        table.rows.push_back(std::move(row));
    }
    table.notes = unfair_notes(report, all);
    return table;
}

Table details(const Report& report, const std::string& metric, const Pairs& pairs) {
    const auto named = std::find_if(
        pairs.begin(), pairs.end(), [](const auto* pair) { return !pair->effect_name.empty(); });
    const std::string effect = named == pairs.end() ? "effect" : (*named)->effect_name;
    Table table{"comparison-" + id_text(metric),
                metric_heading(report, metric),
                {{"cell", "", true},
                 {"Δ"},
                 {"95 % interval"},
                 {"p"},
                 {"p (" + report.compare.adjust + ")"},
                 {effect},
                 {"n"},
                 {"note", "", true}}};
    table.is_for_print = false;
    const Comparison* best = best_of(report, metric, pairs);
    for (const Comparison* pair : pairs) {
        const auto text = [&](double value) { return value_text(report, metric, value, true); };
        table.rows.push_back(
            {{{report.summary.cells[pair->cell].info.name},
              delta_cell(report, *pair, best),
              {pair->ci95 ? "[" + text(pair->ci95->low) + ", " + text(pair->ci95->high) + "]"
                          : "–"},
              {p_text(pair->p)},
              {p_text(pair->p_adjusted)},
              {pair->effect ? fixed_text(*pair->effect, 2) : "–"},
              {std::to_string(pair->n)},
              {pair->note}}});
    }
    return table;
}

/// "3 comparisons", "2 to 5 comparisons": that have a p, by metric.
std::string family_text(const Report& report) {
    std::map<std::string, std::size_t> tested;
    for (const Comparison& pair : report.comparisons) {
        tested[pair.metric] += pair.p ? 1 : 0;
    }
    const auto [least, most] =
        std::minmax_element(tested.begin(), tested.end(), [](const auto& a, const auto& b) {
            return a.second < b.second;
        });
    return (least->second == most->second ? "" : std::to_string(least->second) + " to ") +
           std::to_string(most->second) + (most->second == 1 ? " comparison" : " comparisons");
}

std::string lead_text(const Report& report, const std::string& baseline) {
    const ComparisonOptions& options = report.compare;
    const bool is_adjusted = options.adjust != "none";
    std::string text =
        "Δ = mean of the cell - mean of " + baseline + ", test " + options.test +
        (options.test == "welch" ? "" : " over common seeds") +
        (is_adjusted ? ", p adjusted by " + options.adjust + " over the " + family_text(report) +
                           " of a metric that could be tested; * adjusted p"
                     : std::string(", p is not adjusted; * p")) +
        " of at most " + note_number(options.alpha) + ".";
    if (!options.same.empty()) {
        text += " Must be equal:";
        for (const std::string& name : options.same) {
            text += " " + name + ",";
        }
        text += " data, seeds and epochs.";
    }
    return text;
}

}  // namespace

std::optional<Section> comparison_section(const Report& report) {
    if (report.comparisons.empty()) {
        return std::nullopt;
    }
    std::map<std::string, Pairs> by_metric;
    std::vector<std::string> shown, detailed;
    for (const Comparison& pair : report.comparisons) {
        Pairs& pairs = by_metric[pair.metric];
        pairs.push_back(&pair);
        const bool is_asked = !report.compare.metrics.empty();
        const bool is_objective = pair.metric == report.objective.metric;
        if (pairs.size() == 1 && (is_asked || is_objective || !is_continual(pair.metric))) {
            shown.push_back(pair.metric);
            if (is_asked || is_objective || pair.metric == "image_auroc" ||
                pair.metric == "pixel_ap") {
                detailed.push_back(pair.metric);
            }
        }
    }
    const std::string& baseline = report.summary.cells[report.comparisons.front().versus].info.name;
    Section section{"comparisons", "Comparisons with " + baseline, {}};
    section.blocks.emplace_back(Paragraph{lead_text(report, baseline)});
    if (!shown.empty()) {
        section.blocks.emplace_back(overview(report, by_metric, shown));
    }
    for (const std::string& metric : detailed) {
        section.blocks.emplace_back(details(report, metric, by_metric.at(metric)));
    }
    return section;
}

}  // namespace harrow::analysis
