#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "analysis/summary.hpp"
#include "storage/run_state.hpp"

namespace harrow::cli {

/// A run directory that a report is made of.
struct RunOfReport {
    std::string dir;                           ///< as typed
    const storage::RunState* state = nullptr;  ///< not owned
};

/// Name of a run directory's folder.
std::string folder_name(const std::string& dir);

/// What each run is called, as many as runs: by its sweep; where two share a name by their folders.
std::vector<std::string> run_labels(const std::vector<RunOfReport>& runs);

/// One cell of the report, and where its trials come from: a run and a position in its `cells`.
struct MergedCell {
    analysis::CellInfo info;
    struct Source {
        std::size_t run = 0, cell = 0;
    };
    std::vector<Source> sources;
};

/// Cells of all runs in order. Those of one id are one cell with the seeds of all; different cells
/// of one name get the label of their run in front: `run/cell`. `infos[run][cell]` describes them.
std::vector<MergedCell> merge_cells(const std::vector<std::vector<analysis::CellInfo>>& infos,
                                    const std::vector<std::string>& labels);

/// Rows of all its sources. A trial that several runs finished counts once. Throws UsageError
/// naming the trial and the runs when they disagree on a value.
std::vector<storage::ResultRow> merged_rows(const MergedCell& cell,
                                            const std::vector<RunOfReport>& runs);

}  // namespace harrow::cli
