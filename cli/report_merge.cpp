#include "cli/report_merge.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <tuple>
#include <utility>

#include "storage/results.hpp"
#include "sweeps/error.hpp"

namespace harrow::cli {
namespace {

/// What a row is about, inside one cell.
using RowKey = std::tuple<std::uint64_t, int, std::string, std::string, std::string>;

RowKey key_of(const storage::ResultRow& row) {
    return {row.seed, row.after_task, row.class_name, row.routing, row.metric};
}

bool are_distinct(std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    return std::adjacent_find(names.begin(), names.end()) == names.end();
}

void add_seeds(const std::vector<std::uint64_t>& more, std::vector<std::uint64_t>& seeds) {
    for (const std::uint64_t seed : more) {
        if (std::find(seeds.begin(), seeds.end(), seed) == seeds.end()) {
            seeds.push_back(seed);
        }
    }
}

void make_names_distinct(std::vector<MergedCell>& cells) {
    std::map<std::string, int> uses;
    for (const MergedCell& cell : cells) {
        ++uses[cell.info.name];
    }
    for (MergedCell& cell : cells) {
        if (uses[cell.info.name] > 1) {
            cell.info.names.push_back(cell.info.run + "/" + cell.info.name);
            cell.info.name = cell.info.names.back();
        }
    }
}

}  // namespace

std::string folder_name(const std::string& dir) {
    std::filesystem::path path = std::filesystem::path(dir).lexically_normal();
    if (!path.has_filename()) {
        path = path.parent_path();
    }
    return path.has_filename() ? path.filename().string() : dir;
}

std::vector<std::string> run_labels(const std::vector<RunOfReport>& runs) {
    std::vector<std::string> names, folders, paths;
    for (const RunOfReport& run : runs) {
        names.push_back(run.state->sweep->name);
        folders.push_back(folder_name(run.dir));
        paths.push_back(run.dir);
    }
    return are_distinct(names) ? names : are_distinct(folders) ? folders : paths;
}

std::vector<MergedCell> merge_cells(const std::vector<std::vector<analysis::CellInfo>>& infos,
                                    const std::vector<std::string>& labels) {
    std::vector<MergedCell> cells;
    std::map<std::string, std::size_t> places;  // by id
    for (std::size_t run = 0; run < infos.size(); ++run) {
        for (std::size_t i = 0; i < infos[run].size(); ++i) {
            const analysis::CellInfo& info = infos[run][i];
            const auto [at, is_new] = places.emplace(info.id, cells.size());
            if (is_new) {
                cells.push_back({info, {{run, i}}});
                cells.back().info.run = labels[run];
                continue;
            }
            MergedCell& known = cells[at->second];
            add_seeds(info.seeds, known.info.seeds);
            known.sources.push_back({run, i});
            auto& names = known.info.data_names;
            names.insert(names.end(), info.data_names.begin(), info.data_names.end());
            for (const auto& [class_name, metrics] : info.published) {
                known.info.published[class_name].insert(metrics.begin(), metrics.end());
            }
        }
    }
    make_names_distinct(cells);
    return cells;
}

std::vector<storage::ResultRow> merged_rows(const MergedCell& cell,
                                            const std::vector<RunOfReport>& runs) {
    const auto rows_of = [&](const MergedCell::Source& source) {
        const storage::RunState& state = *runs[source.run].state;
        return storage::result_rows(state, state.cells[source.cell]);
    };
    std::vector<storage::ResultRow> rows = rows_of(cell.sources.front());
    if (cell.sources.size() == 1) {
        return rows;
    }
    std::map<RowKey, std::pair<double, std::size_t>> known;  // value, run
    for (const storage::ResultRow& row : rows) {
        known.emplace(key_of(row), std::pair(row.value, cell.sources.front().run));
    }
    for (std::size_t i = 1; i < cell.sources.size(); ++i) {
        for (storage::ResultRow& row : rows_of(cell.sources[i])) {
            const auto [at, is_new] =
                known.emplace(key_of(row), std::pair(row.value, cell.sources[i].run));
            const auto& [value, run] = at->second;
            if (is_new) {
                rows.push_back(std::move(row));
            } else if (value != row.value) {
                throw sweeps::UsageError(
                    "trial '" + cell.info.name + "' seed " + std::to_string(row.seed) +
                    " has different results in " + runs[run].dir + " and " +
                    runs[cell.sources[i].run].dir + ": " + row.metric + " of " + row.class_name +
                    " is " + storage::shortest_text(value) + " and " +
                    storage::shortest_text(row.value) +
                    ". One report cannot hold both: report the runs one by one" +
                    (runs[run].state->sweep->imported
                         ? ", or import one of them again under a --name of its own"
                         : ""));
            }
        }
    }
    return rows;
}

}  // namespace harrow::cli
