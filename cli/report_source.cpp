#include "cli/report_source.hpp"

#include "storage/journal.hpp"
#include "storage/run_directory.hpp"
#include "sweeps/canonical.hpp"
#include "sweeps/keys.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::cli {

storage::RunState read_run_state(const std::string& dir) {
    const storage::RunDirectory directory(dir);
    directory.require_run();
    return storage::read_run_state(directory.journal_file());
}

namespace {

/// Locators say where something lies; what it is stands in the digests.
std::map<std::string, std::string> settings_of(const storage::CellRecord& cell, bool is_import) {
    if (is_import) {
        return cell.settings;
    }
    std::map<std::string, std::string> settings;
    const sweeps::TrialConfig config = sweeps::parse_canonical(cell.config);
    for (const sweeps::Parameter& parameter : sweeps::parameters()) {
        if (!parameter.locator && sweeps::is_active(parameter, config)) {
            settings[parameter.name] = sweeps::value_text(parameter, config);
        }
    }
    return settings;
}

analysis::CellInfo info_of(const storage::CellRecord& cell, const storage::SweepRecord& sweep) {
    analysis::CellInfo info{cell.id, cell.name, cell.names, cell.tags, cell.seeds, cell.label};
    info.settings = settings_of(cell, sweep.imported);
    info.is_import = sweep.imported;
    info.data_digest = cell.data_digest;
    info.weights_digest = cell.weights_digest;
    info.run = sweep.name;
    for (const storage::PublishedValue& value : cell.published) {
        info.published[value.class_name][value.metric] = {value.value, value.std};
    }
    return info;
}

/// Scoring is what evaluation and metrics took together: known when both are.
analysis::TrialCost cost_of(const storage::TrialSpend& spend) {
    analysis::TrialCost cost;
    if (!spend.training) {
        return cost;
    }
    const sweeps::TrainingCost& training = *spend.training;
    cost.training_seconds = training.train_seconds;
    if (spend.score_seconds) {
        cost.scoring_seconds = training.evaluate_seconds + *spend.score_seconds;
    }
    cost.peak_rss_bytes = training.peak_rss_bytes;
    cost.peak_device_bytes = training.peak_device_bytes;
    cost.feature_bytes = training.feature_bytes;
    cost.parameters.assign(training.parameters.begin(), training.parameters.end());
    return cost;
}

void add_costs(const storage::RunState& state, analysis::Summary& summary) {
    for (analysis::CellSummary& cell : summary.cells) {
        for (const std::uint64_t seed : cell.finished) {
            const auto spend = state.spent.find(sweeps::trial_id(cell.info.id, seed));
            if (spend != state.spent.end() && spend->second.training) {
                cell.costs[seed] = cost_of(spend->second);
            }
        }
    }
}

}  // namespace

analysis::Report make_run_report(const storage::RunState& state, bool percent) {
    std::vector<analysis::CellInfo> cells;
    std::vector<analysis::TrialNote> notes;
    for (const storage::CellRecord& cell : state.cells) {
        cells.push_back(info_of(cell, *state.sweep));
        for (std::uint64_t seed : cell.seeds) {
            const std::string trial = sweeps::trial_id(cell.id, seed);
            const auto failed = state.failed.find(trial);
            const auto finished = state.finished.find(trial);
            if (failed != state.failed.end()) {
                notes.push_back({cell.id, seed, failed->second.state, failed->second.message});
            } else if (finished == state.finished.end()) {
                notes.push_back({cell.id, seed, "pending", ""});
            } else {
                for (const std::string& note : finished->second.notes) {
                    notes.push_back({cell.id, seed, "undefined", note});
                }
            }
        }
    }
    std::size_t cell = 0;  // rows are asked for in the order of the cells
    analysis::Summary summary = analysis::summarise_by_cell(
        cells,
        [&](const analysis::CellInfo&) { return storage::result_rows(state, state.cells[cell++]); },
        std::move(notes));
    add_costs(state, summary);
    return analysis::make_report(
        state.sweep->name, state.sweep->objective, std::move(summary), percent);
}

}  // namespace harrow::cli
