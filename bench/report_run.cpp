// Writes a run directory as a finished sweep leaves it, with made-up rows: cells × seeds × classes
// in eight metrics, after every task or after the last one alone.
//   report_run DIR [CELLS SEEDS CLASSES TASKS FIRST_SEED]     TASKS 1: rows after the last task
//   alone

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "storage/file_seal.hpp"
#include "storage/journal.hpp"
#include "storage/journal_records.hpp"
#include "storage/run_directory.hpp"
#include "sweeps/hashing.hpp"
#include "sweeps/keys.hpp"
#include "sweeps/metric_names.hpp"

namespace {

using namespace harrow;

struct Size {
    int cells = 1000, seeds = 5, classes = 15, tasks = 1, first_seed = 0;
};

const std::vector<std::string> kClasses = {"bottle",
                                           "cable",
                                           "capsule",
                                           "carpet",
                                           "grid",
                                           "hazelnut",
                                           "leather",
                                           "metal_nut",
                                           "pill",
                                           "screw",
                                           "tile",
                                           "toothbrush",
                                           "transistor",
                                           "wood",
                                           "zipper"};

/// In [0, 1), the same for equal words.
double noise(const std::string& words) {
    return static_cast<double>(sweeps::checksum64(words.data(), words.size()) >> 11U) * 0x1p-53;
}

std::string class_name(int index) {
    return static_cast<std::size_t>(index) < kClasses.size()
               ? kClasses[static_cast<std::size_t>(index)]
               : "class_" + std::to_string(index);
}

double value_of(
    const storage::CellRecord& cell, int seed, int class_index, int age, std::size_t metric) {
    const double level = metric == 4 || metric == 5 ? 0.55 : 0.95;
    const std::string words = std::to_string(metric) + class_name(class_index);
    const double of_cell = noise(cell.id) - 0.5, of_class = noise(words) - 0.5;
    const double of_seed = noise(cell.id + words + std::to_string(seed)) - 0.5;
    const double forgotten = 0.01 * age * noise(cell.id + "forgets") * noise(words + cell.id);
    return level + 0.05 * of_cell + 0.08 * of_class * (1 - level + 0.3) + 0.01 * of_seed -
           forgotten;
}

storage::TrialRows trial_rows(const storage::CellRecord& cell, int seed, const Size& size) {
    std::vector<std::string> metrics = sweeps::curve_metric_names();
    metrics.emplace_back("routing_acc");
    storage::TrialRows trial{sweeps::trial_id(cell.id, static_cast<std::uint64_t>(seed)), {}, {}};
    for (int task = 0; task < size.tasks; ++task) {
        const int classes = size.tasks == 1 ? size.classes : (task + 1) * size.classes / size.tasks;
        for (std::size_t metric = 0; metric < metrics.size(); ++metric) {
            double sum = 0;
            for (int i = 0; i < classes; ++i) {
                const int age = size.tasks == 1 ? 0 : task - i * size.tasks / size.classes;
                const double value = value_of(cell, seed, i, age, metric);
                sum += value;
                trial.rows.push_back({task, class_name(i), "routed", metrics[metric], value});
            }
            trial.rows.push_back({task, "mean", "routed", metrics[metric], sum / classes});
        }
    }
    return trial;
}

std::vector<storage::CellRecord> make_cells(const Size& size) {
    std::vector<storage::CellRecord> cells;
    for (int i = 0; i < size.cells; ++i) {
        storage::CellRecord cell;
        const std::string text = "cell" + std::to_string(i);
        cell.id = storage::hex16(sweeps::checksum64(text.data(), text.size()));
        cell.name = "tail_weight=0." + std::to_string(50 + i % 10 * 5) +
                    ",score.top_k=" + std::to_string(1 + i / 10 % 10) +
                    ",lora_rank=" + std::to_string(8 << (i / 100));
        cell.names = {cell.name};
        for (int seed = 0; seed < size.seeds; ++seed) {
            cell.seeds.push_back(static_cast<std::uint64_t>(seed + size.first_seed));
        }
        cell.settings = {{"train.tail_weight", "0." + std::to_string(50 + i % 10 * 5)},
                         {"score.top_k", std::to_string(1 + i / 10 % 10)},
                         {"model.lora_rank", std::to_string(8 << (i / 100))}};
        cells.push_back(std::move(cell));
    }
    return cells;
}

void write_run(const std::string& dir, const Size& size) {
    const storage::RunDirectory directory(dir);
    directory.prepare();
    storage::Journal journal = storage::Journal::open(directory.journal_file());
    storage::SweepRecord sweep;
    sweep.harrow_version = "0.1.0";
    sweep.build = "bench";
    sweep.name = "made-up";
    sweep.file = "made-up.yaml";
    sweep.base_directory = "/";
    sweep.cells = make_cells(size);
    sweep.trials = static_cast<std::int64_t>(size.cells) * size.seeds;
    sweep.imported = true;
    storage::append_record(journal, sweep);
    for (const storage::CellRecord& cell : sweep.cells) {
        for (const std::uint64_t seed : cell.seeds) {
            storage::append_record(
                journal,
                storage::FinishedRecord{"", {trial_rows(cell, static_cast<int>(seed), size)}});
        }
        journal.commit();
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::cerr << "report_run DIR [CELLS SEEDS CLASSES TASKS FIRST_SEED]\n";
        return 2;
    }
    Size size;
    int* numbers[] = {&size.cells, &size.seeds, &size.classes, &size.tasks, &size.first_seed};
    for (int i = 2; i < argc && i < 7; ++i) {
        *numbers[i - 2] = std::atoi(argv[i]);
    }
    write_run(argv[1], size);
    return 0;
}
