#include "storage/imports/result_table.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "storage/imports/import_numbers.hpp"
#include "storage/imports/import_settings.hpp"

namespace harrow::storage {
namespace {

constexpr int kMaxTask = 999;

enum class Role {
    Ignored,
    Cell,
    Seed,
    Class,
    Metric,
    Value,
    Std,
    AfterTask,
    Routing,
    OfCell,   ///< label, tags, dataset or a setting
    Measured  ///< a metric of a wide table
};

struct Column {
    Role role = Role::Ignored;
    std::string name;  ///< of a metric, or as CellColumns wants it
};

bool has(const std::vector<std::string>& header, const char* name) {
    return std::find(header.begin(), header.end(), name) != header.end();
}

Column column_of(const std::string& name, bool is_long, bool has_cell_name) {
    if (name == (has_cell_name ? "cell_name" : "cell")) {
        return {Role::Cell, name};
    }
    if (has_cell_name && (name == "cell" || name == "trial")) {
        return {Role::Ignored, name};
    }
    static const std::vector<std::pair<const char*, Role>> kFixed = {
        {"seed", Role::Seed},
        {"class", Role::Class},
        {"after_task", Role::AfterTask},
        {"routing", Role::Routing},
        {kLabelColumn, Role::OfCell},
        {kTagsColumn, Role::OfCell},
        {kDatasetColumn, Role::OfCell}};
    for (const auto& [fixed, role] : kFixed) {
        if (name == fixed) {
            return {role, name};
        }
    }
    if (is_long && (name == "metric" || name == "value" || name == "std")) {
        return {name == "metric" ? Role::Metric : name == "value" ? Role::Value : Role::Std, name};
    }
    if (const std::optional<std::string> setting = setting_name(name)) {
        return {Role::OfCell, *setting};
    }
    return {is_long ? Role::Ignored : Role::Measured, name};
}

/// One table on its way into the import.
class ResultTable {
public:
    ResultTable(CsvReader& reader, std::uint32_t file, ImportTable& table, CellColumns& cells)
        : reader_(reader), file_(file), table_(table), cell_columns_(cells) {
        marks_.comma_allowed = reader.separator() != ',';
    }

    void read() {
        if (!read_header()) {
            return;
        }
        bool any = false;
        while (!table_.problems().is_full() && reader_.next()) {
            any = true;
            if (reader_.fields().size() != columns_.size()) {
                problem(std::to_string(reader_.fields().size()) + " fields where the header has " +
                        std::to_string(columns_.size()));
                continue;
            }
            read_row();
        }
        if (!any) {
            problem("there is no row behind the header");
        }
    }

private:
    /// What a row says besides its values.
    struct Row {
        ImportSubject subject;
        std::optional<std::uint64_t> seed;  ///< absent: published
        std::string_view metric, value, std;
    };

    void problem(const std::string& message) { table_.problem({file_, reader_.line()}, message); }

    bool read_header() {
        std::vector<std::string> header;
        for (const std::string_view field : reader_.fields()) {
            header.emplace_back(trimmed_field(field));
        }
        is_long_ = has(header, "metric") || has(header, "value");
        const bool has_cell_name = has(header, "cell_name");
        bool sound = true;
        std::set<std::string> seen;
        for (std::size_t i = 0; i < header.size(); ++i) {
            columns_.push_back(column_of(header[i], is_long_, has_cell_name));
            const Column& column = columns_.back();
            if (header[i].empty()) {
                problem("column " + std::to_string(i + 1) +
                        " has no name (an index of pandas? Write with index=False)");
                sound = false;
            } else if (column.role != Role::Ignored && !seen.insert(column.name).second) {
                problem("column '" + header[i] + "' is there twice" +
                        (header[i] == column.name ? "" : ", as " + column.name));
                sound = false;
            } else if (is_long_ && column.role == Role::Ignored && !has_cell_name) {
                problem("column '" + header[i] +
                        "' is none of a long table: cell, seed, metric, value, class, after_task, "
                        "routing, std, label, tags, dataset and parameters of Harrow are");
                sound = false;
            }
        }
        return require_columns() && sound;
    }

    bool require_columns() {
        std::string missing;
        const auto require = [&](Role role, const char* name) {
            if (std::none_of(columns_.begin(), columns_.end(), [&](const Column& column) {
                    return column.role == role;
                })) {
                missing += (missing.empty() ? "" : ", ") + std::string(name);
            }
        };
        require(Role::Cell, "cell");
        require(Role::Seed, "seed");
        if (is_long_) {
            require(Role::Metric, "metric");
            require(Role::Value, "value");
        } else {
            require(Role::Measured, "one of a metric");
        }
        if (!missing.empty()) {
            problem("columns are missing: " + missing +
                    " (of values without a seed the column stays empty)");
        }
        return missing.empty();
    }

    /// False: a problem was added that the rest of the row depends on.
    bool read_place(Role role, std::string_view field, Row& row) {
        std::string wrong;
        std::uint64_t seed = 0;
        switch (role) {
            case Role::Seed:
                if (!field.empty()) {
                    wrong = parse_import_seed(field, seed);
                    row.seed = seed;
                }
                break;
            case Role::AfterTask:
                if (!field.empty()) {
                    wrong = parse_import_index(field, kMaxTask, row.subject.after_task);
                }
                break;
            case Role::Class:
                row.subject.class_name = field.empty() ? "mean" : field;
                break;
            case Role::Routing:
                row.subject.is_oracle = field == "oracle";
                if (field != "oracle" && field != "routed" && !field.empty()) {
                    wrong = "routing is routed or oracle, not '" + std::string(field) + "'";
                }
                break;
            case Role::Metric:
                row.metric = field;
                break;
            case Role::Value:
                row.value = field;
                break;
            case Role::Std:
                row.std = field;
                break;
            default:
                break;
        }
        if (!wrong.empty()) {
            problem(wrong);
        }
        return wrong.empty();
    }

    void read_row() {
        Row row;
        row.subject.class_name = "mean";
        const ImportPlace place{file_, reader_.line()};
        std::optional<std::uint32_t> cell;
        bool sound = true;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const std::string_view field = trimmed_field(reader_.fields()[i]);
            if (columns_[i].role == Role::Cell) {
                cell = table_.cell(field, place);
            } else {
                sound = read_place(columns_[i].role, field, row) && sound;
            }
        }
        if (!cell || !sound) {
            return;
        }
        row.subject.cell = *cell;
        if (!row.seed && (row.subject.after_task > 0 || row.subject.is_oracle)) {
            problem(
                "a published value is one of the whole sequence: it has no after_task and no "
                "routing");
            return;
        }
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const std::string_view field = trimmed_field(reader_.fields()[i]);
            if (columns_[i].role == Role::OfCell) {
                cell_columns_.set(*cell, columns_[i].name, field, place);
            } else if (columns_[i].role == Role::Measured && !is_missing_value(field)) {
                row.metric = columns_[i].name;
                row.value = field;
                add(row, place);
            }
        }
        if (is_long_) {
            add_long(row, place);
        }
    }

    void add_long(const Row& row, const ImportPlace& place) {
        if (is_missing_value(row.value)) {
            problem("there is no value; leave out the row of a value that is not there");
            return;
        }
        add(row, place);
    }

    void add(const Row& row, const ImportPlace& place) {
        ParsedNumber number =
            parse_import_number(row.value, !row.seed.has_value(), place.line, marks_);
        if (number.problem.empty() && !is_missing_value(row.std)) {
            const ParsedNumber std = parse_import_number(row.std, false, place.line, marks_);
            number.problem = std.problem.empty() && (row.seed || number.std || std.value < 0)
                                 ? "column std is of published values alone, once, and not negative"
                                 : std.problem;
            number.std = std.value;
        }
        if (!number.problem.empty()) {
            problem((is_long_ ? "" : std::string(row.metric) + ": ") + number.problem);
            return;
        }
        ImportSubject subject = row.subject;
        subject.metric = row.metric;
        if (row.seed) {
            table_.add_value(*row.seed, subject, number.value, place);
        } else {
            table_.add_published(subject, number.value, number.std, place);
        }
    }

    CsvReader& reader_;
    std::uint32_t file_;
    ImportTable& table_;
    CellColumns& cell_columns_;
    DecimalMarks marks_;
    bool is_long_ = false;
    std::vector<Column> columns_;
};

}  // namespace

bool is_result_table(const std::vector<std::string>& header) {
    return has(header, "cell") || has(header, "cell_name");
}

void read_result_table(CsvReader& reader,
                       std::uint32_t file,
                       ImportTable& table,
                       CellColumns& cells) {
    ResultTable(reader, file, table, cells).read();
}

}  // namespace harrow::storage
