#include "cli/report_details.hpp"

#include <filesystem>
#include <set>
#include <string>
#include <system_error>

#include "analysis/comparison/paired_delta.hpp"
#include "analysis/comparison/routing_confusion.hpp"
#include "storage/patch_scores.hpp"
#include "storage/run_directory.hpp"
#include "sweeps/error.hpp"
#include "sweeps/keys.hpp"

namespace harrow::cli {
namespace {

/// The patch scores of a trial in the first run that has them, and not too many; empty: none.
std::filesystem::path scores_of(const std::string& trial,
                                const std::vector<RunOfReport>& runs,
                                std::uintmax_t max_bytes) {
    for (const RunOfReport& run : runs) {
        const auto key = run.state->trainings.find(trial);
        if (key == run.state->trainings.end() || run.dir.empty()) {
            continue;
        }
        const std::filesystem::path file = storage::RunDirectory(run.dir).scores_file(key->second);
        std::error_code error;
        const std::uintmax_t bytes = std::filesystem::file_size(file, error);
        if (!error && bytes <= max_bytes) {
            return file;
        }
    }
    return {};
}

}  // namespace

void add_report_details(analysis::Report& report,
                        const std::vector<RunOfReport>& runs,
                        std::uintmax_t max_bytes) {
    std::set<std::size_t> cells;
    for (const std::optional<std::size_t>& cell :
         {report.selection.cell,
          analysis::baseline_cell(report.summary, report.compare.baseline)}) {
        if (cell) {
            cells.insert(*cell);
        }
    }
    for (const std::size_t index : cells) {
        analysis::CellSummary& cell = report.summary.cells[index];
        analysis::RoutingConfusion confusion;
        for (const std::uint64_t seed : cell.finished) {
            const std::filesystem::path file =
                scores_of(sweeps::trial_id(cell.info.id, seed), runs, max_bytes);
            if (file.empty()) {
                continue;
            }
            try {
                analysis::add_to_confusion(confusion, storage::load_patch_scores(file));
            } catch (const sweeps::StorageError& error) {
                report.summary.notes.push_back(
                    {cell.info.id, seed, "undefined", std::string("routing: ") + error.what()});
            }
        }
        if (confusion.seeds > 0) {
            cell.confusion = std::move(confusion);
        }
    }
}

}  // namespace harrow::cli
