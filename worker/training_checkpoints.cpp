#include "worker/training_checkpoints.hpp"

#include <charconv>
#include <utility>

#include <spdlog/spdlog.h>

#include "storage/checkpoint.hpp"
#include "storage/results.hpp"
#include "storage/run_directory.hpp"

namespace harrow::worker {
namespace {

using storage::CheckpointMetadata;
using storage::UnusableCheckpoint;
using Stage = SavedTraining::Stage;

struct Type {
    const char* name;
    torch::ScalarType type;
};
const std::vector<Type>& types() {
    static const std::vector<Type> known = {{"F32", torch::kFloat32},
                                            {"F64", torch::kFloat64},
                                            {"I32", torch::kInt32},
                                            {"I64", torch::kInt64}};
    return known;
}

const char* name_of(torch::ScalarType type) {
    for (const Type& known : types()) {
        if (known.type == type) {
            return known.name;
        }
    }
    throw std::logic_error(std::string("a checkpoint cannot hold ") + c10::toString(type));
}

const char* name_of(Stage stage) {
    switch (stage) {
        case Stage::Begin:
            return "begin";
        case Stage::Train:
            return "train";
        case Stage::Evaluate:
            return "evaluate";
    }
    return "";
}

Stage stage_named(const std::string& name) {
    for (const Stage stage : {Stage::Begin, Stage::Train, Stage::Evaluate}) {
        if (name == name_of(stage)) {
            return stage;
        }
    }
    throw UnusableCheckpoint("its stage is '" + name + "'");
}

const std::string& text_of(const CheckpointMetadata& metadata, const std::string& name) {
    const auto found = metadata.find(name);
    if (found == metadata.end()) {
        throw UnusableCheckpoint("its '" + name + "' is missing");
    }
    return found->second;
}

template <typename Number>
Number number_of(const CheckpointMetadata& metadata, const std::string& name) {
    const std::string& text = text_of(metadata, name);
    Number value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !(value >= 0)) {
        throw UnusableCheckpoint("its '" + name + "' is '" + text + "'");
    }
    return value;
}

CheckpointMetadata metadata_of(const SavedTraining& training, const std::string& training_key) {
    return {{"training_key", training_key},
            {"stage", name_of(training.stage)},
            {"task", std::to_string(training.place.task)},
            {"epoch", std::to_string(training.place.epoch)},
            {"evaluated", std::to_string(training.evaluated)},
            {"train_seconds", storage::shortest_text(training.train_seconds)},
            {"evaluate_seconds", storage::shortest_text(training.evaluate_seconds)}};
}

std::uint64_t write(const std::filesystem::path& file,
                    const SavedTraining& training,
                    const std::string& training_key) {
    std::vector<torch::Tensor> held;  // for as long as their bytes are wanted
    std::vector<storage::CheckpointArray> arrays;
    for (const auto& [name, tensor] : training.tensors) {
        held.push_back(tensor.to(torch::kCPU).contiguous());
        const torch::Tensor& values = held.back();
        arrays.push_back({name,
                          name_of(values.scalar_type()),
                          values.sizes().vec(),
                          values.data_ptr(),
                          static_cast<std::uint64_t>(values.nbytes())});
    }
    return storage::write_checkpoint(file, metadata_of(training, training_key), arrays);
}

StateTensors read_tensors(const storage::CheckpointFile& file) {
    StateTensors tensors;
    for (const storage::TensorEntry& entry : file.arrays()) {
        torch::Tensor values;
        for (const Type& known : types()) {
            if (entry.dtype == known.name) {
                values = torch::empty(entry.shape, known.type);
            }
        }
        if (!values.defined()) {
            throw UnusableCheckpoint("'" + entry.name + "' holds " + entry.dtype);
        }
        file.read(entry, values.data_ptr());
        tensors.emplace(entry.name, values);
    }
    return tensors;
}

SavedTraining read(const std::filesystem::path& path, const std::string& training_key) {
    const storage::CheckpointFile file = storage::CheckpointFile::open(path);
    const CheckpointMetadata& metadata = file.metadata();
    const std::string& key = text_of(metadata, "training_key");
    if (key != training_key) {
        throw UnusableCheckpoint("it belongs to training " + key);
    }
    SavedTraining training;
    training.stage = stage_named(text_of(metadata, "stage"));
    training.place.task = number_of<int>(metadata, "task");
    training.place.epoch = number_of<int>(metadata, "epoch");
    training.evaluated = number_of<int>(metadata, "evaluated");
    training.train_seconds = number_of<double>(metadata, "train_seconds");
    training.evaluate_seconds = number_of<double>(metadata, "evaluate_seconds");
    training.tensors = read_tensors(file);
    return training;
}

}  // namespace

TrainingCheckpoints::TrainingCheckpoints(const std::filesystem::path& training_directory,
                                         std::string training_key,
                                         const Settings& settings,
                                         WorkMonitor& monitor)
    : directory_(storage::training_checkpoints(training_directory)),
      training_key_(std::move(training_key)),
      settings_(settings),
      monitor_(monitor),
      last_(monitor.seconds()) {}

bool TrainingCheckpoints::resume(const Restore& restore) {
    directory_.remove_temporaries();
    for (const std::filesystem::path& file : candidates()) {
        const std::optional<SavedTraining> training = usable(file);
        if (training && restored(file, *training, restore)) {
            previous_ = file;
            last_ = monitor_.seconds();
            seconds_before_ = training->train_seconds + training->evaluate_seconds;
            spdlog::info("resumed from {} stage={} task={} epoch={}",
                         file.filename().string(),
                         name_of(training->stage),
                         training->place.task + 1,  // as people count, as in the lines between
                         training->place.epoch);
            monitor_.resumed(training->place);
            return true;
        }
    }
    return false;
}

std::vector<std::filesystem::path> TrainingCheckpoints::candidates() {
    try {
        return directory_.newest_first();
    } catch (const sweeps::StorageError& error) {
        note(std::string("no checkpoint is used: ") + error.what());
        return {};
    }
}

std::optional<SavedTraining> TrainingCheckpoints::usable(const std::filesystem::path& file) {
    try {
        return read(file, training_key_);
    } catch (const sweeps::StorageError& error) {
        note_passed_over(file, error.what());
        return std::nullopt;
    }
}

// Another StorageError than the checkpoint's own is the feature cache's and ends the unit: the
// checkpoints are good.
bool TrainingCheckpoints::restored(const std::filesystem::path& file,
                                   const SavedTraining& training,
                                   const Restore& restore) {
    try {
        restore(training);
        return true;
    } catch (const UnusableCheckpoint& error) {
        note_passed_over(file, error.what());
        return false;
    }
}

void TrainingCheckpoints::note_passed_over(const std::filesystem::path& file,
                                           const std::string& reason) {
    note("checkpoint " + file.string() + " is not used, an earlier state is: " + reason);
}

bool TrainingCheckpoints::due() const {
    return settings_.interval_seconds > 0 &&
           monitor_.seconds() - last_ >= settings_.interval_seconds;
}

void TrainingCheckpoints::save(const SavedTraining& training, std::optional<int> after_task) {
    const double start = monitor_.seconds();
    try {
        const std::filesystem::path file = directory_.next(after_task);
        const std::uint64_t bytes = write(file, training, training_key_);
        std::vector<std::filesystem::path> kept = {file};
        if (previous_) {
            kept.push_back(*previous_);
        }
        directory_.keep_only(kept, settings_.keep == sweeps::KeepCheckpoints::All);
        previous_ = file;
        refused_ = false;
        spdlog::info("checkpoint {} task={} epoch={} bytes={} seconds={:.3f}",
                     file.filename().string(),
                     training.place.task + 1,
                     training.place.epoch,
                     bytes,
                     monitor_.seconds() - start);
        monitor_.checkpointed(training.place, bytes);
    } catch (const sweeps::StorageError& error) {
        if (!refused_) {
            note(std::string("no checkpoint could be written, the training goes on: ") +
                 error.what());
        }
        refused_ = true;
    }
    last_ = monitor_.seconds();
}

void TrainingCheckpoints::finish() {
    if (settings_.keep == sweeps::KeepCheckpoints::None) {
        directory_.remove_all();
    } else if (settings_.keep == sweeps::KeepCheckpoints::All) {
        directory_.keep_only({}, true);
    } else if (previous_ || !candidates().empty()) {  // none was read where the scores were there
        directory_.keep_only({previous_ ? *previous_ : candidates().front()}, false);
    }
}

void TrainingCheckpoints::discard() {
    directory_.remove_all();
}

std::vector<std::string> TrainingCheckpoints::take_notes() {
    return std::exchange(notes_, {});
}

void TrainingCheckpoints::note(const std::string& text) {
    spdlog::warn("{}", text);
    notes_.push_back(text);
}

}  // namespace harrow::worker
