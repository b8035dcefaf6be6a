#include "analysis/paper/row_matching.hpp"

#include <algorithm>

#include "sweeps/parameters.hpp"

namespace harrow::analysis {
namespace {

using Kind = sweeps::TableRowSpec::Kind;

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// Its label or its name, without the run that several runs put in front of it.
std::string label_of(const CellInfo& cell) {
    const std::string run = cell.run + "/";
    const bool has_run = cell.name.size() > run.size() && cell.name.rfind(run, 0) == 0;
    return !cell.label.empty() ? cell.label : has_run ? cell.name.substr(run.size()) : cell.name;
}

bool is_called(const CellInfo& cell, const std::string& name) {
    return cell.name == name || cell.label == name || cell.id == name || contains(cell.names, name);
}

std::string did_you_mean(const std::string& name, const std::vector<std::string>& known) {
    const std::string nearest = sweeps::nearest_name(name, known);
    return nearest.empty() ? "; harrow report without --tables lists their names"
                           : "; did you mean " + nearest + "?";
}

void report_unknown(const sweeps::TableRowSpec& row,
                    const Summary& summary,
                    std::vector<sweeps::Problem>& problems) {
    const bool is_tag = row.kind == Kind::Tag;
    std::vector<std::string> known;
    for (const CellSummary& cell : summary.cells) {
        const auto& names = is_tag ? cell.info.tags : cell.info.names;
        known.insert(known.end(), names.begin(), names.end());
        if (!is_tag) {
            known.push_back(cell.info.name);
            known.push_back(cell.info.label);
        }
    }
    for (const std::string& name : row.names) {
        problems.push_back(
            problem_at(row.place,
                       is_tag ? "tables.rows.tag" : "tables.rows.cell",
                       std::string(is_tag ? "no cell has the tag '" : "no cell is named '") + name +
                           "'" + did_you_mean(name, known)));
    }
}

/// ASCII letters in lower case.
std::string lowered(std::string text) {
    for (char& c : text) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return text;
}

PaperRow row_of_cells(const sweeps::TableRowSpec& spec, const Summary& summary) {
    PaperRow row{&spec, spec.label, {}, spec.rule_above};
    for (std::size_t i = 0; i < summary.cells.size(); ++i) {
        const CellInfo& cell = summary.cells[i].info;
        if (std::any_of(spec.names.begin(), spec.names.end(), [&](const std::string& name) {
                return is_called(cell, name);
            })) {
            row.cells.push_back(i);
        }
    }
    if (row.label.empty()) {
        row.label = row.cells.empty() ? spec.names.empty() ? "" : spec.names.front()
                                      : label_of(summary.cells[row.cells.front()].info);
    }
    return row;
}

std::vector<PaperRow> rows_of_tag(const sweeps::TableRowSpec& spec, const Summary& summary) {
    std::vector<PaperRow> rows;
    for (std::size_t i = 0; i < summary.cells.size(); ++i) {
        const CellInfo& cell = summary.cells[i].info;
        if (!contains(cell.tags, spec.names.front())) {
            continue;
        }
        const auto found = std::find_if(rows.begin(), rows.end(), [&](const PaperRow& row) {
            return row.label == label_of(cell);
        });
        if (found != rows.end()) {
            found->cells.push_back(i);
        } else {
            rows.push_back({&spec, label_of(cell), {i}, rows.empty() && spec.rule_above});
        }
    }
    return rows;
}

}  // namespace

std::vector<PaperRow> paper_rows(const sweeps::TableSpec& spec,
                                 const Summary& summary,
                                 std::vector<sweeps::Problem>& problems) {
    std::vector<PaperRow> rows;
    for (const sweeps::TableRowSpec& row_spec : spec.rows) {
        if (row_spec.kind == Kind::Published) {
            rows.push_back({&row_spec, row_spec.label, {}, row_spec.rule_above});
            continue;
        }
        std::vector<PaperRow> found = row_spec.kind == Kind::Tag
                                          ? rows_of_tag(row_spec, summary)
                                          : std::vector{row_of_cells(row_spec, summary)};
        if (found.empty() || found.front().cells.empty()) {
            report_unknown(row_spec, summary, problems);
        }
        if (found.empty()) {
            found = {{&row_spec, row_spec.names.front(), {}, row_spec.rule_above}};
        }
        rows.insert(rows.end(), found.begin(), found.end());
    }
    return rows;
}

bool is_on_dataset(const CellInfo& cell,
                   const sweeps::TableSpec& spec,
                   const std::string& dataset) {
    if (dataset.empty()) {
        return true;
    }
    const auto aliases = spec.datasets.find(dataset);
    std::vector<std::string> wanted = {dataset};
    if (aliases != spec.datasets.end()) {
        wanted = aliases->second;
    }
    return std::any_of(wanted.begin(), wanted.end(), [&](const std::string& name) {
        return std::any_of(
            cell.data_names.begin(), cell.data_names.end(), [&](const std::string& known) {
                return lowered(known) == lowered(name);
            });
    });
}

std::optional<std::size_t> cell_in_group(const PaperRow& row,
                                         const sweeps::TableGroupSpec& group,
                                         const sweeps::TableSpec& spec,
                                         const Summary& summary,
                                         std::vector<sweeps::Problem>& problems) {
    std::vector<std::size_t> found;
    std::string names;
    for (const std::size_t i : row.cells) {
        const CellInfo& cell = summary.cells[i].info;
        if (is_on_dataset(cell, spec, group.dataset)) {
            found.push_back(i);
            names += (names.empty() ? "" : ", ") + cell.name + " of run " + cell.run;
        }
    }
    if (found.size() > 1) {
        problems.push_back(problem_at(
            row.spec->place,
            "tables.rows",
            "the row '" + row.label + "' has " + std::to_string(found.size()) + " cells" +
                (group.dataset.empty() ? "" : " on dataset " + group.dataset) + ": " + names +
                "; tell them apart by the columns' datasets, or name one"));
    }
    return found.size() == 1 ? std::optional(found.front()) : std::nullopt;
}

}  // namespace harrow::analysis
