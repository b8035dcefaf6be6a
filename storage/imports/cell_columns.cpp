#include "storage/imports/cell_columns.hpp"

#include <algorithm>

#include "storage/imports/import_numbers.hpp"
#include "storage/imports/import_settings.hpp"
#include "sweeps/utf8.hpp"

namespace harrow::storage {
namespace {

std::vector<std::string> split_tags(std::string_view text) {
    std::vector<std::string> tags;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(';'), text.size());
        const std::string tag(trimmed_field(text.substr(0, end)));
        if (!tag.empty() && std::find(tags.begin(), tags.end(), tag) == tags.end()) {
            tags.push_back(tag);
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return tags;
}

}  // namespace

bool CellColumns::is_plain_text(std::string_view text) {
    return sweeps::valid_utf8_prefix(text) == text.size() &&
           std::none_of(text.begin(), text.end(), [](char c) {
               return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
           });
}

void CellColumns::set(std::uint32_t cell,
                      const std::string& column,
                      std::string_view value,
                      const ImportPlace& place) {
    if (value.empty()) {
        return;
    }
    if (!is_plain_text(value)) {
        table_.problem(place, "column '" + column + "' has a control character or is not UTF-8");
        return;
    }
    const bool is_setting =
        column != kLabelColumn && column != kTagsColumn && column != kDatasetColumn;
    const std::string text = is_setting ? setting_text(column, value) : std::string(value);
    const auto [first, is_new] = seen_.emplace(std::make_pair(cell, column), First{text, place});
    ImportCell& target = table_.cells()[cell];
    if (!is_new) {
        if (first->second.value != text) {
            table_.problem(place,
                           "cell '" + target.name + "' has " + column + " '" + text +
                               "' here and '" + first->second.value + "' in line " +
                               std::to_string(first->second.place.line) +
                               "; a setting is the same in all rows of a cell: name the "
                               "configurations apart");
        }
        return;
    }
    if (column == kLabelColumn) {
        target.label = text;
    } else if (column == kTagsColumn) {
        target.tags = split_tags(text);
    } else if (column == kDatasetColumn) {
        target.dataset = text;
    } else {
        target.settings[column] = text;
    }
}

}  // namespace harrow::storage
