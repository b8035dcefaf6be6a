#include "tests/unit/analysis/seed_tables.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

namespace harrow::analysis::testing {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, separator);) {
        parts.push_back(part);
    }
    if (!text.empty() && text.back() == separator) {
        parts.emplace_back();
    }
    return parts;
}

using Record = std::map<std::string, std::string>;

/// Plain tables without quotes.
std::vector<Record> read_table(const std::string& name) {
    std::ifstream in(std::string(HARROW_SEED_TABLES_DIR) + "/" + name + ".csv");
    if (!in) {
        throw std::runtime_error("no table " + name);
    }
    std::string line;
    std::getline(in, line);
    const std::vector<std::string> header = split(line, ',');
    std::vector<Record> records;
    while (std::getline(in, line)) {
        const std::vector<std::string> fields = split(line, ',');
        if (fields.size() != header.size()) {
            throw std::runtime_error(name + ": " + line);
        }
        Record record;
        for (std::size_t i = 0; i < header.size(); ++i) {
            record[header[i]] = fields[i];
        }
        records.push_back(std::move(record));
    }
    return records;
}

CellInfo cell_of(const Record& record) {
    CellInfo info;
    info.is_import = true;
    for (const auto& [name, text] : record) {
        if (name == "cell") {
            info.id = info.name = text;
        } else if (name == "label") {
            info.label = text;
        } else if (name == "tags") {
            info.tags = split(text, ';');
        } else if (name == "dataset") {
            info.data_digest = text;
        } else if (!text.empty()) {
            info.settings[name] = text;
        }
    }
    info.names = {info.name};
    return info;
}

void add_rows(const Record& record, std::vector<storage::ResultRow>& rows) {
    const std::string& cell = record.at("cell");
    const auto add =
        [&](const std::string& class_name, const std::string& metric, const std::string& text) {
            if (!text.empty()) {
                rows.push_back({cell + ".s" + record.at("seed"),
                                cell,
                                cell,
                                std::stoull(record.at("seed")),
                                0,
                                class_name,
                                "routed",
                                metric,
                                std::stod(text)});
            }
        };
    if (record.count("metric") != 0) {
        const std::string& class_name = record.at("class");
        add(class_name.empty() ? "mean" : class_name, record.at("metric"), record.at("value"));
        return;
    }
    for (const auto& [name, text] : record) {
        if (name != "cell" && name != "seed") {
            add("mean", name, text);
        }
    }
}

}  // namespace

Report seed_report(const std::string& name,
                   const std::string& baseline,
                   bool percent,
                   const std::string& objective) {
    std::vector<CellInfo> cells;
    for (const Record& record : read_table(name + "_cells")) {
        cells.push_back(cell_of(record));
    }
    std::vector<storage::ResultRow> rows;
    for (const Record& record : read_table(name)) {
        add_rows(record, rows);
    }
    sweeps::Objective wanted;
    wanted.metric = objective;
    Report report = make_report(name, wanted, summarise(rows, cells), percent);
    report.compare.baseline = baseline;
    return report;
}

std::size_t cell_named(const Report& report, const std::string& name) {
    for (std::size_t i = 0; i < report.summary.cells.size(); ++i) {
        if (report.summary.cells[i].info.name == name) {
            return i;
        }
    }
    throw std::out_of_range("no cell " + name);
}

const Table& table_of(const Section& section, const std::string& id) {
    std::string known;
    for (const Block& block : section.blocks) {
        if (const Table* table = std::get_if<Table>(&block)) {
            if (table->id.rfind(id, 0) == 0) {
                return *table;
            }
            known += " " + table->id;
        }
    }
    throw std::out_of_range("no table " + id + " among" + known);
}

std::vector<std::string> column(const Table& table, const std::string& heading) {
    const auto found = std::find_if(table.columns.begin(),
                                    table.columns.end(),
                                    [&](const auto& entry) { return entry.heading == heading; });
    if (found == table.columns.end()) {
        throw std::out_of_range("no column " + heading + " in " + table.id);
    }
    std::vector<std::string> texts;
    for (const TableRow& row : table.rows) {
        texts.push_back(row.cells.at(static_cast<std::size_t>(found - table.columns.begin())).text);
    }
    return texts;
}

std::string entry(const Table& table,
                  const std::string& key,
                  const std::string& text,
                  const std::string& heading) {
    const std::vector<std::string> keys = column(table, key);
    const auto found = std::find(keys.begin(), keys.end(), text);
    if (found == keys.end()) {
        throw std::out_of_range("no row " + text + " in " + table.id);
    }
    return column(table, heading).at(static_cast<std::size_t>(found - keys.begin()));
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::string notes(const Table& table) {
    std::string all;
    for (const std::string& note : table.notes) {
        all += note + "\n";
    }
    return all;
}

}  // namespace harrow::analysis::testing
