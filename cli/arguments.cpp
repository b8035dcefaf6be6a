#include "cli/arguments.hpp"

#include <algorithm>
#include <functional>
#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/data_arguments.hpp"
#include "cli/option_check.hpp"
#include "cli/quantities.hpp"
#include "cli/report_arguments.hpp"
#include "cli/report_files.hpp"
#include "cli/run_arguments.hpp"
#include "cli/slurm_arguments.hpp"
#include "sweeps/error.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::cli {
namespace {

constexpr const char* kTrial = "trial: its id, CELL.sSEED, or the beginning of one";

/// Binds every verb's flags to its options struct; the verb that was typed ends up in `chosen`.
class Parser {
public:
    Parser()
        : app_("Harrow: hyper-parameter sweeps of continual anomaly detection, seed by seed.") {
        app_.name("harrow");
        app_.require_subcommand(1);
        app_.footer(
            "Exit codes: 0 all done; 1 bug; 2 usage or sweep file; 3 finished but some trials "
            "failed;\n"
            "4 infrastructure lost; 75 stopped early and resumable; 128+n a second signal.");
        add_plan();
        add_run();
        add_reading_verbs();
        add_control_verbs();
        add_foreign_results();
        add_data();
        add_cache();
        add_weights();
        add_slurm();
        add_reference_verbs();
    }

    std::optional<Command> parse(int argc, const char* const* argv) {
        require_known_verb(argc, argv);
        try {
            app_.parse(argc, argv);
        } catch (const CLI::Success& help) {
            app_.exit(help, std::cout, std::cerr);
            return std::nullopt;
        } catch (const CLI::ParseError& error) {
            throw sweeps::UsageError(
                first_mistake(error) +
                ". `harrow --help` and `harrow VERB --help` list what there is.");
        }
        return chosen_();
    }

private:
    std::vector<std::string> verbs() const {
        std::vector<std::string> names;
        for (const CLI::App* verb : app_.get_subcommands([](const CLI::App*) { return true; })) {
            names.push_back(verb->get_name());
        }
        return names;
    }

    void require_known_verb(int argc, const char* const* argv) const {
        const std::string word = argc > 1 ? argv[1] : "";
        const std::vector<std::string> known = verbs();
        if (word.empty() || word[0] == '-' ||
            std::find(known.begin(), known.end(), word) != known.end()) {
            return;
        }
        throw sweeps::UsageError("'" + word + "' is not a verb of harrow" +
                                 sweeps::suggestion(word, known));
    }

    /// An argument nobody knows explains more than the required one it was meant to be.
    std::string first_mistake(const CLI::ParseError& error) const {
        const std::vector<std::string> unknown = app_.remaining(true);
        return unknown.empty() ? error.what() : "'" + unknown.front() + "' is not known here";
    }

    template <typename Options>
    std::pair<CLI::App*, std::shared_ptr<Options>> verb(CLI::App& parent,
                                                        const std::string& name,
                                                        const std::string& help) {
        auto options = std::make_shared<Options>();
        CLI::App* app = parent.add_subcommand(name, help);
        app->callback([this, options] { chosen_ = [options] { return Command(*options); }; });
        return {app, options};
    }

    template <typename Options>
    static void add_spec(CLI::App* app, const std::shared_ptr<Options>& options, bool required) {
        auto* spec = app->add_option("spec", options->spec, "sweep file (YAML)");
        app->add_option(
            "overrides",
            options->overrides,
            "KEY=VALUE sets, KEY=A,B adds a grid axis, KEY=[A,B] is a list, seeds=0..4");
        spec->required(required);
    }

    void add_plan() {
        auto [app, options] = verb<PlanOptions>(
            app_, "plan", "what would run: cells, trials, trainings, extractions");
        add_spec(app, options, true);
        app->add_flag("--json", options->json, "machine-readable");
        app->add_option("--cache",
                        options->cache,
                        "feature cache (default: $HARROW_CACHE, else ~/.cache/harrow)");
        app->add_option("--simulate",
                        options->simulate,
                        "run it in virtual time on so many slots: how long, how busy, how costly")
            ->check(CLI::Range(1, 1000000));
        add_order(*app, options->order);
    }

    void add_run() {
        auto [app, options] =
            verb<RunOptions>(app_, "run", "run a sweep, or resume it: the same command again");
        add_spec(app, options, false);
        app->add_option("--dir", options->dir, "run directory")->required();
        add_run_flags(*app, *options);
    }

    void add_reading_verbs() {
        auto [status, status_options] = verb<StatusOptions>(app_, "status", "how far a run is");
        status->add_option("dir", status_options->dir, "run directory")->required();
        status->add_flag("--watch", status_options->watch, "show it anew until the run ends");
        status->add_flag("--json", status_options->json, "machine-readable");

        auto [report, report_options] =
            verb<ReportOptions>(app_, "report", "tables of mean ± std over seeds");
        report->add_option("dirs", report_options->dirs, "run directories")->required();
        report
            ->add_option(
                "--format",
                report_options->formats,
                "md, csv, csv-long, csv-wide, csv-classes, json or tex; html, or several parted by "
                "commas, go to --out (default: md)")
            ->delimiter(',')
            ->check(CLI::IsMember(report_formats()));
        report->add_option(
            "--out", report_options->out, "folder for files (default: report/ in the first run)");
        report->add_flag("--percent", report_options->percent, "fractions times 100");
        report->add_option("--tables",
                           report_options->tables,
                           "YAML file of tables for papers; md, tex and csv then print them alone");
        report->add_flag("--no-figures", report_options->no_figures, "tables and text alone");
        report->add_flag(
            "--no-gallery", report_options->no_gallery, "html without pictures of failures");
        add_comparison_options(*report, report_options->compare);

        auto [best, best_options] = verb<BestOptions>(
            app_, "best", "the best cell, what is tied with it, and what that is worth");
        add_best_options(*best, *best_options);

        add_show();
    }

    void add_show() {
        auto [show, options] = verb<ShowOptions>(
            app_, "show", "picture strips: image, mask, heat maps of one or more cells");
        show->add_option("dir", options->dir, "run directory")->required();
        show->add_option("cells", options->cells, "cells, by name or hash, side by side")
            ->required();
        show->add_option("--class", options->class_name, "one class only");
        show->add_option(
            "--seed", options->seed, "of the trials (default: the first that all have finished)");
        auto* worst = show->add_option(
            "--worst", options->worst, "how many of the worst-ranked test images (default: 8)");
        auto* best = show->add_option("--best", options->best, "how many of the best-ranked");
        auto* misrouted =
            show->add_option("--misrouted",
                             options->misrouted,
                             "how many of those scored by another class's expert (default: 8); "
                             "without a number it stands behind the cells");
        misrouted->expected(0, 1)->default_str("8");
        for (CLI::Option* count : {worst, best, misrouted}) {
            count->check(CLI::Range(1, 64));
        }
        worst->excludes(best)->excludes(misrouted);
        best->excludes(misrouted);
        show->add_option("--scale",
                         options->scale,
                         "of colours: one per class (default), or per class and cell")
            ->check(CLI::IsMember({"class", "cell"}));
        show->add_option("--out", options->out, "PNG file to write")->required();
    }

    template <typename Options>
    static void add_run_and_trial(CLI::App* app, const std::shared_ptr<Options>& options) {
        app->add_option("dir", options->dir, "run directory")->required();
        app->add_option("trial", options->trial, kTrial)->required();
    }

    template <typename Options>
    static void add_run_and_trials(CLI::App* app, const std::shared_ptr<Options>& options) {
        app->add_option("dir", options->dir, "run directory")->required();
        app->add_option("trials", options->trials, "trials, as for explain, or whole cells");
        app->add_option(
               "--wait", options->wait_s, "seconds to wait for a run that goes on (default: 10)")
            ->check(CLI::Range(0.0, 3600.0));
    }

    void add_control_verbs() {
        auto [explain, explain_options] = verb<ExplainOptions>(
            app_, "explain", "why a trial waits, where it runs, of what it failed, what to do");
        add_run_and_trial(explain, explain_options);

        auto [logs, logs_options] = verb<LogsOptions>(app_, "logs", "what a trial's training said");
        add_run_and_trial(logs, logs_options);
        logs->add_option("--lines", logs_options->lines, "the last N lines only")
            ->check(CLI::Range(1, 1'000'000));
        logs->add_flag("--follow", logs_options->follow, "go on until the training ends");

        auto [retry, retry_options] = verb<RetryOptions>(
            app_, "retry", "run failed trials again, also while the run goes on");
        add_run_and_trials(retry, retry_options);
        retry
            ->add_option("--state",
                         retry_options->states,
                         "those of this state: failed (any), diverged, cancelled, …")
            ->delimiter(',');

        auto [cancel, cancel_options] = verb<CancelOptions>(
            app_, "cancel", "take trials out of the sweep, also while the run goes on");
        add_run_and_trials(cancel, cancel_options);
        cancel->get_option("trials")->required();

        auto [replay, replay_options] = verb<ReplayOptions>(
            app_, "replay", "how to reproduce a trial; --verify trains it again and compares");
        add_run_and_trial(replay, replay_options);
        replay->add_flag("--verify", replay_options->verify, "compare rows and patch scores");
        add_device_options(*replay, replay_options->how);

        auto [doctor, doctor_options] =
            verb<DoctorOptions>(app_, "doctor", "what is wrong with this machine, and the cure");
        doctor->add_option("--dir", doctor_options->dir, "look at this run directory as well");
        add_cache_option(doctor, doctor_options);
        doctor->add_flag("--json", doctor_options->json, "machine-readable");
    }

    void add_foreign_results() {
        auto [app, options] = verb<ImportOptions>(
            app_, "import", "results made elsewhere, for the same reports: see docs/reports.md");
        app->add_option("files", options->files, "CSV tables, or folders of experiments")
            ->required();
        app->add_option("--dir", options->dir, "run directory to make")->required();
        app->add_option(
            "--cells", options->cells, "CSV table of cells: cell, label, tags, dataset, settings");
        app->add_option("--name", options->name, "name of the import (default: the file's)");
        app->add_option("--metric",
                        options->metric,
                        "what the cells are compared by (default: image_auroc, else the first)");
        app->add_option("--goal", options->goal, "maximize or minimize that metric")
            ->check(CLI::IsMember({"maximize", "minimize"}));
        app->add_option(
            "--seed", options->seed, "of an experiment folder whose name does not end in seed<N>");

        auto [metrics, metrics_options] = verb<MetricsOptions>(
            app_, "metrics", "every metric of score maps made elsewhere (HDF5)");
        metrics->add_option("file", metrics_options->file, "scores, masks, labels, image_scores")
            ->required();
        metrics->add_option("--limit",
                            metrics_options->limit,
                            "false positive rate up to which aupro counts (default: 0.3)");
        metrics->add_flag("--implementations",
                          metrics_options->implementations,
                          "AU-PRO as other implementations compute it, too");
        metrics->add_flag("--json", metrics_options->json, "one object: names and numbers");
    }

    void add_data() {
        CLI::App* data = app_.add_subcommand("data", "data sets");
        data->require_subcommand(1);
        auto [app, options] =
            verb<DataSynthOptions>(*data, "synth", "write a synthetic data set with masks");
        add_synth_options(*app, *options);

        auto [check, check_options] = verb<DataCheckOptions>(
            *data, "check", "read every file of a data set: counts, and all that is wrong with it");
        add_check_options(*check, *check_options);

        auto [anomalies, anomalies_options] = verb<DataAnomaliesOptions>(
            *data, "synth-anomalies", "write some of the anomalies that a sweep trains with");
        add_spec(anomalies, anomalies_options, true);
        add_anomalies_options(*anomalies, *anomalies_options);
        add_cache_option(anomalies, anomalies_options);
    }

    template <typename Options>
    static void add_cache_option(CLI::App* app, const std::shared_ptr<Options>& options) {
        app->add_option("--cache",
                        options->cache,
                        "feature cache (default: $HARROW_CACHE, else ~/.cache/harrow)");
    }

    void add_slurm() {
        CLI::App* slurm = app_.add_subcommand("slurm", "run a sweep as a job of Slurm");
        slurm->require_subcommand(1);
        auto [render, render_options] =
            verb<SlurmRenderOptions>(*slurm, "render", "print the job script");
        add_job(render, render_options);
        render->add_option(
            "--output", render_options->output, "file to write it to (default: standard output)");

        auto [submit, submit_options] = verb<SlurmSubmitOptions>(
            *slurm, "submit", "write the job script into the run directory and send it");
        add_job(submit, submit_options);
        submit->add_flag(
            "--again", submit_options->again, "although a job of this directory waits or runs");
    }

    template <typename Options>
    static void add_job(CLI::App* app, const std::shared_ptr<Options>& options) {
        add_spec(app, options, false);
        app->add_option("--dir", options->dir, "run directory")->required();
        add_job_settings(*app, options);
        hand_on_to_run(*app, options, [app](const auto& run) { add_run_flags(*app, *run); });
    }

    void add_cache() {
        CLI::App* cache = app_.add_subcommand("cache", "the feature cache");
        cache->require_subcommand(1);
        auto [ls, ls_options] =
            verb<CacheListOptions>(*cache, "ls", "what the cache holds, and when it was used");
        add_cache_option(ls, ls_options);
        ls->add_flag("--json", ls_options->json, "machine-readable");

        auto [verify, verify_options] = verb<CacheVerifyOptions>(
            *cache, "verify", "check every byte; damaged files go to quarantine (exit code 4)");
        add_cache_option(verify, verify_options);
        verify->add_option("keys", verify_options->keys, "feature keys, or their first digits");
        verify->add_flag("--all", verify_options->all, "all files (so it is without keys)");

        auto [gc, gc_options] = verb<CacheGcOptions>(
            *cache, "gc", "remove features, least recently used first, and what runs left behind");
        add_cache_option(gc, gc_options);
        // Checked here: an empty value, as of an unset variable, is not "no limit".
        gc->add_option("--max-size", gc_options->max_size, "keep at most this much: 50G, 500M")
            ->check(understood_by(parse_size));
        gc->add_option(
              "--older-than", gc_options->older_than, "remove what was not used for: 30d, 12h")
            ->check(understood_by(parse_duration));
        gc->add_flag("--quarantine", gc_options->quarantine, "remove damaged files kept there");
        gc->add_flag("--dry-run", gc_options->dry_run, "only say what would be removed");
    }

    void add_weights() {
        CLI::App* weights = app_.add_subcommand("weights", "weights files of backbones");
        weights->require_subcommand(1);
        auto [app, options] = verb<WeightsInspectOptions>(
            *weights, "inspect", "what a safetensors file is: public name, backbone, tensors");
        app->add_option("file", options->file, "safetensors file")->required();
        app->add_flag("--tensors", options->tensors, "every tensor with its shape");
        app->add_flag("--json", options->json, "machine-readable");
    }

    void add_reference_verbs() {
        auto [params, params_options] =
            verb<ParamsOptions>(app_, "params", "every parameter: default, range, meaning");
        params->add_option("method", params_options->method, "one method's only");
        params->add_flag("--markdown", params_options->markdown, "as a page");
        auto [version, version_options] =
            verb<VersionOptions>(app_, "version", "version and build");
        version->add_flag("--json", version_options->json, "machine-readable");
    }

    CLI::App app_;
    std::function<Command()> chosen_;
};

}  // namespace

std::optional<Command> parse_arguments(int argc, const char* const* argv) {
    return Parser().parse(argc, argv);
}

}  // namespace harrow::cli
