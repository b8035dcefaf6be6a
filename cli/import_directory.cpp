#include "cli/import_directory.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>
#include <tuple>
#include <utility>

#include <nlohmann/json.hpp>

#include "analysis/imports/derived_rows.hpp"
#include "build_info.hpp"
#include "cli/import_workshop.hpp"
#include "cli/run_files.hpp"
#include "cli/sweep_source.hpp"
#include "cli/terminal_text.hpp"
#include "storage/files.hpp"
#include "storage/journal.hpp"
#include "storage/run_state.hpp"
#include "sweeps/hashing.hpp"
#include "sweeps/keys.hpp"

namespace harrow::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using storage::ImportCell;

constexpr std::size_t kCommitBytes = std::size_t{8} << 20;
constexpr int kManifestFormat = 1;

/// Comments alone: there is nothing to run. Equal texts are equal imports.
std::string sweep_text(const storage::Import& import, const ImportDescription& description) {
    const bool down = description.objective.goal == sweeps::Goal::Minimize;
    std::string text =
        "# Results made elsewhere, written by harrow import: nothing here can be run.\n"
        "# name: " +
        description.name + "\n# objective: " + (down ? "minimize " : "maximize ") +
        description.objective.metric + "\n";
    for (const storage::ImportedFile& file : import.files) {
        text += "# file: " + printable(fs::path(file.path).filename().string()) + ", " +
                std::to_string(file.bytes) + " bytes, XXH3-128 " + file.digest + "\n";
    }
    return text;
}

/// Cells of two imports are one where name, data and settings say so; a name alone does not, so
/// that the files are part of the id where data or settings are not stated.
sweeps::Digest cell_id(const ImportCell& cell,
                       const std::string& import_name,
                       const std::vector<storage::ImportedFile>& files) {
    Json identity = {{"import", import_name},
                     {"cell", cell.name},
                     {"dataset", cell.dataset},
                     {"settings", cell.settings}};
    if (cell.dataset.empty() || cell.settings.empty()) {
        std::set<std::string> digests;
        for (const storage::ImportedFile& file : files) {
            digests.insert(file.digest);
        }
        identity["files"] = digests;
    }
    return sweeps::hash_text("harrow import 1\n" + identity.dump());
}

/// Writes the files of one import into its directory.
class ImportWriter {
public:
    ImportWriter(const fs::path& path,
                 const storage::Import& import,
                 const ImportDescription& description)
        : directory_(path), import_(import), table_(import.table), description_(description) {
        const auto& values = table_.values();
        ranges_.assign(table_.trials().size(), {0, 0});
        for (std::size_t i = 0; i < values.size(); ++i) {  // sorted by trial
            auto& [begin, end] = ranges_[values[i].trial];
            begin = end == 0 ? i : begin;
            end = i + 1;
        }
        classes_.resize(table_.cells().size());
        for (const storage::ImportValue& value : values) {
            const std::string& name = table_.classes()[value.class_name];
            if (name != "mean") {
                classes_[table_.trials()[value.trial].cell].insert(value.class_name);
            }
        }
        make_cells();
    }

    ImportSummary write() {
        const storage::SweepRecord sweep = sweep_record();
        write_journal(sweep);
        write_results();
        write_cells();
        directory_.publish_manifest(manifest());
        directory_.publish_sweep(sweep.text);
        publish_status(directory_, sweeps::ExitCode::Ok, "done");
        return summary_;
    }

private:
    void make_cells() {
        for (const ImportCell& cell : table_.cells()) {
            storage::CellRecord record;
            record.id = cell_id(cell, description_.name, import_.files);
            record.name = cell.name;
            record.names = {cell.name};
            record.tags = cell.tags;
            record.label = cell.label;
            record.data_digest = cell.dataset;
            record.settings = cell.settings;
            record.published = cell.published;
            add_published_means(record.published);
            summary_.published += record.published.size();
            cells_.push_back(std::move(record));
        }
        for (const storage::ImportTrial& trial : table_.trials()) {
            cells_[trial.cell].seeds.push_back(trial.seed);
        }
        for (storage::CellRecord& cell : cells_) {
            std::sort(cell.seeds.begin(), cell.seeds.end());
        }
        summary_.cells = cells_.size();
        summary_.trials = table_.trials().size();
    }

    /// As of measured values; without a standard deviation, which does not follow.
    static void add_published_means(std::vector<storage::PublishedValue>& published) {
        std::vector<sweeps::MetricRow> rows;
        std::set<std::string> classes;
        for (const storage::PublishedValue& value : published) {
            rows.push_back({0, value.class_name, "routed", value.metric, value.value});
            if (value.class_name != "mean") {
                classes.insert(value.class_name);
            }
        }
        for (const sweeps::MetricRow& row :
             analysis::derived_rows(rows, {classes.begin(), classes.end()})) {
            published.push_back({row.class_name, row.metric, row.value, std::nullopt});
        }
    }

    storage::SweepRecord sweep_record() const {
        storage::SweepRecord sweep;
        sweep.harrow_version = version();
        sweep.build = build_id();
        sweep.name = description_.name;
        sweep.text = sweep_text(import_, description_);
        sweep.file = description_.first_file;
        sweep.base_directory = fs::current_path().string();
        sweep.objective = description_.objective;
        sweep.cells = cells_;
        sweep.trials = static_cast<std::int64_t>(table_.trials().size());
        sweep.imported = true;
        return sweep;
    }

    std::vector<sweeps::MetricRow> rows_of(std::size_t trial) const {
        std::vector<sweeps::MetricRow> rows;
        for (std::size_t i = ranges_[trial].first; i < ranges_[trial].second; ++i) {
            rows.push_back(table_.row(table_.values()[i]));
        }
        std::vector<std::string> classes;
        for (const std::uint32_t name : classes_[table_.trials()[trial].cell]) {
            classes.push_back(table_.classes()[name]);
        }
        std::vector<sweeps::MetricRow> derived = analysis::derived_rows(rows, classes);
        rows.insert(rows.end(), derived.begin(), derived.end());
        return rows;
    }

    std::string id_of(std::size_t trial) const {
        return sweeps::trial_id(cells_[table_.trials()[trial].cell].id,
                                table_.trials()[trial].seed);
    }

    void write_journal(const storage::SweepRecord& sweep) {
        {
            storage::Journal journal = storage::Journal::open(directory_.journal_file());
            storage::append_record(journal, sweep);
            for (std::size_t trial = 0; trial < table_.trials().size(); ++trial) {
                storage::TrialRows rows{id_of(trial), rows_of(trial), {}};
                summary_.values += rows.rows.size();
                storage::append_record(journal, storage::FinishedRecord{"", {std::move(rows)}});
                if (journal.pending_bytes() > kCommitBytes) {
                    journal.commit();
                }
            }
            journal.commit();
        }
        fs::remove(directory_.lock_file());  // its holder is gone
    }

    void write_results() const {
        const std::vector<storage::CellRecord>& cells = cells_;
        std::vector<std::size_t> order(table_.trials().size());
        for (std::size_t trial = 0; trial < order.size(); ++trial) {
            order[trial] = trial;
        }
        const auto key = [&](std::size_t trial) {
            const storage::CellRecord& cell = cells[table_.trials()[trial].cell];
            return std::tie(cell.name, cell.id, table_.trials()[trial].seed);
        };
        std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return key(a) < key(b);
        });
        storage::PendingFile file(directory_.results_file());
        std::string text = storage::results_to_csv({});
        const std::size_t header = text.size();
        for (const std::size_t trial : order) {
            const storage::CellRecord& cell = cells[table_.trials()[trial].cell];
            std::vector<storage::ResultRow> rows;
            for (sweeps::MetricRow& row : rows_of(trial)) {
                rows.push_back({id_of(trial),
                                cell.id,
                                cell.name,
                                table_.trials()[trial].seed,
                                row.after_task,
                                std::move(row.class_name),
                                std::move(row.routing),
                                std::move(row.metric),
                                row.value});
            }
            text += std::string_view(storage::results_to_csv(std::move(rows))).substr(header);
            if (text.size() > kCommitBytes) {
                storage::write_all(file.descriptor(), text, file.temporary());
                text.clear();
            }
        }
        storage::write_all(file.descriptor(), text, file.temporary());
        file.publish();
    }

    void write_cells() const {
        std::set<std::string> settings;
        for (const storage::CellRecord& cell : cells_) {
            for (const auto& [name, value] : cell.settings) {
                settings.insert(name);
            }
        }
        std::vector<storage::CellRow> rows;
        for (const storage::CellRecord& cell : cells_) {
            storage::CellRow row{cell.id, cell.name, cell.names, cell.tags, cell.seeds, {}};
            for (const std::string& name : settings) {
                const auto value = cell.settings.find(name);
                row.values.push_back(value == cell.settings.end() ? "" : value->second);
            }
            rows.push_back(std::move(row));
        }
        directory_.publish_cells({settings.begin(), settings.end()}, rows);
    }

    std::string manifest() const {
        Json files = Json::array();
        for (const storage::ImportedFile& file : import_.files) {
            files.push_back({{"path", absolute_path(file.path)},
                             {"bytes", file.bytes},
                             {"xxh3_128", file.digest}});
        }
        Json cells = Json::array();
        for (const storage::CellRecord& cell : cells_) {
            cells.push_back({{"id", cell.id},
                             {"name", cell.name},
                             {"seeds", cell.seeds},
                             {"dataset", cell.data_digest},
                             {"settings", cell.settings}});
        }
        const Json manifest = {
            {"format", kManifestFormat},
            {"sweep", description_.name},
            {"imported", true},
            {"harrow", {{"version", version()}, {"revision", revision()}, {"build", build_id()}}},
            {"host", storage::host_name()},
            {"written", utc_now()},
            {"files", std::move(files)},
            {"cells", std::move(cells)}};
        return manifest.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    }

    storage::RunDirectory directory_;
    const storage::Import& import_;
    const storage::ImportTable& table_;
    const ImportDescription& description_;
    std::vector<storage::CellRecord> cells_;
    std::vector<std::pair<std::size_t, std::size_t>> ranges_;  ///< by trial, into the values
    std::vector<std::set<std::uint32_t>> classes_;  ///< by cell, in the order in which they came
    ImportSummary summary_;
};

}  // namespace

void refuse_used_directory(const std::string& dir,
                           const storage::Import& import,
                           const ImportDescription& description) {
    if (dir.empty()) {
        throw sweeps::UsageError("--dir is empty; name the directory to make");
    }
    ImportWorkshop::remove_dead(dir);
    std::error_code error;
    const fs::file_status status = fs::status(dir, error);
    if (status.type() == fs::file_type::not_found) {
        if (fs::is_symlink(fs::symlink_status(dir, error))) {
            throw sweeps::UsageError(dir +
                                     " is a link to a place where nothing is; make the "
                                     "folder or choose a new --dir");
        }
        return;
    }
    if (fs::is_directory(status) && fs::is_empty(dir, error) && !error) {
        return;
    }
    const storage::RunDirectory directory(dir);
    if (fs::is_directory(status) && directory.content() == storage::DirectoryContent::Run) {
        const storage::RunState state = storage::read_run_state(directory.journal_file(), false);
        if (state.sweep->imported && state.sweep->text == sweep_text(import, description)) {
            throw sweeps::UsageError(dir +
                                     " holds this very import already: the same files, name and "
                                     "objective. Nothing was changed; harrow report " +
                                     dir + " shows it");
        }
    }
    throw sweeps::UsageError(dir +
                             (fs::is_directory(status) ? " is not empty" : " is not a directory") +
                             "; an import makes a directory of its own: choose a new --dir");
}

ImportSummary publish_import(const std::string& dir,
                             const storage::Import& import,
                             const ImportDescription& description) {
    ImportWorkshop workshop(dir);
    const ImportSummary summary = ImportWriter(workshop.path(), import, description).write();
    workshop.publish(storage::RunDirectory(workshop.path()).journal_file());
    return summary;
}

}  // namespace harrow::cli
