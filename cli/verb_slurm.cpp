#include <algorithm>
#include <filesystem>
#include <iostream>
#include <optional>

#include "cli/disk_catalog.hpp"
#include "cli/own_results.hpp"
#include "cli/report_source.hpp"
#include "cli/run_files.hpp"
#include "cli/sweep_changes.hpp"
#include "cli/sweep_source.hpp"
#include "cli/verbs.hpp"
#include "slurm/job_script.hpp"
#include "slurm/quoting.hpp"
#include "slurm/site_file.hpp"
#include "slurm/submission.hpp"
#include "storage/files.hpp"
#include "storage/run_directory.hpp"
#include "sweeps/canonical.hpp"
#include "sweeps/sweep_weights.hpp"
#include "sweeps/work_plan.hpp"

namespace harrow::cli {
namespace {

namespace fs = std::filesystem;
using sweeps::ExitCode;

/// What `harrow run` would say once the job has waited for its turn.
void refuse_another_sweep(const SlurmJobOptions& options,
                          const SweepSource& source,
                          sweeps::InputCatalog& catalog) {
    if (storage::RunDirectory(options.dir).content() != storage::DirectoryContent::Run) {
        return;
    }
    const storage::RunState state = read_run_state(options.dir);
    require_own_results(state, options.dir, kNothingToRun);
    storage::SweepRecord wanted;
    for (const sweeps::Cell& cell : source.sweep.cells) {
        storage::CellRecord record;
        record.id = cell.id;
        record.name = cell.name;
        record.seeds = cell.seeds;
        record.config = sweeps::canonical_text(cell.config);
        record.data_root = cell.config.data.root;
        record.weights = cell.config.backbone.weights;
        record.weights_digest = sweeps::weights_digest(cell.config.backbone, catalog);
        wanted.cells.push_back(std::move(record));
    }
    const SweepChanges changes = compare_sweeps(state, wanted);
    const auto& flags = options.run_flags;
    const bool extend = std::find(flags.begin(), flags.end(), "--extend") != flags.end();
    if (!changes.changed.empty() || !changes.dropped.empty() ||
        (!changes.added.empty() && !extend)) {
        throw sweeps::UsageError(
            options.dir + " holds another sweep (+ new, - gone, ~ changed):" + changes.text() +
            "\nAdd what is new with --extend; for a changed sweep choose "
            "another --dir, or put back what is missing.");
    }
}

/// As `harrow plan` would: throws UsageError with everything that is wrong with the sweep.
SweepSource checked_source(const SlurmJobOptions& options) {
    DiskCatalog catalog(cache_directory(options.cache));
    TypedSweep typed = typed_sweep(options.spec, options.overrides);
    const bool resumes = typed.spec.empty();
    if (resumes) {
        require_own_results(read_run_state(options.dir), options.dir, kNothingToRun);
    }
    SweepSource source =
        resumes ? resume_sweep_source(*read_run_state(options.dir).sweep, typed.overrides, catalog)
                : load_sweep_source(typed.spec, typed.overrides, catalog);
    sweeps::make_work_plan(source.sweep, catalog);
    refuse_another_sweep(options, source, catalog);
    if (resumes) {  // the journal keeps the earlier ones
        source.overrides = std::move(typed.overrides);
    }
    return source;
}

/// The site's defaults, and over them what was typed.
slurm::JobRequest job_request(const SlurmJobOptions& options) {
    slurm::JobRequest request;
    const fs::path site =
        options.site.empty() ? slurm::default_site_file() : fs::path(options.site);
    std::error_code error;
    if (!options.site.empty() || (!site.empty() && fs::exists(site, error))) {
        slurm::apply_site_file(site, request);
    }
    std::vector<sweeps::Problem> problems;
    for (const auto& [name, value] : options.settings) {
        for (const slurm::JobSetting& setting : slurm::job_settings()) {
            if (name != setting.name) {
                continue;
            }
            if (const std::optional<std::string> wrong = setting.take(request, value)) {
                std::string flag = "--" + name;
                std::replace(flag.begin(), flag.end(), '_', '-');
                problems.push_back({"command line", 0, flag, "'" + value + "': " + *wrong});
            }
        }
    }
    if (!problems.empty()) {
        throw sweeps::UsageError(std::move(problems));
    }
    return request;
}

/// Paths that were typed relative to this directory hold in the job, wherever it starts.
std::vector<std::string> with_absolute_cache(std::vector<std::string> flags) {
    for (std::size_t at = 0; at + 1 < flags.size(); ++at) {
        if (flags[at] == "--cache") {
            flags[at + 1] = absolute_path(flags[at + 1]);
        }
    }
    return flags;
}

std::string job_script(const SlurmJobOptions& options) {
    slurm::JobRequest request = job_request(options);
    storage::RunDirectory(options.dir).refuse_foreign();
    const SweepSource source = checked_source(options);
    if (request.name.empty()) {
        const bool fits = !slurm::has_control_characters(source.sweep.name);
        request.name = fits ? source.sweep.name : "harrow";
    }
    slurm::RunCommand command;
    command.program = fs::read_symlink("/proc/self/exe").string();
    command.spec =
        options.spec.empty() || !fs::exists(options.spec) ? "" : absolute_path(options.spec);
    command.overrides = source.overrides;
    command.run_directory = absolute_path(options.dir);
    command.flags = with_absolute_cache(options.run_flags);
    return slurm::render_job_script(request, command);
}

}  // namespace

ExitCode run_verb(const SlurmRenderOptions& options) {
    const std::string script = job_script(options);
    if (options.output.empty()) {
        std::cout << script;
    } else {
        storage::write_file_atomic(options.output, script);
    }
    const fs::path logs = slurm::slurm_directory(absolute_path(options.dir));
    std::error_code error;
    if (!fs::exists(logs, error)) {
        std::cerr << "sbatch writes the job's output into a directory that exists: mkdir -p "
                  << slurm::shell_word(logs.string()) << " (harrow slurm submit makes it)\n";
    }
    return ExitCode::Ok;
}

ExitCode run_verb(const SlurmSubmitOptions& options) {
    slurm::Submission submission;
    submission.script = job_script(options);
    submission.run_directory = absolute_path(options.dir);
    submission.submitted = utc_now();
    submission.again = options.again;
    const slurm::SubmittedJob job = slurm::submit(submission);
    std::cout << job.id << "\n";
    std::cerr << "job " << job.id << " from "
              << slurm::job_script_file(submission.run_directory, job.number).string()
              << "; harrow status " << options.dir << " shows how it stands\n";
    return ExitCode::Ok;
}

}  // namespace harrow::cli
