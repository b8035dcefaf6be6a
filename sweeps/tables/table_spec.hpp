#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sweeps/yaml_tree.hpp"

namespace harrow::sweeps {

/// A value of a published row, in the unit of its table.
struct PublishedNumber {
    double mean = 0;
    std::optional<double> std;
};

/// A line of a table for a paper: cells of the runs, or what others published.
struct TableRowSpec {
    enum class Kind {
        Cells,  ///< one row: in each column the cell that has one of `names`
        Tag,    ///< a row for every cell with this tag (names[0]); cells of one label share it
        Published,
    };
    Kind kind = Kind::Cells;
    std::vector<std::string> names;
    std::string label;        ///< empty: the cell's label, else its name
    std::string cite;         ///< BibTeX key; may be empty
    bool rule_above = false;  ///< a line parts it from the row before
    /// Of a published row: by dataset ("" where the columns have none), then metric.
    std::map<std::string, std::map<std::string, PublishedNumber>> values;
    Place place;
};

struct TableColumnSpec {
    enum class Arrow { Up, Down, None };
    std::string metric;
    std::string label;  ///< empty: the metric's name
    int digits = 2;
    Arrow arrow = Arrow::None;  ///< direction in which values get better
    bool spread = true;         ///< ± standard deviation
    Place place;
};

/// Neighbouring columns under one heading.
struct TableGroupSpec {
    std::string dataset;     ///< empty: whatever the cell was run on
    std::string class_name;  ///< empty: the mean over classes
    std::string label;       ///< heading; empty: dataset and class
    std::vector<TableColumnSpec> columns;
    Place place;
};

/// What is underlined in a column: rows that a test cannot tell from the best, the second best.
enum class Underline { Ties, Second, None };

struct TableSpec {
    std::string name;     ///< [a-z0-9-]+: file name and label
    std::string caption;  ///< may be empty
    std::vector<TableRowSpec> rows;
    std::vector<TableGroupSpec> groups;
    /// What a dataset of `groups` is called elsewhere: names of runs, run directories or folders of
    /// data. A dataset that is not here goes by its own name.
    std::map<std::string, std::vector<std::string>> datasets;
    bool percent = true;  ///< else fractions
    bool bold = true;     ///< the best of each column
    Underline underline = Underline::Ties;
    bool rank_published = false;  ///< published rows may be bold and second best
    Place place;
};

}  // namespace harrow::sweeps
