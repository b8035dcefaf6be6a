#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "storage/results.hpp"

namespace harrow::storage {

/// Names inside trainings/<key>/; workers know that directory and not the run around it.
std::filesystem::path training_scores_file(const std::filesystem::path& training_directory);
std::filesystem::path training_history_file(const std::filesystem::path& training_directory);
std::filesystem::path training_log_file(const std::filesystem::path& training_directory);
std::filesystem::path training_checkpoints(const std::filesystem::path& training_directory);

/// What stands at the path before a run.
enum class DirectoryContent {
    Missing,
    Fresh,   ///< empty, or a journal without a first record: started anew
    Run,     ///< a journal with at least one record
    Foreign  ///< something else; nothing is written into it
};

/// Names and rules of a run directory. The constructor touches nothing; files appear only through
/// prepare() and publish_*(). All errors are StorageError unless said.
class RunDirectory {
public:
    explicit RunDirectory(std::filesystem::path directory);

    const std::filesystem::path& path() const noexcept { return directory_; }
    std::filesystem::path sweep_file() const { return directory_ / "sweep.yaml"; }
    std::filesystem::path manifest_file() const { return directory_ / "manifest.json"; }
    std::filesystem::path status_file() const { return directory_ / "status"; }
    std::filesystem::path lock_file() const { return directory_ / "lock"; }
    std::filesystem::path journal_file() const { return directory_ / "journal.jsonl"; }
    std::filesystem::path inbox_directory() const { return directory_ / "inbox"; }
    std::filesystem::path results_file() const { return directory_ / "results.csv"; }
    std::filesystem::path cells_file() const { return directory_ / "cells.csv"; }
    std::filesystem::path training_directory(const std::string& training_key) const;
    std::filesystem::path scores_file(const std::string& training_key) const;

    DirectoryContent content() const;
    /// Throws UsageError when the directory holds something else than a run, or is none.
    void refuse_foreign() const;
    /// Makes the directory usable for a run: creates it when missing and proves that it can be
    /// written. Throws UsageError as refuse_foreign().
    void prepare() const;
    /// Throws UsageError unless a run is there; for verbs that only read.
    void require_run() const;

    void publish_sweep(const std::string& text) const;
    void publish_manifest(const std::string& json) const;
    void publish_status(const std::string& text) const;
    void publish_results(const std::vector<ResultRow>& rows) const;
    void publish_results(const std::string& csv) const;
    void publish_cells(const std::vector<std::string>& swept_parameters,
                       const std::vector<CellRow>& cells) const;

private:
    std::filesystem::path directory_;
};

}  // namespace harrow::storage
