#include "analysis/paper/paper_table.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "analysis/paper/column_ranking.hpp"
#include "analysis/paper/paper_notes.hpp"
#include "analysis/paper/paper_values.hpp"
#include "analysis/paper/row_matching.hpp"
#include "analysis/report.hpp"
#include "sweeps/metric_kind.hpp"
#include "sweeps/metric_names.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::analysis {
namespace {

using Arrow = sweeps::TableColumnSpec::Arrow;

constexpr const char* kNone = "–";
constexpr const char* kDagger = "†";

class TableBuilder {
public:
    TableBuilder(const sweeps::TableSpec& spec,
                 const Summary& summary,
                 const std::vector<std::string>& same,
                 std::vector<sweeps::Problem>& problems)
        : spec_(spec),
          summary_(summary),
          same_(same),
          problems_(problems),
          paper_values_(summary, spec.percent),
          rows_(paper_rows(spec, summary, problems)) {}

    Table build() {
        table_.id = "paper-" + spec_.name;
        table_.caption = spec_.caption;
        table_.columns.push_back({"method", "", true});
        for (const PaperRow& row : rows_) {
            TableCell label{row.label};
            label.cite = row.spec->cite;
            if (!row.cells.empty()) {
                label.hint = summary_.cells[row.cells.front()].info.name;
            }
            table_.rows.push_back({{std::move(label)}, row.rule_above});
        }
        for (const sweeps::TableGroupSpec& group : spec_.groups) {
            add_group(group);
        }
        add_seed_counts();
        table_.notes = notes_text(notes_, spec_, same_);
        return std::move(table_);
    }

private:
    void add_group(const sweeps::TableGroupSpec& group) {
        std::vector<std::optional<std::size_t>> cells;
        for (const PaperRow& row : rows_) {
            cells.push_back(cell_in_group(row, group, spec_, summary_, problems_));
        }
        const auto on_dataset = [&](const CellSummary& cell) {
            return is_on_dataset(cell.info, spec_, group.dataset);
        };
        if (!std::any_of(summary_.cells.begin(), summary_.cells.end(), on_dataset)) {
            report_no_dataset(group);
        }
        for (const sweeps::TableColumnSpec& column : group.columns) {
            require_metric(column);
            add_column(group, column, cells);
        }
    }

    void report_no_dataset(const sweeps::TableGroupSpec& group) {
        std::vector<std::string> known;
        std::string listed;
        for (const CellSummary& cell : summary_.cells) {
            for (const std::string& name : cell.info.data_names) {
                if (std::find(known.begin(), known.end(), name) == known.end()) {
                    known.push_back(name);
                    listed += (listed.empty() ? "" : ", ") + name;
                }
            }
        }
        problems_.push_back(problem_at(
            group.place,
            "tables.columns.dataset",
            "no cell was run on '" + group.dataset + "'; runs and data here are called " + listed +
                "; bind it as in datasets: {" + group.dataset + ": RUN}"));
    }

    void require_metric(const sweeps::TableColumnSpec& column) {
        const auto& known = summary_.metrics;
        bool is_known = sweeps::is_metric(column.metric) ||
                        std::find(known.begin(), known.end(), column.metric) != known.end();
        for (const CellSummary& cell : summary_.cells) {
            for (const auto& [class_name, metrics] : cell.info.published) {
                is_known = is_known || metrics.count(column.metric) != 0;
            }
        }
        if (!is_known) {
            std::vector<std::string> candidates = sweeps::metric_names();
            candidates.insert(candidates.end(), known.begin(), known.end());
            problems_.push_back(problem_at(column.place,
                                           "tables.columns.metric",
                                           "unknown metric '" + column.metric + "'" +
                                               sweeps::suggestion(column.metric, candidates)));
        }
    }

    RankingRules rules_for(const sweeps::TableColumnSpec& column) const {
        const std::optional<sweeps::Goal> goal = sweeps::known_goal(column.metric);
        RankingRules rules;
        rules.is_higher_better = column.arrow != Arrow::Down &&
                                 (column.arrow == Arrow::Up || goal != sweeps::Goal::Minimize);
        const bool has_direction = column.arrow != Arrow::None || goal;
        rules.bold = spec_.bold && has_direction;
        rules.underline = has_direction ? spec_.underline : sweeps::Underline::None;
        rules.rank_published = spec_.rank_published;
        rules.same = same_;
        return rules;
    }

    void add_column(const sweeps::TableGroupSpec& group,
                    const sweeps::TableColumnSpec& column,
                    const std::vector<std::optional<std::size_t>>& cells) {
        std::string heading = column.label.empty() ? column.metric : column.label;
        heading += column.arrow == Arrow::Up ? " ↑" : column.arrow == Arrow::Down ? " ↓" : "";
        std::string group_heading = group.label;
        if (group_heading.empty()) {
            group_heading = group.dataset;
            group_heading += group_heading.empty() || group.class_name.empty() ? "" : " ";
            group_heading += group.class_name;
        }
        std::vector<PaperValue> values;
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            values.push_back(paper_values_.find(rows_[i], cells[i], group, column));
        }
        const RankingRules rules = rules_for(column);
        const bool ranks = rules.bold || rules.underline != sweeps::Underline::None;
        const std::vector<RankedValue> ranked =
            ranks ? rank_column(values, rules) : std::vector<RankedValue>(values.size());
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            table_.rows[i].cells.push_back(table_cell(values[i], ranked[i], column, i));
            if (!values[i].mean) {
                notes_.empty.push_back(rows_[i].label + " (" +
                                       (group_heading.empty() ? "" : group_heading + " ") +
                                       (column.label.empty() ? column.metric : column.label) + ")");
            }
        }
        values_.push_back(std::move(values));
        table_.columns.push_back({std::move(heading), std::move(group_heading)});
    }

    TableCell table_cell(const PaperValue& value,
                         const RankedValue& rank,
                         const sweeps::TableColumnSpec& column,
                         std::size_t row) {
        if (!value.mean) {
            return {kNone};
        }
        TableCell cell{value.text};
        cell.is_number = true;
        auto& published = notes_.published;
        const std::string& label = rows_[row].label;
        if (value.summary == nullptr &&
            std::find(published.begin(), published.end(), label) == published.end()) {
            published.push_back(label);
        }
        if (value.std && column.spread) {
            cell.spread = fixed_text(*value.std, column.digits);
        }
        cell.emphasis = rank.emphasis;
        notes_.has_best = notes_.has_best || rank.emphasis == Emphasis::Best;
        notes_.has_tie = notes_.has_tie || rank.emphasis == Emphasis::Tie;
        if (!rank.why_not.empty()) {
            cell.mark = kDagger;
            cell.hint = rank.why_not;
            notes_.not_ranked[label].insert(rank.why_not);
        }
        return cell;
    }

    /// "(4/5)" where seeds are missing, "(3)" where values rest on different numbers of seeds.
    void add_seed_counts() {
        for (const auto& column : values_) {
            for (const PaperValue& value : column) {
                if (value.summary != nullptr && value.summary->missing.empty()) {
                    notes_.all_n.insert(value.summary->statistics.n);
                }
            }
        }
        for (std::size_t c = 0; c < values_.size(); ++c) {
            for (std::size_t r = 0; r < rows_.size(); ++r) {
                const MetricSummary* summary = values_[c][r].summary;
                if (summary == nullptr) {
                    continue;
                }
                const std::size_t n = summary->statistics.n;
                std::string& suffix = table_.rows[r].cells[c + 1].suffix;
                if (!summary->missing.empty()) {
                    suffix = "(" + std::to_string(n) + "/" +
                             std::to_string(n + summary->missing.size()) + ")";
                    notes_.unfinished.insert(rows_[r].label);
                } else if (notes_.all_n.size() > 1) {
                    suffix = "(" + std::to_string(n) + ")";
                }
            }
        }
    }

    const sweeps::TableSpec& spec_;
    const Summary& summary_;
    const std::vector<std::string>& same_;
    std::vector<sweeps::Problem>& problems_;
    const PaperValues paper_values_;
    const std::vector<PaperRow> rows_;
    std::vector<std::vector<PaperValue>> values_;  // [column][row]
    Table table_;
    PaperNotes notes_;
};

}  // namespace

Table paper_table(const sweeps::TableSpec& spec,
                  const Summary& summary,
                  const std::vector<std::string>& same,
                  std::vector<sweeps::Problem>& problems) {
    return TableBuilder(spec, summary, same, problems).build();
}

}  // namespace harrow::analysis
