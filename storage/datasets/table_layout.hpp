#pragma once

#include <filesystem>

#include "storage/datasets/layout_readers.hpp"

namespace harrow::storage {

/// Names of the columns of a CSV file that lists a data set, whatever their order and case; further
/// columns are ignored.
struct TableColumns {
    const char* path;
    const char* class_name;
    const char* split;
    const char* label;
    const char* mask;
};

/// Lists a data set from the rows of a CSV file (RFC 4180; also CRLF and a byte order mark). Paths
/// start at builder.root(). Split: train or test. Label: good, normal or 0, else the defect type;
/// the mask of a normal image is ignored. Problems name the line; of many alike the first ten.
void list_table(ListingBuilder& builder,
                const std::filesystem::path& csv,
                const TableColumns& columns);

}  // namespace harrow::storage
