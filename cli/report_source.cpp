#include "cli/report_source.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "storage/journal.hpp"
#include "storage/run_directory.hpp"
#include "sweeps/canonical.hpp"
#include "sweeps/keys.hpp"
#include "sweeps/parameters.hpp"
#include "sweeps/tables/table_reader.hpp"

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

/// What tables for papers may call the data of a cell; `run` is the label of its run.
std::vector<std::string> data_names(const storage::CellRecord& cell,
                                    const storage::SweepRecord& sweep,
                                    const std::string& dir,
                                    const std::string& run) {
    std::vector<std::string> names = {run};
    const auto add = [&](const std::string& name) {
        if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) {
            names.push_back(name);
        }
    };
    add(sweep.name);
    add(dir.empty() ? "" : folder_name(dir));
    if (!cell.data_root.empty()) {
        const std::string folder = folder_name(cell.data_root);
        const bool is_list = folder.size() > 4 && folder.substr(folder.size() - 4) == ".csv";
        add(is_list ? folder.substr(0, folder.size() - 4) : folder);
    }
    add(sweep.imported ? cell.data_digest : "");
    return names;
}

analysis::CellInfo info_of(const storage::CellRecord& cell,
                           const storage::SweepRecord& sweep,
                           const std::string& dir,
                           const std::string& run) {
    analysis::CellInfo info{cell.id, cell.name, cell.names, cell.tags, cell.seeds, cell.label};
    info.settings = settings_of(cell, sweep.imported);
    info.is_import = sweep.imported;
    info.data_digest = cell.data_digest;
    info.weights_digest = cell.weights_digest;
    info.run = sweep.name;
    info.data_names = data_names(cell, sweep, dir, run);
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
                analysis::TrialCost& cost = cell.costs[seed];
                cost = cost_of(spend->second);
                const auto training = state.trainings.find(spend->first);
                cost.training = training == state.trainings.end() ? "" : training->second;
            }
        }
    }
}

/// Of trials that no run finished, and what finished ones could not measure.
void add_notes(const MergedCell& cell,
               const std::vector<RunOfReport>& runs,
               std::vector<analysis::TrialNote>& notes) {
    for (const std::uint64_t seed : cell.info.seeds) {
        const std::string trial = sweeps::trial_id(cell.info.id, seed);
        std::optional<analysis::TrialNote> open;
        std::vector<analysis::TrialNote> undefined;
        bool is_finished = false;
        for (const MergedCell::Source& source : cell.sources) {
            const storage::RunState& state = *runs[source.run].state;
            const auto failed = state.failed.find(trial);
            const auto finished = state.finished.find(trial);
            if (finished != state.finished.end()) {
                undefined.clear();
                for (const std::string& note : finished->second.notes) {
                    undefined.push_back({cell.info.id, seed, "undefined", note});
                }
                is_finished = true;
            } else if (failed != state.failed.end()) {
                open = {cell.info.id, seed, failed->second.state, failed->second.message};
            } else if (!open) {
                open = {cell.info.id, seed, "pending", ""};
            }
        }
        if (is_finished) {
            notes.insert(notes.end(), undefined.begin(), undefined.end());
        } else if (open) {
            notes.push_back(*open);
        }
    }
}

/// What the sweeps ask for. Names of tables are those of files: of several runs each begins with
/// its run's, and equal ones are numbered.
std::vector<analysis::WantedTable> tables_of(const std::vector<RunOfReport>& runs,
                                             const std::vector<std::string>& labels) {
    std::vector<analysis::WantedTable> tables;
    std::set<std::string> names;
    const bool is_one = runs.size() == 1;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const std::string& text = runs[i].state->sweep->tables;
        if (text.empty()) {
            continue;
        }
        for (sweeps::TableSpec& spec :
             sweeps::parse_tables("{tables: " + text + "}", runs[i].dir)) {
            const std::string name = (is_one ? "" : analysis::id_text(labels[i]) + "-") + spec.name;
            spec.name = name;
            for (int number = 2; !names.insert(spec.name).second; ++number) {
                spec.name = name + "-" + std::to_string(number);
            }
            tables.push_back({std::move(spec), is_one ? "" : labels[i]});
        }
    }
    return tables;
}

}  // namespace

analysis::Report make_run_report(const std::vector<RunOfReport>& runs, bool percent) {
    const std::vector<std::string> labels = run_labels(runs);
    std::vector<std::vector<analysis::CellInfo>> infos;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const storage::RunState& state = *runs[i].state;
        infos.emplace_back();
        for (const storage::CellRecord& cell : state.cells) {
            infos.back().push_back(info_of(cell, *state.sweep, runs[i].dir, labels[i]));
        }
    }
    const std::vector<MergedCell> merged = merge_cells(infos, labels);
    std::vector<analysis::CellInfo> cells;
    std::vector<analysis::TrialNote> notes;
    for (const MergedCell& cell : merged) {
        cells.push_back(cell.info);
        add_notes(cell, runs, notes);
    }
    std::size_t cell = 0;  // rows are asked for in the order of the cells
    analysis::Summary summary = analysis::summarise_by_cell(
        cells,
        [&](const analysis::CellInfo&) { return merged_rows(merged[cell++], runs); },
        std::move(notes));
    for (const RunOfReport& run : runs) {
        add_costs(*run.state, summary);
    }
    std::string name;
    for (const std::string& label : labels) {
        name += (name.empty() ? "" : " + ") + label;
    }
    analysis::Report report = analysis::make_report(
        name, runs.front().state->sweep->objective, std::move(summary), percent);
    report.tables = tables_of(runs, labels);
    return report;
}

analysis::Report make_run_report(const storage::RunState& state, bool percent) {
    return make_run_report(std::vector<RunOfReport>{{"", &state}}, percent);
}

}  // namespace harrow::cli
