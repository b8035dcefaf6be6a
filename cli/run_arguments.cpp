#include "cli/run_arguments.hpp"

#include <chrono>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/option_check.hpp"
#include "cli/quantities.hpp"
#include "cli/run_limits.hpp"

namespace harrow::cli {
namespace {

std::chrono::system_clock::time_point parse_moment_from_now(const std::string& text) {
    return parse_moment(text, std::chrono::system_clock::now());
}

void add_run_limits(CLI::App& app, RunOptions& options) {
    app.add_option("--until",
                   options.until,
                   "end before this time: +2h30m, 14:30 or 2026-11-22T14:30[Z] (Slurm's own "
                   "end is known); work checkpoints, exit code 75")
        ->check(understood_by(parse_moment_from_now));
    app.add_option("--max-rss",
                   options.max_rss,
                   "memory of one worker, e.g. 16G; one that uses more is ended")
        ->check(understood_by(parse_size));
    app.add_option("--hang-limit",
                   options.hang_limit_s,
                   "seconds without a step of work until a worker is ended (default: 600)")
        ->check(CLI::Range(1.0, 604800.0));
    app.add_option("--disk-wait",
                   options.disk_wait_s,
                   "seconds to wait for room on a full disk (default: 600)")
        ->check(CLI::Range(0.0, 604800.0));
    app.add_option("--rank-limit",
                   options.rank_limit_s,
                   "seconds of silence until a rank is lost (default: 30)")
        ->check(CLI::Range(3.0, 3600.0));
}

}  // namespace

void add_order(CLI::App& app, std::string& order) {
    app.add_option("--order",
                   order,
                   "of work: breadth (every cell's first seeds early, longest first among "
                   "them), longest (expected to take longest first), file (as in the sweep)")
        ->check(CLI::IsMember({"breadth", "longest", "file"}));
}

void add_device_options(CLI::App& app, RunOptions& options) {
    app.add_option("--device",
                   options.device,
                   "auto (default: GPUs if harrow-worker finds some), cpu or cuda")
        ->check(CLI::IsMember({"auto", "cpu", "cuda"}));
    app.add_option("--gpu-map",
                   options.gpu_map,
                   "the device of each slot, e.g. 0,0,1; numbers count this rank's GPUs")
        ->check([](const std::string& text) {
            return text.empty() ? std::string("--gpu-map is empty") : std::string();
        });
    app.add_option("--threads", options.threads, "threads per slot; results depend on it")
        ->check(CLI::Range(1, 1024));
    app.add_option(
        "--cache", options.cache, "feature cache (default: $HARROW_CACHE, else ~/.cache/harrow)");
}

void add_run_flags(CLI::App& app, RunOptions& options) {
    app.add_option("--slots",
                   options.slots,
                   "units of work at a time on this rank (default: slots_per_gpu of the "
                   "sweep, which is 1, for each GPU; else 1)")
        ->check(CLI::Range(1, 1024));
    add_device_options(app, options);
    app.add_option("--resident",
                   options.resident,
                   "memory of a GPU that features may keep, e.g. 20G (default: half of what "
                   "is free; CPU slots need none)");
    app.add_option(
           "--drain", options.drain_s, "seconds running work may go on after the first signal")
        ->check(CLI::Range(0.0, 604800.0));
    add_run_limits(app, options);
    add_order(app, options.order);
    app.add_flag(
        "--extend", options.extend, "add the cells and seeds that the sweep file has gained");
    app.add_flag("--fail-fast", options.fail_fast, "stop at the first failed trial");
}

}  // namespace harrow::cli
