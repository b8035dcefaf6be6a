#include "storage/imports/read_import.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "storage/files.hpp"
#include "storage/imports/cell_table.hpp"
#include "storage/imports/csv_reader.hpp"
#include "storage/imports/experiment_name.hpp"
#include "storage/imports/experiment_results.hpp"
#include "storage/imports/import_numbers.hpp"
#include "storage/imports/result_table.hpp"
#include "sweeps/hashing.hpp"

namespace harrow::storage {
namespace {

namespace fs = std::filesystem;

/// A file's bytes in order, counted and hashed.
class HashedFile {
public:
    explicit HashedFile(const std::string& path)
        : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
        if (!descriptor_) {
            throw_io_error("read", path_, errno);
        }
    }

    std::size_t read(char* to, std::size_t count) {
        ssize_t got = 0;
        do {
            got = ::read(descriptor_.get(), to, count);
        } while (got < 0 && errno == EINTR);
        if (got < 0) {
            throw_io_error("read", path_, errno);
        }
        hasher_.update({to, static_cast<std::size_t>(got)});
        bytes_ += static_cast<std::uint64_t>(got);
        return static_cast<std::size_t>(got);
    }

    ImportedFile description() const { return {path_, bytes_, hasher_.digest()}; }

private:
    std::string path_;
    FileDescriptor descriptor_;
    sweeps::Hasher hasher_;
    std::uint64_t bytes_ = 0;
};

/// Of one experiment of the reference implementation, by the folder that holds them.
struct Experiment {
    std::string folder;  ///< as the user named it, or the folder of a file so named
    std::vector<std::string> files;
};

/// Names of the entries of a folder, ascending.
std::vector<std::string> entries_of(const std::string& folder) {
    std::vector<std::string> names;
    std::error_code error;
    fs::directory_iterator entry(folder, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
        names.push_back(entry->path().filename().string());
    }
    if (error) {
        throw sweeps::StorageError(io_error_text("list", folder, error.value()));
    }
    std::sort(names.begin(), names.end());
    return names;
}

bool is_experiment_file(const std::string& name) {
    return name == "final_results.csv" || task_of_continual_file(name).has_value();
}

/// Absent unless the folder holds results.
std::optional<Experiment> experiment_in(const std::string& folder) {
    Experiment experiment{folder, {}};
    for (const std::string& name : entries_of(folder)) {
        if (is_experiment_file(name)) {
            experiment.files.push_back((fs::path(folder) / name).string());
        }
    }
    return experiment.files.empty() ? std::nullopt : std::optional(std::move(experiment));
}

std::vector<std::string> header_of(const CsvReader& reader) {
    std::vector<std::string> header;
    for (const std::string_view field : reader.fields()) {
        header.emplace_back(trimmed_field(field));
    }
    return header;
}

class ImportReader {
public:
    explicit ImportReader(const ImportRequest& request) : request_(request) {}

    Import read() {
        for (const std::string& file : request_.files) {
            std::error_code ignored;
            if (fs::is_directory(file, ignored)) {
                add_folder(file);
            } else if (is_experiment_file(fs::path(file).filename().string())) {
                add_experiment_file(file);
            } else {
                read_results(file);
            }
        }
        for (const Experiment& experiment : experiments_) {
            read_experiment(experiment);
        }
        if (request_.seed && experiments_.empty()) {
            import_.table.problem({},
                                  "--seed is of experiment folders whose name has none; tables "
                                  "have their seeds in column seed");
        }
        if (!request_.cells.empty() && !import_.table.problems().is_full()) {
            read_file(request_.cells, [&](CsvReader& reader, std::uint32_t file) {
                read_cell_table(reader, file, import_.table, cell_columns_);
            });
        }
        import_.table.finish();
        import_.table.problems().refuse();
        return std::move(import_);
    }

private:
    template <typename ReadTable>
    void read_file(const std::string& path, ReadTable&& read_table) {
        if (import_.table.problems().is_full()) {
            return;
        }
        const std::uint32_t file = import_.table.add_file(path);
        const FileLook look = look_at_file(path);
        if (look.presence != FileLook::Presence::Regular) {
            import_.table.problem({file, 0}, "the file " + look.why);
            return;
        }
        HashedFile bytes(path);
        try {
            CsvReader reader(
                [&bytes](char* to, std::size_t count) { return bytes.read(to, count); });
            if (reader.next()) {
                read_table(reader, file);
            } else {
                import_.table.problem({file, 1}, "the file is empty");
            }
        } catch (const CsvDamage& damage) {
            import_.table.problem({file, damage.line()}, damage.what());
        }
        import_.files.push_back(bytes.description());
    }

    void read_results(const std::string& path) {
        read_file(path, [&](CsvReader& reader, std::uint32_t file) {
            if (is_result_table(header_of(reader))) {
                read_result_table(reader, file, import_.table, cell_columns_);
            } else {
                refuse_header(reader, file);
            }
        });
    }

    void refuse_header(const CsvReader& reader, std::uint32_t file) {
        import_.table.problem(
            {file, reader.line()},
            "this header is not known; a table of results begins with cell,seed,metric,value or "
            "with cell,seed and one column per metric (final_results.csv and "
            "continual_results_after_task_<t>.csv of an experiment keep their names)");
    }

    void add_folder(const std::string& folder) {
        if (std::optional<Experiment> experiment = experiment_in(folder)) {
            experiments_.push_back(std::move(*experiment));
            return;
        }
        bool any = false;
        for (const std::string& name : entries_of(folder)) {
            const fs::path path = fs::path(folder) / name;
            std::error_code ignored;
            if (!fs::is_directory(path, ignored)) {
                continue;
            }
            if (std::optional<Experiment> experiment = experiment_in(path.string())) {
                experiments_.push_back(std::move(*experiment));
                any = true;
            }
        }
        if (!any) {
            import_.table.problem(
                {import_.table.add_file(folder), 0},
                "neither the folder nor one in it holds final_results.csv or "
                "continual_results_after_task_<t>.csv; name tables of other kinds one by one");
        }
    }

    void add_experiment_file(const std::string& file) {
        const fs::path parent = fs::path(file).parent_path();
        const std::string folder = parent.empty() ? "." : parent.string();
        auto known = std::find_if(experiments_.begin(), experiments_.end(), [&](const auto& e) {
            return e.folder == folder;
        });
        if (known == experiments_.end()) {
            known = experiments_.insert(known, Experiment{folder, {}});
        }
        known->files.push_back(file);
    }

    /// Where the folder's name has no seed, that of the request.
    std::optional<ExperimentResults> open_experiment(const Experiment& experiment) {
        const ImportPlace place{import_.table.add_file(experiment.folder), 0};
        fs::path path = fs::absolute(experiment.folder).lexically_normal();
        path = path.has_filename() ? path : path.parent_path();
        ExperimentName name = parse_experiment_name(path.filename().string());
        if (name.cell.empty()) {  // main/seed42
            name.cell = path.parent_path().filename().string();
        }
        if (!name.seed) {
            name.seed = request_.seed;
        } else if (request_.seed && *request_.seed != *name.seed) {
            name.problem = "the folder's name says seed " + std::to_string(*name.seed) +
                           ", --seed " + std::to_string(*request_.seed) + "; leave out --seed";
        }
        if (!name.problem.empty()) {
            import_.table.problem(place, name.problem);
        } else if (!name.seed) {
            import_.table.problem(place,
                                  "the folder's name does not end in its seed (main_seed42, "
                                  "main_s42); say it with --seed");
        }
        const std::optional<std::uint32_t> cell = import_.table.cell(name.cell, place);
        if (!cell || !name.seed) {
            return std::nullopt;
        }
        return ExperimentResults(import_.table, *cell, *name.seed);
    }

    void read_experiment(const Experiment& experiment) {
        std::optional<ExperimentResults> results = open_experiment(experiment);
        if (!results) {
            return;
        }
        for (const std::string& path : experiment.files) {
            read_file(path, [&](CsvReader& reader, std::uint32_t file) {
                const std::vector<std::string> header = header_of(reader);
                const auto task = task_of_continual_file(fs::path(path).filename().string());
                if (task && is_continual_results(header)) {
                    results->read_continual(reader, file, *task);
                } else if (!task && is_final_results(header)) {
                    results->read_final(reader, file);
                } else {
                    import_.table.problem({file, reader.line()},
                                          "the header is not that of this file");
                }
            });
        }
        results->finish();
    }

    const ImportRequest& request_;
    Import import_;
    CellColumns cell_columns_{import_.table};
    std::vector<Experiment> experiments_;
};

}  // namespace

Import read_import(const ImportRequest& request) {
    return ImportReader(request).read();
}

}  // namespace harrow::storage
