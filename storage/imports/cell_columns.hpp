#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "storage/imports/import_table.hpp"

namespace harrow::storage {

/// Names of columns that describe a cell.
inline constexpr const char* kLabelColumn = "label";
inline constexpr const char* kTagsColumn = "tags";
inline constexpr const char* kDatasetColumn = "dataset";

/// Puts what rows say of their cell into the cell: the same in all of them, or a problem that names
/// both lines. An empty field says nothing.
class CellColumns {
public:
    explicit CellColumns(ImportTable& table) : table_(table) {}

    /// UTF-8 without control characters.
    static bool is_plain_text(std::string_view text);

    /// `column`: `label`, `tags` (parted by ';'), `dataset` or the name of a setting as it is
    /// stored.
    void set(std::uint32_t cell,
             const std::string& column,
             std::string_view value,
             const ImportPlace& place);

private:
    struct First {
        std::string value;
        ImportPlace place;
    };
    ImportTable& table_;
    std::map<std::pair<std::uint32_t, std::string>, First> seen_;
};

}  // namespace harrow::storage
