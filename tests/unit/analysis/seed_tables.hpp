#pragma once

#include <string>
#include <vector>

#include "analysis/document/document.hpp"
#include "analysis/report.hpp"

/// The tables in tests/data/seeds/ as reports, and ways to look into what sections make of them.
namespace harrow::analysis::testing {

/// NAME.csv (wide, or long with classes) with NAME_cells.csv, as `harrow import` reads them.
Report seed_report(const std::string& name,
                   const std::string& baseline = "",
                   bool percent = false,
                   const std::string& objective = "pixel_ap");

/// Index of the cell; throws std::out_of_range when there is none.
std::size_t cell_named(const Report& report, const std::string& name);

/// The first table whose id begins so; throws std::out_of_range when there is none.
const Table& table_of(const Section& section, const std::string& id);

/// Texts of a column, by its heading (the first with it), top to bottom.
std::vector<std::string> column(const Table& table, const std::string& heading);
/// That of the row whose `key` column holds `text`.
std::string entry(const Table& table,
                  const std::string& key,
                  const std::string& text,
                  const std::string& heading);
bool contains(const std::string& text, const std::string& part);
/// All notes in one.
std::string notes(const Table& table);

using Texts = std::vector<std::string>;

}  // namespace harrow::analysis::testing
