#pragma once

#include <string>
#include <vector>

#include "storage/imports/read_import.hpp"
#include "storage/journal_records.hpp"

namespace harrow::cli {

/// What is said of an import besides its values.
struct ImportDescription {
    std::string name;
    sweeps::Objective objective;
    std::string first_file;  ///< as the user named it
};

/// What publish_import() wrote.
struct ImportSummary {
    std::size_t cells = 0, trials = 0, values = 0, published = 0;
};

/// Refuses a directory that is not new or empty; one that holds this very import is told apart.
/// Removes before what killed imports of it left.
/// Throws UsageError.
void refuse_used_directory(const std::string& dir,
                           const storage::Import& import,
                           const ImportDescription& description);

/// Makes the run directory: all of it, or nothing. It is built beside its place, or in the empty
/// folder that stands there, and renamed; the journal comes last. Throws UsageError when something
/// has come to stand there meanwhile, StorageError when it cannot be written.
ImportSummary publish_import(const std::string& dir,
                             const storage::Import& import,
                             const ImportDescription& description);

}  // namespace harrow::cli
