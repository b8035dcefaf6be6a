#pragma once

#include <string>
#include <vector>

#include "sweeps/tables/table_spec.hpp"

namespace harrow::sweeps {

/// Reads the list under `tables` (docs/reports.md, "Tables for papers"). Whatever is wrong is
/// appended to `problems`. With `any_metric`, metrics that Harrow does not know are taken as they
/// are: imported results have some.
std::vector<TableSpec> read_tables(const YamlNode& node,
                                   bool any_metric,
                                   std::vector<Problem>& problems);

/// The tables of a file: a mapping with `tables`; other keys are another reader's. Throws
/// UsageError with every problem found.
std::vector<TableSpec> load_tables(const std::string& file);

/// The same from memory; `file` is used in messages only.
std::vector<TableSpec> parse_tables(const std::string& text, const std::string& file);

/// The node as one line of YAML that read_tables() understands in the same way, places aside.
std::string yaml_line(const YamlNode& node);

/// A name in a row of cells that is none of `names`, a tag that is none of `tags`: problems.
void check_table_rows(const std::vector<TableSpec>& tables,
                      const std::vector<std::string>& names,
                      const std::vector<std::string>& tags,
                      std::vector<Problem>& problems);

}  // namespace harrow::sweeps
