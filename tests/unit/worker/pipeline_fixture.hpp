#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "storage/datasets/dataset.hpp"
#include "storage/datasets/synth.hpp"
#include "storage/feature_cache.hpp"
#include "storage/patch_scores.hpp"
#include "sweeps/anomalies.hpp"
#include "sweeps/canonical.hpp"
#include "sweeps/feature_views.hpp"
#include "sweeps/keys.hpp"
#include "sweeps/validation.hpp"
#include "worker/unit_runner.hpp"

namespace harrow::worker {

namespace fs = std::filesystem;
using sweeps::Stage;

constexpr int kTrainImages = 30, kTestImages = 30;
constexpr int kNumTasks = 3;

inline sweeps::TrialConfig tiny_config(const std::string& method) {
    sweeps::TrialConfig config;
    config.method = method;
    config.data.image_size = 64;
    config.train.num_epochs = 2;
    config.train.lr = 2e-3;
    config.model.num_coupling_layers = 2;
    config.model.dia_n_blocks = 1;
    config.model.lora_rank = 4;
    config.score.map_size = 32;
    config.score.smoothing_sigma = 1.0;
    return config;
}

/// A small drawn data set of three classes, copied for each test, with a feature cache and
/// trainings beside it.
class PipelineTest : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        at::set_num_threads(1);
        drawn_ = fs::temp_directory_path() / ("harrow-pipeline-" + std::to_string(::getpid()));
        fs::remove_all(drawn_);
        storage::SynthOptions options;
        options.classes = kNumTasks;
        options.size = 64;
        storage::write_synthetic_dataset(drawn_, options);
    }
    static void TearDownTestSuite() { fs::remove_all(drawn_); }

    void SetUp() override {
        place_ = fs::path(drawn_.string() + "-" +
                          ::testing::UnitTest::GetInstance()->current_test_info()->name());
        fs::remove_all(place_);
        fs::create_directories(place_);
        fs::copy(drawn_, data(), fs::copy_options::recursive);
        for (const storage::DatasetClass& entry : listing().classes) {
            class_names_.push_back(entry.name);
        }
    }
    void TearDown() override { fs::remove_all(place_); }

    fs::path data() const { return place_ / "data"; }
    fs::path cache() const { return place_ / "cache"; }
    fs::path training(const std::string& name) const { return place_ / "trainings" / name; }
    storage::Dataset listing() const { return storage::list_dataset("mvtec", data()).dataset; }
    UnitRunner runner(std::size_t mapped_files = 256, int decode_threads = 1) const {
        ResidencyBudget budget;
        budget.mapped_files = mapped_files;
        return UnitRunner(cache(), torch::kCPU, budget, decode_threads);
    }

    /// As the coordinator would plan it from the data as they are now.
    coordinator::ExtractionWork extraction(const std::string& class_name,
                                           const std::string& split,
                                           const sweeps::TrialConfig& config) const {
        const storage::Dataset dataset = listing();
        coordinator::ExtractionWork work;
        for (const storage::DatasetClass& entry : dataset.classes) {
            if (entry.name == class_name) {
                work.images_digest =
                    storage::images_digest(dataset, split == "test" ? entry.test : entry.train);
            }
        }
        if (split == sweeps::kSyntheticSplit) {
            work.images_digest = sweeps::synthetic_digest(work.images_digest, config.validation);
            work.recipe = sweeps::recipe_text(config, split);
        }
        work.feature_key = sweeps::feature_key(config, {}, work.images_digest);
        work.config_text = sweeps::canonical_text(config, {Stage::Features});
        work.data_root = data().string();
        work.data_layout = "mvtec";
        work.class_name = class_name;
        work.split = split;
        return work;
    }

    /// One class per task unless `tasks` says otherwise.
    coordinator::TrainingWork training_work(
        const std::string& name,
        const sweeps::TrialConfig& config,
        std::vector<std::vector<std::string>> tasks = {}) const {
        if (tasks.empty()) {
            for (const std::string& class_name : class_names_) {
                tasks.push_back({class_name});
            }
        }
        coordinator::TrainingWork work;
        work.training_key = name;
        work.config_text = sweeps::canonical_text(config, {Stage::Features, Stage::Training});
        work.data_root = data().string();
        work.data_layout = "mvtec";
        work.seed = 3;
        for (const auto& classes : tasks) {
            coordinator::TaskWork task;
            for (const std::string& class_name : classes) {
                coordinator::ClassWork one{class_name, {}};
                for (const sweeps::FeatureView& view : sweeps::feature_views(config)) {
                    one.feature_keys[view.name] =
                        extraction(class_name, view.split, view.config).feature_key;
                }
                task.classes.push_back(std::move(one));
            }
            work.tasks.push_back(task);
        }
        work.jobs.push_back({"trial", sweeps::canonical_text(config)});
        work.directory = training(name).string();
        return work;
    }

    coordinator::WorkResult train(const coordinator::TrainingWork& work) const {
        WorkMonitor monitor;
        UnitRunner fresh = runner();
        return fresh.train(work, monitor);
    }
    storage::PatchScores scores_of(const coordinator::TrainingWork& work) const {
        return storage::load_patch_scores(fs::path(work.directory) / "scores.h5");
    }
    fs::path feature_file(const std::string& key) const {
        return storage::FeatureCache(cache()).file_of(key);
    }
    std::vector<fs::path> files_under(const fs::path& directory) const {
        std::vector<fs::path> files;
        for (const auto& entry : fs::recursive_directory_iterator(directory)) {
            if (entry.is_regular_file()) {
                files.push_back(entry.path());
            }
        }
        return files;
    }

    static inline fs::path drawn_;
    fs::path place_;
    std::vector<std::string> class_names_;
    WorkMonitor silent_;
};

}  // namespace harrow::worker
