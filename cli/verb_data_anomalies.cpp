#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cli/anomaly_samples.hpp"
#include "cli/anomaly_sheet.hpp"
#include "cli/disk_catalog.hpp"
#include "cli/sweep_source.hpp"
#include "cli/terminal_text.hpp"
#include "cli/verbs.hpp"
#include "storage/files.hpp"
#include "storage/pending_directory.hpp"
#include "storage/results.hpp"
#include "sweeps/anomalies.hpp"
#include "sweeps/class_config.hpp"
#include "sweeps/feature_views.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::cli {
namespace {

/// Drawing needs no backbone: any weights file will do, and none is read.
class DrawingCatalog : public sweeps::InputCatalog {
public:
    explicit DrawingCatalog(const std::filesystem::path& cache) : disk_(cache) {}
    const sweeps::DatasetFacts& describe(const std::string& layout,
                                         const std::string& root,
                                         const std::vector<std::string>& classes) override {
        return disk_.describe(layout, root, classes);
    }
    const sweeps::WeightsFacts& weights(const std::string&, const std::string& path) override {
        return weights_.emplace(path, sweeps::WeightsFacts{sweeps::hash_text(path), "", {}})
            .first->second;
    }

private:
    DiskCatalog disk_;
    std::map<std::string, sweeps::WeightsFacts> weights_;  ///< by path
};

bool trains_with_anomalies(const sweeps::Cell& cell) {
    const std::vector<sweeps::FeatureView> views = sweeps::feature_views(cell.config);
    return std::any_of(views.begin(), views.end(), [](const sweeps::FeatureView& view) {
        return view.split == sweeps::kAnomaliesSplit;
    });
}

void refuse_occupied(const std::string& directory) {
    const std::string problem = storage::occupied_directory_problem(directory);
    if (!problem.empty()) {
        throw sweeps::UsageError({sweeps::Problem{"", 0, "--out", directory + " " + problem}});
    }
}

const sweeps::Cell& chosen_cell(const sweeps::Sweep& sweep, const std::string& name) {
    if (!name.empty()) {
        const sweeps::Cell* cell = sweeps::find_cell(sweep, name);
        if (cell == nullptr) {
            std::vector<std::string> names;
            for (const sweeps::Cell& one : sweep.cells) {
                names.push_back(one.name);
            }
            throw sweeps::UsageError("--cell: the sweep has no cell '" + name + "'" +
                                     sweeps::suggestion(name, names));
        }
        if (!trains_with_anomalies(*cell)) {
            throw sweeps::UsageError("--cell: '" + name +
                                     "' trains without anomalies; name one of method anomalyvfm "
                                     "with model.use_lora");
        }
        return *cell;
    }
    for (const sweeps::Cell& cell : sweep.cells) {
        if (trains_with_anomalies(cell)) {
            return cell;
        }
    }
    throw sweeps::UsageError("no cell of " + sweep.file +
                             " trains with anomalies: those of method anomalyvfm with "
                             "model.use_lora do");
}

std::string chosen_class(const sweeps::Cell& cell, const std::string& name) {
    std::vector<std::string> classes;
    for (const std::vector<std::string>& task : cell.tasks) {
        classes.insert(classes.end(), task.begin(), task.end());
    }
    if (name.empty()) {
        return classes.front();
    }
    if (std::find(classes.begin(), classes.end(), name) == classes.end()) {
        throw sweeps::UsageError("--class: cell '" + cell.name + "' has no class '" + name + "'" +
                                 sweeps::suggestion(name, classes));
    }
    return name;
}

std::uint64_t chosen_seed(const sweeps::Cell& cell,
                          const sweeps::TrialConfig& config,
                          const DataAnomaliesOptions& options) {
    if (options.seed && config.synthetic.seed >= 0) {
        throw sweeps::UsageError("--seed: synthetic.seed is " +
                                 std::to_string(config.synthetic.seed) +
                                 " in every trial; leave --seed out, or set synthetic.seed=" +
                                 std::to_string(*options.seed));
    }
    return sweeps::anomaly_seed(config.synthetic, options.seed.value_or(cell.seeds.front()));
}

/// "gaussian+blur": each kind once, in the order they are painted.
std::string kinds_of(const storage::DrawnAnomaly& drawn) {
    std::vector<std::string> kinds;
    std::string text;
    for (const storage::AnomalyPart& part : drawn.parts) {
        if (std::find(kinds.begin(), kinds.end(), part.kind) == kinds.end()) {
            kinds.push_back(part.kind);
            text += (text.empty() ? "" : "+") + part.kind;
        }
    }
    return text;
}

/// Files of a directory under construction, and the table of them.
class SampleFiles {
public:
    SampleFiles(std::filesystem::path directory, std::uint64_t seed)
        : directory_(std::move(directory)), seed_(seed) {}

    void add(const AnomalyNumber& number, const AnomalySample& sample) {
        const storage::DrawnAnomaly& drawn = sample.drawn;
        char digits[16];
        std::snprintf(digits, sizeof digits, "%03d", numbers_[drawn.stage]++);
        const std::string stem = drawn.stage + "-" + digits + "-" + std::to_string(drawn.side);
        storage::Image mask{drawn.side, drawn.side, 1, sample.mask};
        for (std::uint8_t& value : mask.pixels) {
            value = value == 0 ? 0 : 255;
        }
        storage::write_png(directory_ / (stem + ".png"), sample.picture);
        storage::write_png(directory_ / (stem + "_mask.png"), mask);
        rows_ += stem + ".png," + drawn.stage + "," + kinds_of(drawn) + "," +
                 storage::csv_field(sample.base_path) + "," +
                 storage::csv_field(sample.source_path) + "," + std::to_string(drawn.side) + "," +
                 std::to_string(number.index) + "," + std::to_string(seed_) + "\n";
        sheet_.add(sample);
        ++count_;
    }

    void finish() const {
        storage::write_png(directory_ / "sheet.png", sheet_.picture());
        storage::write_file_atomic(directory_ / "samples.csv",
                                   "file,stage,kind,base,source,resolution,index,seed\n" + rows_);
    }
    int count() const { return count_; }

private:
    std::filesystem::path directory_;
    std::uint64_t seed_;
    AnomalySheet sheet_;
    std::string rows_;
    std::map<std::string, int> numbers_;  // next of a stage
    int count_ = 0;
};

}  // namespace

sweeps::ExitCode run_verb(const DataAnomaliesOptions& options) {
    refuse_occupied(options.out);
    DrawingCatalog catalog(cache_directory(options.cache));
    const sweeps::Sweep sweep = load_sweep_source(options.spec, options.overrides, catalog).sweep;
    const sweeps::Cell& cell = chosen_cell(sweep, options.cell);
    const std::string class_name = chosen_class(cell, options.class_name);
    const sweeps::TrialConfig config = sweeps::config_of_class(cell.config, class_name);
    const std::uint64_t seed = chosen_seed(cell, config, options);
    AnomalySampler sampler(
        storage::list_dataset(
            config.data.layout, config.data.root, {class_name}, storage::Headers::Skip)
            .dataset,
        class_name,
        config,
        seed);

    storage::PendingDirectory directory(options.out);
    SampleFiles files(directory.path(), seed);
    for (const AnomalyNumber& number : sampler.first_of_each_stage(options.count)) {
        files.add(number, sampler.make(number));
    }
    files.finish();
    directory.publish();
    std::cout << printable(options.out) << ": " << files.count() << " anomalies of class "
              << printable(class_name) << " of cell '" << printable(cell.name) << "', seed " << seed
              << ", made of " << sampler.normals() << " normal images\n"
              << "sheet.png: normal image, anomaly, its mask; one row per stage"
              << (config.synthetic.resolutions.size() > 1 ? " and resolution" : "")
              << ", what they are says samples.csv\n";
    return sweeps::ExitCode::Ok;
}

}  // namespace harrow::cli
