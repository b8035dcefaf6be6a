#include "storage/run_directory.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include <unistd.h>

#include "storage/files.hpp"
#include "storage/journal.hpp"
#include "sweeps/error.hpp"

namespace harrow::storage {

namespace {

using sweeps::StorageError;
using sweeps::UsageError;

/// Name of an entry that no run would leave without a journal; empty when there is none. Hidden
/// files, the lock, a journal and the job scripts of a run to come are none.
std::string foreign_entry(const std::filesystem::path& directory) {
    std::error_code error;
    std::filesystem::directory_iterator entry(directory, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (name[0] != '.' && name != "lock" && name != "journal.jsonl" && name != "slurm") {
            return name;
        }
    }
    if (error) {
        throw StorageError(io_error_text("list", directory, error.value()));
    }
    return {};
}

}  // namespace

std::filesystem::path training_scores_file(const std::filesystem::path& training_directory) {
    return training_directory / "scores.h5";
}

std::filesystem::path training_history_file(const std::filesystem::path& training_directory) {
    return training_directory / "history.csv";
}

std::filesystem::path training_log_file(const std::filesystem::path& training_directory) {
    return training_directory / "log";
}

std::filesystem::path training_checkpoints(const std::filesystem::path& training_directory) {
    return training_directory / "checkpoints";
}

RunDirectory::RunDirectory(std::filesystem::path directory) : directory_(std::move(directory)) {}

std::filesystem::path RunDirectory::training_directory(const std::string& training_key) const {
    return directory_ / "trainings" / training_key;
}

std::filesystem::path RunDirectory::scores_file(const std::string& training_key) const {
    return training_scores_file(training_directory(training_key));
}

DirectoryContent RunDirectory::content() const {
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(directory_, error);
    if (status.type() == std::filesystem::file_type::not_found) {
        return DirectoryContent::Missing;
    }
    if (status.type() == std::filesystem::file_type::none) {
        throw StorageError(io_error_text("inspect", directory_, error.value()));
    }
    if (!std::filesystem::is_directory(status)) {
        return DirectoryContent::Foreign;
    }
    if (std::filesystem::exists(journal_file(), error)) {
        return visit_journal(journal_file(), [](const JournalRecord&) {}).records == 0
                   ? DirectoryContent::Fresh
                   : DirectoryContent::Run;
    }
    return foreign_entry(directory_).empty() ? DirectoryContent::Fresh : DirectoryContent::Foreign;
}

void RunDirectory::refuse_foreign() const {
    if (content() == DirectoryContent::Foreign) {
        const std::string what =
            std::filesystem::is_directory(directory_)
                ? " holds '" + foreign_entry(directory_) + "' and is no run of Harrow"
                : " is not a directory";
        throw UsageError(directory_.string() + what +
                         "; choose a new or empty directory for --dir");
    }
}

void RunDirectory::prepare() const {
    refuse_foreign();
    storage::create_directories(directory_);
    if (::access(directory_.c_str(), W_OK | X_OK) != 0) {
        throw StorageError(io_error_text("write into", directory_, errno));
    }
    PendingFile probe(directory_ / "journal.jsonl");
    probe.discard();
    remove_stale_temporaries(directory_);
}

void RunDirectory::require_run() const {
    if (content() != DirectoryContent::Run) {
        throw UsageError(directory_.string() +
                         " is not a run directory (no journal.jsonl with a first record); give "
                         "the --dir of an earlier `harrow run`");
    }
}

void RunDirectory::publish_sweep(const std::string& text) const {
    write_file_atomic(sweep_file(), text);
}

void RunDirectory::publish_manifest(const std::string& json) const {
    write_file_atomic(manifest_file(), json);
}

void RunDirectory::publish_status(const std::string& text) const {
    write_file_atomic(status_file(), text);
}

void RunDirectory::publish_results(const std::vector<ResultRow>& rows) const {
    publish_results(results_to_csv(rows));
}

void RunDirectory::publish_results(const std::string& csv) const {
    write_file_atomic(results_file(), csv);
}

void RunDirectory::publish_cells(const std::vector<std::string>& swept_parameters,
                                 const std::vector<CellRow>& cells) const {
    write_file_atomic(cells_file(), cells_to_csv(swept_parameters, cells));
}

}  // namespace harrow::storage
