#include "cli/report_source.hpp"

#include "storage/journal.hpp"
#include "storage/run_directory.hpp"
#include "sweeps/keys.hpp"

namespace harrow::cli {

storage::RunState read_run_state(const std::string& dir) {
    const storage::RunDirectory directory(dir);
    directory.require_run();
    return storage::read_run_state(directory.journal_file());
}

analysis::Report make_run_report(const storage::RunState& state, bool percent) {
    std::vector<analysis::CellInfo> cells;
    std::vector<analysis::TrialNote> notes;
    for (const storage::CellRecord& cell : state.cells) {
        cells.push_back({cell.id, cell.name, cell.names, cell.tags, cell.seeds, cell.label});
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
    return analysis::make_report(
        state.sweep->name, state.sweep->objective, std::move(summary), percent);
}

}  // namespace harrow::cli
