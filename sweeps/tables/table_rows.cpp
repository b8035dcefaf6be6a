#include "sweeps/tables/table_rows.hpp"

#include <algorithm>
#include <cmath>

#include "sweeps/metric_names.hpp"

namespace harrow::sweeps {
namespace {

using Kind = TableRowSpec::Kind;

constexpr const char* kValues = "tables.rows.values";

/// What BibTeX allows, less what LaTeX would read as its own.
bool is_citation(const std::string& text) {
    return is_name(text) && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      std::string("-_:./+").find(c) != std::string::npos;
           });
}

/// Of these less than 1 per cent is a likely value.
bool is_difference(const std::string& metric) {
    const std::size_t dot = metric.rfind('.');
    const std::string suffix = dot == std::string::npos ? "" : metric.substr(dot);
    return suffix == ".fm" || suffix == ".bwt";
}

class RowReader {
public:
    RowReader(const TableSpec& table, TableFields& fields)
        : table_(table), fields_(fields), datasets_(dataset_names(table)) {
        has_datasets_ = std::any_of(datasets_.begin(),
                                    datasets_.end(),
                                    [](const std::string& name) { return !name.empty(); });
    }

    TableRowSpec read(const YamlNode& node) {
        TableRowSpec row;
        row.place = node.place;
        const YamlNode* cell = find_member(node, "cell");
        const bool is_tag = find_member(node, "tag") != nullptr;
        const bool is_published = find_member(node, "published") != nullptr;
        if ((cell != nullptr) + is_tag + is_published != 1) {
            fields_.check_keys(node,
                               "tables.rows",
                               {"cell", "tag", "published", "label", "cite", "values", "unit"});
            fields_.report(
                node.place, "tables.rows", "a row has exactly one of cell, tag and published");
            return row;
        }
        row.cite = fields_.text(node,
                                "cite",
                                "tables.rows.cite",
                                "expected a BibTeX key: letters, digits and - _ : . / +",
                                is_citation);
        if (is_published) {
            fields_.check_keys(node, "tables.rows", {"published", "cite", "values", "unit"});
            row.kind = Kind::Published;
            row.label = fields_.text(node, "published", "tables.rows.published");
            read_values(node, row);
        } else if (is_tag) {
            fields_.check_keys(node, "tables.rows", {"tag"});
            row.kind = Kind::Tag;
            row.names = {fields_.text(node, "tag", "tables.rows.tag")};
        } else {
            fields_.check_keys(node, "tables.rows", {"cell", "label", "cite"});
            row.label = fields_.text(node, "label", "tables.rows.label");
            row.names =
                fields_.names(*cell, "tables.rows.cell", "expected a cell's name, or a list");
        }
        return row;
    }

private:
    /// {metric: value}, or {dataset: {metric: value}} where the columns have datasets.
    void read_values(const YamlNode& row_node, TableRowSpec& row) {
        const YamlNode* node = find_member(row_node, "values");
        if (node == nullptr) {
            fields_.report(row_node.place, kValues, "missing; give the published values");
            return;
        }
        if (!fields_.expect_map(*node,
                                kValues,
                                has_datasets_
                                    ? "expected a mapping such as {mvtec: {image_auroc: 93.0}}"
                                    : "expected a mapping such as {image_auroc: 93.0}")) {
            return;
        }
        const std::string unit =
            fields_.choice(row_node, "unit", {"the table's", "percent", "fraction"});
        if (!has_datasets_) {
            read_numbers(*node, "", unit, row);
            return;
        }
        for (const YamlNode::Entry& entry : node->entries) {
            if (!contains_name(datasets_, entry.key)) {
                fields_.report(entry.place,
                               kValues,
                               "no column has the dataset '" + entry.key.substr(0, 60) + "'" +
                                   did_you_mean(entry.key, datasets_));
            } else if (fields_.expect_map(
                           entry.value, kValues, "expected metrics and their values")) {
                read_numbers(entry.value, entry.key, unit, row);
            }
        }
    }
    void read_numbers(const YamlNode& map,
                      const std::string& dataset,
                      const std::string& unit,
                      TableRowSpec& row) {
        std::vector<std::string> known = metric_names();
        for (const TableGroupSpec& group : table_.groups) {
            for (const TableColumnSpec& column : group.columns) {
                known.push_back(column.metric);
            }
        }
        for (const YamlNode::Entry& entry : map.entries) {
            if (!contains_name(known, entry.key)) {
                fields_.report(entry.place,
                               kValues,
                               "unknown metric '" + entry.key.substr(0, 60) + "'" +
                                   did_you_mean(entry.key, known));
            } else if (const auto number = read_number(entry, unit)) {
                row.values[dataset][entry.key] = *number;
            }
        }
    }
    /// In the table's unit.
    std::optional<PublishedNumber> read_number(const YamlNode::Entry& entry,
                                               const std::string& unit) {
        const std::string key = std::string(kValues) + "." + entry.key;
        const bool has_std = entry.value.is_list() && entry.value.items.size() == 2;
        const YamlNode& mean_node = has_std ? entry.value.items[0] : entry.value;
        const std::optional<double> mean = number_in(mean_node);
        const std::optional<double> std = has_std ? number_in(entry.value.items[1]) : std::nullopt;
        if (!mean || (has_std && (!std || *std < 0))) {
            fields_.report(entry.place,
                           key,
                           "expected a number, or [mean, standard deviation] as in [93.0, 0.2]");
            return std::nullopt;
        }
        const bool is_percent = unit == "percent" || (unit != "fraction" && table_.percent);
        const double size = std::abs(*mean);
        if (is_metric(entry.key) && !is_difference(entry.key) &&
            (is_percent ? size <= 1 && size > 0 : size > 1)) {
            fields_.report(
                entry.place,
                key,
                mean_node.text +
                    (is_percent
                         ? " in a row of per cent; write it in per cent, or say unit: fraction"
                         : " in a row of fractions; write a fraction, or say unit: percent"));
            return std::nullopt;
        }
        const double factor = is_percent == table_.percent ? 1 : table_.percent ? 100 : 0.01;
        return PublishedNumber{*mean * factor, std ? std::optional(*std * factor) : std::nullopt};
    }

    const TableSpec& table_;
    TableFields& fields_;
    std::vector<std::string> datasets_;
    bool has_datasets_ = false;
};

}  // namespace

std::vector<std::string> dataset_names(const TableSpec& table) {
    std::vector<std::string> names;
    for (const TableGroupSpec& group : table.groups) {
        if (!contains_name(names, group.dataset)) {
            names.push_back(group.dataset);
        }
    }
    return names;
}

std::vector<TableRowSpec> read_table_rows(const YamlNode& map,
                                          const TableSpec& table,
                                          TableFields& fields) {
    std::vector<TableRowSpec> rows;
    const YamlNode* node = find_member(map, "rows");
    if (node == nullptr || !node->is_list() || node->items.empty()) {
        fields.report(node == nullptr ? map.place : node->place,
                      "tables.rows",
                      "expected a list of rows such as {cell: main}, {tag: ablation}, {published: "
                      "UCAD, values: {image_auroc: 93.0}} and rule");
        return rows;
    }
    RowReader reader(table, fields);
    bool has_rule = false;
    for (const YamlNode& item : node->items) {
        if (item.is_scalar() && item.text == "rule") {
            has_rule = true;
        } else if (item.is_scalar()) {
            fields.report(item.place,
                          "tables.rows",
                          "'" + item.text.substr(0, 60) +
                              "' is no row; expected rule, or a mapping such as {cell: main}");
        } else if (fields.expect_map(
                       item, "tables.rows", "expected a mapping such as {cell: main}")) {
            rows.push_back(reader.read(item));
            rows.back().rule_above = has_rule;
            has_rule = false;
        }
    }
    return rows;
}

}  // namespace harrow::sweeps
