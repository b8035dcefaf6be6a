#include <algorithm>
#include <array>
#include <iostream>
#include <utility>

#include <nlohmann/json.hpp>

#include "build_info.hpp"
#include "cli/doctor_checks.hpp"
#include "cli/quantities.hpp"
#include "cli/run_session.hpp"
#include "cli/run_slots.hpp"
#include "cli/sweep_source.hpp"
#include "cli/terminal_text.hpp"
#include "cli/verbs.hpp"
#include "coordinator/program_output.hpp"
#include "storage/cache_listing.hpp"
#include "storage/feature_cache.hpp"

namespace harrow::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr auto kWorkerLimit = std::chrono::seconds(60);

WorkerAnswer ask_worker() {
    WorkerAnswer answer;
    try {
        answer.path = worker_program();
        const coordinator::ProgramOutput said = coordinator::run_for_output(
            {answer.path,
             {"--doctor"},
             coordinator::child_environment(coordinator::process_environment(), 1, "")},
            kWorkerLimit);
        answer.output = said.output;
        if (!said.end) {
            answer.problem = answer.path + " did not answer within 60 s";
        } else if (said.end->signal != 0 || said.end->exit_code != 0) {
            answer.problem = answer.path + " cannot run (" + coordinator::to_string(*said.end) +
                             "): " + said.output.substr(0, said.output.find('\n'));
        }
    } catch (const sweeps::Error& error) {
        answer.problem = error.what();
    }
    return answer;
}

Finding gpus(const WorkerAnswer& worker) {
    const Machine machine = this_machine(worker.path);
    std::optional<coordinator::ProbeResult> found;
    if (machine.nvidia_driver && worker.problem.empty()) {
        found = machine.probe();
    }
    return judge_gpus(found, machine.visible_devices);
}

std::vector<Finding> cache_findings(const std::string& typed) {
    const std::filesystem::path root = cache_directory(typed);
    std::vector<Finding> findings = check_directory(root, DirectoryUse::Cache);
    try {
        const storage::CacheListing listing =
            storage::list_cache(storage::FeatureCache(root), storage::Describe::No);
        findings.push_back({Health::Ok,
                            "cache size",
                            size_text(listing.entry_bytes()) + " in " +
                                std::to_string(listing.entries.size()) + " files",
                            ""});
        if (!listing.quarantined.empty()) {
            findings.push_back(
                {Health::Warn,
                 "cache damage",
                 std::to_string(listing.quarantined.size()) + " damaged files in quarantine",
                 "check the disk; harrow cache gc --quarantine removes them"});
        }
    } catch (const sweeps::Error& error) {
        findings.push_back(
            {Health::Warn, "cache size", error.what(), "choose another with --cache"});
    }
    return findings;
}

void append(std::vector<Finding>& findings, std::vector<Finding> more) {
    std::move(more.begin(), more.end(), std::back_inserter(findings));
}

std::vector<Finding> examine(const DoctorOptions& options) {
    const WorkerAnswer worker = ask_worker();
    std::vector<Finding> findings = {
        {Health::Ok, "harrow", std::string(version()) + ", build " + build_id(), ""}};
    append(findings, judge_worker(worker, build_id()));
    findings.push_back(gpus(worker));
    append(findings, judge_machine(machine_facts()));
    append(findings, cache_findings(options.cache));
    if (!options.dir.empty()) {
        append(findings, check_directory(options.dir, DirectoryUse::Run));
    }
    return findings;
}

using Counts = std::array<int, 3>;  ///< by Health

Counts count(const std::vector<Finding>& findings) {
    Counts counts = {};
    for (const Finding& finding : findings) {
        ++counts.at(static_cast<std::size_t>(finding.health));
    }
    return counts;
}

void print_json(const std::vector<Finding>& findings, const Counts& counts) {
    Json checks = Json::array();
    for (const Finding& finding : findings) {
        checks.push_back({{"health", name_of(finding.health)},
                          {"what", finding.what},
                          {"found", finding.found},
                          {"cure", finding.cure}});
    }
    const Json answer = {{"version", 1},
                         {"checks", std::move(checks)},
                         {"ok", counts[0]},
                         {"warn", counts[1]},
                         {"fail", counts[2]}};
    std::cout << answer.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
}

void print_text(const std::vector<Finding>& findings, const Counts& counts) {
    std::size_t columns = 0;
    for (const Finding& finding : findings) {
        columns = std::max(columns, finding.what.size());
    }
    for (const Finding& finding : findings) {
        const std::string health(name_of(finding.health));
        std::cout << health << std::string(6 - health.size(), ' ') << finding.what
                  << std::string(columns + 2 - finding.what.size(), ' ') << printable(finding.found)
                  << (finding.cure.empty() ? "" : "  → " + printable(finding.cure)) << "\n";
    }
    std::cout << counts[0] << " ok, " << counts[1] << " to know, " << counts[2] << " to cure\n";
}

}  // namespace

sweeps::ExitCode run_verb(const DoctorOptions& options) {
    const std::vector<Finding> findings = examine(options);
    const Counts counts = count(findings);
    if (options.json) {
        print_json(findings, counts);
    } else {
        print_text(findings, counts);
    }
    return counts[2] > 0 ? sweeps::ExitCode::Infrastructure : sweeps::ExitCode::Ok;
}

}  // namespace harrow::cli
