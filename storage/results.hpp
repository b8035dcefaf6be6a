#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sweeps/result_row.hpp"

namespace harrow::storage {

/// One line of results.csv.
struct ResultRow {
    std::string trial;
    std::string cell;
    std::string cell_name;
    std::uint64_t seed = 0;
    int after_task = 0;
    std::string class_name;  ///< or "mean"
    std::string routing;     ///< "routed" or "oracle"
    std::string metric;
    double value = 0;
};

/// results.csv (RFC 4180, LF): header, then rows sorted by cell name, cell, seed, after_task,
/// class, routing, metric; values in their shortest form that reads back exactly.
std::string results_to_csv(std::vector<ResultRow> rows);

/// Inverse of results_to_csv; also takes CRLF and quoted line breaks. Throws UsageError with `file`
/// and line for a missing column, a bad number or an open quote.
std::vector<ResultRow> parse_results_csv(std::string_view text, const std::string& file);

/// One line of cells.csv.
struct CellRow {
    std::string cell;
    std::string name;
    std::vector<std::string> names, tags;
    std::vector<std::uint64_t> seeds;
    std::vector<std::string> values;  ///< one per swept parameter, canonical spelling
};

/// cells.csv: `cell,cell_name,names,tags,seeds` and one column per swept parameter; lists are
/// joined with ';'. Order of the rows is kept.
std::string cells_to_csv(const std::vector<std::string>& swept_parameters,
                         const std::vector<CellRow>& cells);

/// Shortest text that reads back to exactly `value`; independent of the locale.
std::string shortest_text(double value);

/// A CSV field, quoted when it holds a comma, a quote or a line break.
std::string csv_field(std::string_view text);

/// The records of a CSV text (RFC 4180). Throws UsageError with `file` and line, also for a record
/// of more than 65536 fields.
struct CsvRecord {
    int line = 0;  ///< where it begins, from 1
    std::vector<std::string> fields;
};
std::vector<CsvRecord> parse_csv(std::string_view text, const std::string& file);

/// The same, one record at a time, until `visit` answers false.
void visit_csv(std::string_view text,
               const std::string& file,
               const std::function<bool(const CsvRecord&)>& visit);

}  // namespace harrow::storage
