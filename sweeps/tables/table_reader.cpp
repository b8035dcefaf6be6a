#include "sweeps/tables/table_reader.hpp"

#include <set>

#include "sweeps/parameters.hpp"
#include "sweeps/spec_reader.hpp"
#include "sweeps/tables/table_columns.hpp"
#include "sweeps/tables/table_fields.hpp"
#include "sweeps/tables/table_rows.hpp"

namespace harrow::sweeps {
namespace {

using Names = std::vector<std::string>;
using Problems = std::vector<Problem>;

bool is_id(const std::string& text) {
    constexpr const char* kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-";
    return is_name(text) && text.find_first_not_of(kAllowed) == std::string::npos;
}

/// White space of any kind and length as one space.
std::string caption_of(const YamlNode& map, TableFields& fields) {
    const YamlNode* node = find_member(map, "caption");
    if (node != nullptr && !node->is_scalar()) {
        fields.report(node->place, "tables.caption", "expected a text");
    }
    std::string caption;
    for (const char c : node != nullptr ? node->text : std::string()) {
        const bool is_space = c == ' ' || c == '\n' || c == '\r' || c == '\t';
        if (!is_space) {
            caption += c;
        } else if (!caption.empty() && caption.back() != ' ') {
            caption += ' ';
        }
    }
    return caption.substr(0, caption.find_last_not_of(' ') + 1);
}

void read_datasets(const YamlNode& map, TableSpec& table, TableFields& fields) {
    const YamlNode* node = find_member(map, "datasets");
    if (node == nullptr ||
        !fields.expect_map(*node,
                           "tables.datasets",
                           "expected a mapping from a dataset of the columns to a run's name, as "
                           "in {mvtec: mvtec-main}")) {
        return;
    }
    const Names known = dataset_names(table);
    for (const YamlNode::Entry& entry : node->entries) {
        const std::string key = "tables.datasets." + entry.key.substr(0, 60);
        if (entry.key.empty() || !contains_name(known, entry.key)) {
            fields.report(
                entry.place, key, "no column has this dataset" + did_you_mean(entry.key, known));
        }
        table.datasets[entry.key] = fields.names(
            entry.value, key, "expected the name of a run or of a folder of data, or a list");
    }
}

/// Members are read in the order in which one needs the other, not in that of the file.
TableSpec read_table(const YamlNode& node, bool any_metric, TableFields& fields) {
    TableSpec table;
    table.place = node.place;
    if (!fields.expect_map(node, "tables", "a table is a mapping with name, rows and columns")) {
        return table;
    }
    fields.check_keys(node,
                      "tables",
                      {"name",
                       "caption",
                       "rows",
                       "columns",
                       "datasets",
                       "percent",
                       "digits",
                       "spread",
                       "arrows",
                       "bold",
                       "underline",
                       "rank_published"});
    const std::string id_rule =
        "expected lower-case letters, digits and hyphens: it names a file and a label";
    table.name = fields.text(node, "name", "tables.name", id_rule, is_id);
    if (find_member(node, "name") == nullptr) {
        fields.report(node.place, "tables.name", "missing; " + id_rule);
    }
    table.caption = caption_of(node, fields);
    table.percent = fields.flag(node, "percent", true);
    table.bold = fields.flag(node, "bold", true);
    table.rank_published = fields.flag(node, "rank_published", false);
    const std::string underline = fields.choice(node, "underline", {"ties", "second", "none"});
    table.underline = underline == "second" ? Underline::Second
                      : underline == "none" ? Underline::None
                                            : Underline::Ties;
    TableColumnDefaults defaults;
    defaults.digits = fields.digits(node, defaults.digits);
    defaults.spread = fields.flag(node, "spread", true);
    defaults.arrows = fields.flag(node, "arrows", true);
    defaults.any_metric = any_metric;
    table.groups = read_table_columns(node, defaults, fields);
    read_datasets(node, table, fields);
    table.rows = read_table_rows(node, table, fields);
    return table;
}

/// For a double-quoted scalar of YAML.
std::string quoted(const std::string& text) {
    constexpr const char* kDigits = "0123456789abcdef";
    std::string result = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            result += std::string("\\") + c;
        } else if (byte < 0x20 || byte == 0x7f) {
            result += std::string("\\x") + kDigits[byte >> 4U] + kDigits[byte & 15U];
        } else {
            result += c;
        }
    }
    return result + "\"";
}

}  // namespace

std::vector<TableSpec> read_tables(const YamlNode& node, bool any_metric, Problems& problems) {
    std::vector<TableSpec> tables;
    TableFields fields(problems);
    if (!node.is_list() || node.items.empty()) {
        fields.report(node.place,
                      "tables",
                      "expected a list of tables such as - {name: main, rows: [{cell: main}], "
                      "columns: [image_auroc]}");
        return tables;
    }
    std::set<std::string> seen;
    for (const YamlNode& item : node.items) {
        tables.push_back(read_table(item, any_metric, fields));
        const std::string& name = tables.back().name;
        if (!name.empty() && !seen.insert(name).second) {
            fields.report(item.place, "tables.name", "'" + name + "' names two tables");
        }
    }
    return tables;
}

std::vector<TableSpec> parse_tables(const std::string& text, const std::string& file) {
    Problems problems;
    const YamlNode root = parse_yaml(text, file, problems);
    std::vector<TableSpec> tables;
    if (const YamlNode* node = find_member(root, "tables")) {
        tables = read_tables(*node, true, problems);
    } else if (problems.empty()) {
        Names keys;
        for (const YamlNode::Entry& entry : root.entries) {
            keys.push_back(entry.key);
        }
        const std::string nearest = nearest_name("tables", keys);
        problems.push_back({file,
                            root.place.line,
                            "tables",
                            "missing; expected a mapping with a list of tables" +
                                (nearest.empty() ? "" : "; is '" + nearest + "' meant to be it?")});
    }
    if (!problems.empty()) {
        throw UsageError(std::move(problems));
    }
    return tables;
}

std::vector<TableSpec> load_tables(const std::string& file) {
    return parse_tables(read_sweep_file(file), file);
}

std::string yaml_line(const YamlNode& node) {
    std::string text;
    switch (node.kind) {
        case YamlNode::Kind::Null:
            return "null";
        case YamlNode::Kind::Scalar:
            return quoted(node.text);
        case YamlNode::Kind::List:
            for (const YamlNode& item : node.items) {
                text += (text.empty() ? "" : ", ") + yaml_line(item);
            }
            return "[" + text + "]";
        case YamlNode::Kind::Map:
            for (const YamlNode::Entry& entry : node.entries) {
                text +=
                    (text.empty() ? "" : ", ") + quoted(entry.key) + ": " + yaml_line(entry.value);
            }
            return "{" + text + "}";
    }
    return text;
}

void check_table_rows(const std::vector<TableSpec>& tables,
                      const Names& names,
                      const Names& tags,
                      Problems& problems) {
    for (const TableSpec& table : tables) {
        for (const TableRowSpec& row : table.rows) {
            const bool is_tag = row.kind == TableRowSpec::Kind::Tag;
            const Names& known = is_tag ? tags : names;
            for (const std::string& name : row.names) {
                if (!name.empty() && !contains_name(known, name)) {
                    problems.push_back(problem_at(row.place,
                                                  is_tag ? "tables.rows.tag" : "tables.rows.cell",
                                                  std::string("no cell ") +
                                                      (is_tag ? "has the tag '" : "is named '") +
                                                      name + "'" + did_you_mean(name, known)));
                }
            }
        }
    }
}

}  // namespace harrow::sweeps
