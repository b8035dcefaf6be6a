#include "storage/imports/cell_table.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "storage/imports/import_numbers.hpp"
#include "storage/imports/import_settings.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::storage {
namespace {

/// What each column is stored as: "cell" for the cell's name, empty for what is not read.
std::vector<std::string> stored_names(const std::vector<std::string>& header, bool is_of_harrow) {
    std::vector<std::string> stored;
    for (const std::string& name : header) {
        if (is_of_harrow && (name == "cell" || name == "names" || name == "seeds")) {
            stored.emplace_back();
        } else if (name == "cell" || name == "cell_name") {
            stored.emplace_back("cell");
        } else if (name == kLabelColumn || name == kTagsColumn || name == kDatasetColumn) {
            stored.push_back(name);
        } else {
            stored.push_back(setting_name(name).value_or(name));
        }
    }
    return stored;
}

/// Where the cell's name stands; absent when the header cannot be used.
std::optional<std::size_t> check_header(const std::vector<std::string>& header,
                                        const std::vector<std::string>& stored,
                                        const ImportPlace& place,
                                        ImportTable& table) {
    std::optional<std::size_t> cell;
    std::set<std::string> seen;
    bool sound = true;
    for (std::size_t i = 0; i < header.size(); ++i) {
        if (stored[i] == "cell") {
            cell = i;
        }
        if (header[i].empty() || !CellColumns::is_plain_text(header[i])) {
            table.problem(place,
                          "column " + std::to_string(i + 1) +
                              (header[i].empty() ? " has no name"
                                                 : " has a control character in its name, or is "
                                                   "not UTF-8"));
            sound = false;
        } else if (!stored[i].empty() && !seen.insert(stored[i]).second) {
            table.problem(place,
                          "column '" + header[i] + "' is there twice" +
                              (header[i] == stored[i] ? "" : ", as " + stored[i]));
            sound = false;
        }
    }
    if (!cell) {
        table.problem(place, "column cell is missing: the name of each cell, as in the results");
        sound = false;
    }
    return sound ? cell : std::nullopt;
}

}  // namespace

void read_cell_table(CsvReader& reader,
                     std::uint32_t file,
                     ImportTable& table,
                     CellColumns& cells) {
    std::vector<std::string> header;
    for (const std::string_view field : reader.fields()) {
        header.emplace_back(trimmed_field(field));
    }
    const bool is_of_harrow = std::find(header.begin(), header.end(), "cell_name") != header.end();
    const std::vector<std::string> stored = stored_names(header, is_of_harrow);
    const std::optional<std::size_t> cell_column =
        check_header(header, stored, {file, reader.line()}, table);
    if (!cell_column) {
        return;
    }
    std::map<std::string, std::uint32_t, std::less<>> known;
    std::vector<std::string> names;
    for (const ImportCell& cell : table.cells()) {
        known.emplace(cell.name, static_cast<std::uint32_t>(names.size()));
        names.push_back(cell.name);
    }
    std::map<std::uint32_t, std::int64_t> described;
    while (!table.problems().is_full() && reader.next()) {
        const ImportPlace place{file, reader.line()};
        if (reader.fields().size() != header.size()) {
            table.problem(place,
                          std::to_string(reader.fields().size()) + " fields where the header has " +
                              std::to_string(header.size()));
            continue;
        }
        const std::string name(trimmed_field(reader.fields()[*cell_column]));
        const auto cell = known.find(name);
        if (cell == known.end() && is_of_harrow) {
            continue;  // it has published values alone, or its trials failed
        }
        if (cell == known.end()) {
            table.problem(
                place, "no result is of a cell '" + name + "'" + sweeps::suggestion(name, names));
            continue;
        }
        const auto [first, is_new] = described.emplace(cell->second, place.line);
        if (!is_new) {
            table.problem(place,
                          "cell '" + name + "' is described in line " +
                              std::to_string(first->second) + " already");
            continue;
        }
        for (std::size_t i = 0; i < stored.size(); ++i) {
            if (!stored[i].empty() && i != *cell_column) {
                cells.set(cell->second, stored[i], trimmed_field(reader.fields()[i]), place);
            }
        }
    }
}

}  // namespace harrow::storage
