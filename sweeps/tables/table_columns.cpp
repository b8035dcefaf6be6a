#include "sweeps/tables/table_columns.hpp"

#include "sweeps/metric_names.hpp"

namespace harrow::sweeps {
namespace {

using Arrow = TableColumnSpec::Arrow;

Arrow arrow_of(const std::string& choice, const std::string& metric, bool has_arrows) {
    if (choice == "up" || choice == "down") {
        return choice == "up" ? Arrow::Up : Arrow::Down;
    }
    if (choice == "none" || !has_arrows || !is_metric(metric)) {
        return Arrow::None;
    }
    return is_higher_better(metric) ? Arrow::Up : Arrow::Down;
}

void read_column(const YamlNode& node,
                 const TableColumnDefaults& defaults,
                 TableFields& fields,
                 TableGroupSpec& group) {
    TableColumnSpec column;
    column.place = node.place;
    column.digits = defaults.digits;
    column.spread = defaults.spread;
    std::string arrow = "auto";
    if (node.is_map()) {
        fields.check_keys(node, "tables.columns", {"metric", "label", "digits", "arrow", "spread"});
        column.metric = fields.text(node, "metric", "tables.columns.metric");
        column.label = fields.text(node, "label", "tables.columns.label");
        column.digits = fields.digits(node, defaults.digits);
        column.spread = fields.flag(node, "spread", defaults.spread);
        arrow = fields.choice(node, "arrow", {"auto", "up", "down", "none"});
    } else if (node.is_scalar()) {
        column.metric = node.text;
    }
    if (!is_metric(column.metric) && (!defaults.any_metric || !is_name(column.metric))) {
        fields.report(
            node.place,
            "tables.columns.metric",
            column.metric.empty()
                ? "expected a metric, or a mapping such as {metric: pixel_ap, label: P-AP}"
                : "unknown metric '" + column.metric.substr(0, 60) + "'" +
                      did_you_mean(column.metric, metric_names()));
        return;
    }
    column.arrow = arrow_of(arrow, column.metric, defaults.arrows);
    group.columns.push_back(std::move(column));
}

TableGroupSpec read_group(const YamlNode& node,
                          const TableColumnDefaults& defaults,
                          TableFields& fields) {
    fields.check_keys(node, "tables.columns", {"dataset", "class", "label", "metrics"});
    TableGroupSpec group;
    group.place = node.place;
    group.dataset = fields.text(node, "dataset", "tables.columns.dataset");
    group.class_name = fields.text(node, "class", "tables.columns.class");
    group.label = fields.text(node, "label", "tables.columns.label");
    const YamlNode& metrics = *find_member(node, "metrics");
    if (metrics.is_scalar()) {
        read_column(metrics, defaults, fields, group);
    } else if (!metrics.is_list() || metrics.items.empty()) {
        fields.report(metrics.place, "tables.columns.metrics", "expected a list of metrics");
    }
    for (const YamlNode& item : metrics.items) {
        read_column(item, defaults, fields, group);
    }
    return group;
}

}  // namespace

std::vector<TableGroupSpec> read_table_columns(const YamlNode& map,
                                               const TableColumnDefaults& defaults,
                                               TableFields& fields) {
    std::vector<TableGroupSpec> groups;
    const YamlNode* node = find_member(map, "columns");
    if (node == nullptr || !node->is_list() || node->items.empty()) {
        fields.report(node == nullptr ? map.place : node->place,
                      "tables.columns",
                      "expected a list of metrics, or of groups such as {dataset: mvtec, metrics: "
                      "[image_auroc, pixel_ap]}");
        return groups;
    }
    bool is_open = false;  // metrics without a group stand together
    for (const YamlNode& item : node->items) {
        if (find_member(item, "metrics") != nullptr) {
            groups.push_back(read_group(item, defaults, fields));
            is_open = false;
        } else if (find_member(item, "dataset") != nullptr) {
            fields.report(item.place, "tables.columns.metrics", "missing; give a list of metrics");
        } else {
            if (!is_open) {
                groups.push_back({});
                groups.back().place = item.place;
            }
            read_column(item, defaults, fields, groups.back());
            is_open = true;
        }
    }
    return groups;
}

}  // namespace harrow::sweeps
