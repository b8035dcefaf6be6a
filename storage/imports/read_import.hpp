#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/imports/import_table.hpp"

namespace harrow::storage {

/// What to import: paths as the user named them.
struct ImportRequest {
    std::vector<std::string> files;
    std::string cells;                  ///< a table that describes the cells; empty: none
    std::optional<std::uint64_t> seed;  ///< of experiment folders whose name has none; a problem
                                        ///< where no folder can use it
};

/// A file that was read.
struct ImportedFile {
    std::string path;
    std::uint64_t bytes = 0;
    std::string digest;  ///< XXH3-128 of its bytes
};

struct Import {
    ImportTable table;  ///< finished and without problems
    std::vector<ImportedFile> files;
};

/// Reads all files, each recognised by its header. Throws UsageError with every problem found
/// (`file:line: …`), StorageError when a file cannot be read.
Import read_import(const ImportRequest& request);

}  // namespace harrow::storage
