#include <algorithm>
#include <filesystem>
#include <iostream>
#include <system_error>

#include <nlohmann/json.hpp>

#include "cli/disk_catalog.hpp"
#include "cli/explanation.hpp"
#include "cli/live_run.hpp"
#include "cli/own_results.hpp"
#include "cli/sweep_source.hpp"
#include "cli/verbs.hpp"
#include "storage/feature_cache.hpp"
#include "storage/files.hpp"
#include "sweeps/work_plan.hpp"

namespace harrow::cli {
namespace {

/// The cache that the run used last, as its manifest says; else the default one.
std::string cache_of(const storage::RunDirectory& directory) {
    try {
        const auto manifest =
            nlohmann::json::parse(storage::read_file(directory.manifest_file()), nullptr, false);
        return manifest.is_object() ? manifest.value("cache", "") : "";
    } catch (const std::exception&) {
        return "";
    }
}

/// From the sweep and its data, as the next `harrow run` would plan it.
std::vector<NeededFeatures> needed_features(const LiveRun& run, const std::string& trial) {
    const storage::RunState& state = run.state();
    const std::string cache = cache_of(run.directory());
    DiskCatalog catalog(cache_directory(cache));
    const SweepSource source = resume_sweep_source(*state.sweep, {}, catalog);
    const std::string device = state.sessions.empty() ? "cpu" : state.sessions.back().start.device;
    const sweeps::WorkPlan plan = sweeps::make_work_plan(source.sweep, catalog, device);
    const auto planned = std::find_if(
        plan.trials.begin(), plan.trials.end(), [&](const auto& t) { return t.id == trial; });
    if (planned == plan.trials.end()) {
        throw sweeps::UsageError("the sweep or its data changed since: it is no longer part of it");
    }
    const storage::FeatureCache features{cache_directory(cache)};
    std::vector<NeededFeatures> needs;
    for (const sweeps::Digest& key : plan.trainings[planned->training].feature_keys) {
        const auto extraction = std::find_if(plan.extractions.begin(),
                                             plan.extractions.end(),
                                             [&](const auto& e) { return e.feature_key == key; });
        needs.push_back({sweeps::label_of(*extraction),
                         key,
                         state.extracted.count(key) > 0 || features.contains(key)});
    }
    return needs;
}

}  // namespace

sweeps::ExitCode run_verb(const ExplainOptions& options) {
    const LiveRun run(options.dir, LiveRun::Records::Keep);
    require_own_results(run.state(), options.dir, "how its trials were trained is not known");
    ExplainFacts facts;
    facts.status = run.facts();
    facts.trial = find_trial(trial_names(run.state()), options.trial);
    facts.story = trial_story(run.records(), facts.trial.id);
    std::error_code ignored;
    facts.has_scores =
        !facts.story.training_key.empty() &&
        std::filesystem::exists(run.directory().scores_file(facts.story.training_key), ignored);
    if (condition_of(run.state(), facts) == TrialCondition::Waiting &&
        facts.status.coordinator.alive) {
        try {
            facts.needs = needed_features(run, facts.trial.id);
        } catch (const sweeps::Error& error) {
            facts.needs_problem = error.what();
        }
    }
    for (const std::string& line : explain(run.state(), facts)) {
        std::cout << line << "\n";
    }
    return sweeps::ExitCode::Ok;
}

}  // namespace harrow::cli
