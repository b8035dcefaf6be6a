#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "storage/checkpoint_directory.hpp"
#include "sweeps/run_settings.hpp"
#include "worker/state_tensors.hpp"
#include "worker/work_monitor.hpp"

namespace harrow::worker {

/// All that a continual run needs to go on. `tensors` are those of the method and, with names that
/// begin with "run.", those of the run itself.
struct SavedTraining {
    enum class Stage {
        Begin,    ///< of place.task nothing is done
        Train,    ///< inside the training of place.task; place.epoch is under way
        Evaluate  ///< place.task is trained and routed, `evaluated` of the seen classes are scored
    };
    Stage stage = Stage::Begin;
    TrainingPlace place;
    int evaluated = 0;
    double train_seconds = 0, evaluate_seconds = 0;  ///< that the work so far took
    StateTensors tensors;
};

/// The checkpoints of one training in its directory: when to write one, which to go on from, what
/// stays. Two generations are kept, so that a damaged file costs one interval and not all.
class TrainingCheckpoints {
public:
    struct Settings {
        double interval_seconds = 0;  ///< between two inside a task; 0: only after each task
        sweeps::KeepCheckpoints keep = sweeps::KeepCheckpoints::None;
    };
    /// `monitor` outlives this object; its clock counts. Touches no file.
    TrainingCheckpoints(const std::filesystem::path& training_directory,
                        std::string training_key,
                        const Settings& settings,
                        WorkMonitor& monitor);

    /// Hands checkpoints to `restore`, newest first, until it takes one: one that is damaged, is
    /// another training's, or for which `restore` throws storage::UnusableCheckpoint, is passed
    /// over and a note says so. False: begin at the start.
    using Restore = std::function<void(const SavedTraining&)>;
    bool resume(const Restore& restore);

    /// The interval has passed since the last one.
    bool due() const;
    /// Publishes one. A file system that refuses (full disk) costs a note, not the training.
    void save(const SavedTraining& training, std::optional<int> after_task = std::nullopt);
    /// Whether a finished training leaves any behind.
    bool wanted_afterwards() const { return settings_.keep != sweeps::KeepCheckpoints::None; }
    /// The training's scores are published: leaves what the settings say.
    void finish();
    /// Removes them all.
    void discard();

    /// Of training and evaluation that the checkpoint of resume() holds; 0 without one.
    double seconds_before() const { return seconds_before_; }
    /// What went wrong since the last call, one line each.
    std::vector<std::string> take_notes();

private:
    std::vector<std::filesystem::path> candidates();
    std::optional<SavedTraining> usable(const std::filesystem::path& file);
    bool restored(const std::filesystem::path& file,
                  const SavedTraining& training,
                  const Restore& restore);
    void note_passed_over(const std::filesystem::path& file, const std::string& reason);
    void note(const std::string& text);

    storage::CheckpointDirectory directory_;
    std::string training_key_;
    Settings settings_;
    WorkMonitor& monitor_;
    double last_;                                    ///< when, by the monitor's clock
    std::optional<std::filesystem::path> previous_;  ///< newest that is known to be good
    double seconds_before_ = 0;
    bool refused_ = false;  ///< the last save failed, and it was said
    std::vector<std::string> notes_;
};

}  // namespace harrow::worker
