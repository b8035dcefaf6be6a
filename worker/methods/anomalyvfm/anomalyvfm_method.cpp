#include "worker/methods/anomalyvfm/anomalyvfm_method.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/checkpoint.hpp"
#include "sweeps/class_config.hpp"
#include "worker/methods/anomalyvfm/adapter_model.hpp"
#include "worker/methods/anomalyvfm/expert.hpp"
#include "worker/methods/anomalyvfm/training.hpp"
#include "worker/methods/router.hpp"
#include "worker/methods/training_progress.hpp"

namespace harrow::worker {
namespace {

using anomalyvfm::AdapterModel;
using anomalyvfm::TrainedExpert;

const std::string kModel = "model.";
const std::string kModelClass = "class.model";

std::string expert_prefix(std::size_t expert) {
    return "expert." + std::to_string(expert) + ".";
}
std::string expert_class(std::size_t expert) {
    return "class.expert." + std::to_string(expert);
}

// Names are kept as one int32 per byte: tensors are all that a checkpoint holds.
torch::Tensor name_tensor(const std::string& name) {
    std::vector<std::int32_t> bytes;
    for (const char letter : name) {
        bytes.push_back(static_cast<unsigned char>(letter));
    }
    return torch::tensor(bytes, torch::kInt32);
}

std::string restored_name(const StateTensors& state, const std::string& entry) {
    const torch::Tensor bytes = state_tensor(state, entry, torch::kInt32).contiguous();
    std::string name;
    for (std::int64_t i = 0; i < bytes.numel(); ++i) {
        name += static_cast<char>(bytes.data_ptr<std::int32_t>()[i]);
    }
    return name;
}

class AnomalyVfmMethod final : public Method {
public:
    AnomalyVfmMethod(sweeps::TrialConfig config,
                     FeatureGeometry geometry,
                     std::uint64_t seed,
                     torch::Device device)
        : config_(std::move(config)),
          geometry_(geometry),
          seed_(seed),
          device_(device),
          distance_(parse_router_distance(config_.router.distance)),
          router_(distance_) {
        adam_options(config_.train);  // throws for a wrong name
        anomalyvfm::check_config(config_, geometry.channels);
        const auto scales = anomalyvfm::scale_sides(config_.data).size();
        if (geometry.height != 1 || geometry.width != static_cast<std::int64_t>(scales)) {
            throw sweeps::UsageError(
                "anomalyvfm looks at one feature per image and scale, of which there are " +
                std::to_string(scales) + "; these features are " + std::to_string(geometry.height) +
                " x " + std::to_string(geometry.width) +
                ": set backbone.feature to one that gives a vector per image");
        }
    }

    bool has_isolated_experts() const override { return true; }
    bool has_router() const override { return distance_ != RouterDistance::None; }
    bool scores_images() const override { return true; }

    void begin_task(int task) override {
        task_ = task;
        progress_ = {};
        if (!config_.model.carry_over_compat) {
            model_.reset();
        }
    }

    void train(const TaskData& data, const TrainingHooks& hooks) override {
        prepare(data);
        anomalyvfm::check_enough_images(config_of(model_class_), data.features->size());
        anomalyvfm::train_adapters(
            *model_, data, config_of(model_class_), seed_, device_, hooks, progress_);
    }

    void update_router(const TaskData& data, const std::function<void()>& on_batch) override {
        prepare(data);
        experts_.emplace_back(config_of(model_class_), *model_, data, seed_, device_, on_batch);
        expert_classes_.push_back(model_class_);
        parameters_.push_back(model_->num_trained());
        if (has_router()) {
            router_.learn(image_features(*data.features));
        }
        progress_ = {};
        if (!config_.model.carry_over_compat) {
            model_.reset();
        }
    }

    std::int64_t trained_parameters(int task) const override {
        const auto expert = static_cast<std::size_t>(task);
        return expert < parameters_.size() ? parameters_[expert]
                                           : (model_ ? model_->num_trained() : 0);
    }

    torch::Tensor score(const torch::Tensor& features, int expert) override {
        return experts_.at(static_cast<std::size_t>(expert)).score_maps(features);
    }

    torch::Tensor score_images(const FeatureRows& images, int expert) override {
        return experts_.at(static_cast<std::size_t>(expert)).score_images(images);
    }

    torch::Tensor route_distances(const torch::Tensor& features) override {
        return router_.distances(image_features(features));
    }

    StateTensors save_state() const override {
        StateTensors state;
        state["tasks"] = torch::tensor(
            std::vector<std::int64_t>{
                task_, model_ ? model_task_ : -1, static_cast<std::int64_t>(experts_.size())},
            torch::kInt64);
        for (std::size_t expert = 0; expert < experts_.size(); ++expert) {
            state[expert_class(expert)] = name_tensor(expert_classes_[expert]);
            experts_[expert].save(expert_prefix(expert), state);
        }
        if (model_) {
            state[kModelClass] = name_tensor(model_class_);
            for (const NamedTensor& named : model_->named_tensors()) {
                state[kModel + named.name] = named.tensor.detach();
            }
        }
        state["parameters"] = torch::tensor(parameters_, torch::kInt64);
        save_router(router_, state);
        save_progress(progress_, state);
        return state;
    }

    void load_state(const StateTensors& state) override {
        const torch::Tensor& tasks = state_tensor(state, "tasks", torch::kInt64, {3});
        task_ = static_cast<int>(tasks[0].item<std::int64_t>());
        const auto model_task = static_cast<int>(tasks[1].item<std::int64_t>());
        const auto experts = static_cast<std::size_t>(tasks[2].item<std::int64_t>());
        const torch::Tensor& parameters =
            state_tensor(state, "parameters", torch::kInt64, {static_cast<std::int64_t>(experts)});
        for (std::size_t expert = 0; expert < experts; ++expert) {
            parameters_.push_back(
                parameters[static_cast<std::int64_t>(expert)].item<std::int64_t>());
            expert_classes_.push_back(restored_name(state, expert_class(expert)));
            experts_.emplace_back(config_of(expert_classes_.back()),
                                  expert_prefix(expert),
                                  state,
                                  expert_classes_.back(),
                                  geometry_.channels,
                                  seed_,
                                  device_);
        }
        if (model_task >= 0) {
            model_class_ = restored_name(state, kModelClass);
            model_task_ = model_task;
            model_ = new_model(model_class_);
            for (const NamedTensor& named : model_->named_tensors()) {
                restore_tensor(state, kModel + named.name, named.tensor);
            }
        }
        check_no_other_model(state);
        restore_router(state, router_);
        progress_ = restored_progress(state);
    }

private:
    sweeps::TrialConfig config_of(const std::string& class_name) const {
        return sweeps::config_of_class(config_, class_name);
    }

    std::optional<AdapterModel> new_model(const std::string& class_name) const {
        Initialiser init(seed_, "init/" + class_name, device_);
        Initialiser head(seed_, "init/head/" + class_name, device_);
        return AdapterModel(
            config_of(class_name), geometry_.channels, AdapterModel::Purpose::Training, init, head);
    }

    /// Sees to it that model_ is of this task: as it was drawn, or as the last task left it.
    void prepare(const TaskData& data) {
        if (model_ && model_task_ == data.task) {
            return;
        }
        const std::string& name = anomalyvfm::task_name(data);
        std::optional<AdapterModel> fresh = new_model(name);
        if (model_) {
            anomalyvfm::carry_over(*model_, *fresh);
        }
        model_ = std::move(fresh);
        model_class_ = name;
        model_task_ = data.task;
    }

    void check_no_other_model(const StateTensors& state) const {
        std::size_t stored = 0;
        for (const auto& [name, tensor] : state) {
            stored += name.compare(0, kModel.size(), kModel) == 0 ? 1 : 0;
        }
        const std::size_t expected = model_ ? model_->named_tensors().size() : 0;
        if (stored != expected) {
            throw storage::UnusableCheckpoint("it holds " + std::to_string(stored) +
                                              " tensors of layers that have " +
                                              std::to_string(expected));
        }
    }

    sweeps::TrialConfig config_;
    FeatureGeometry geometry_;
    std::uint64_t seed_;
    torch::Device device_;
    RouterDistance distance_;
    PrototypeRouter router_;
    int task_ = -1;  ///< the last that began
    /// Under way; with carry_over_compat also the last task's, until the next one trains.
    std::optional<AdapterModel> model_;
    int model_task_ = -1;
    std::string model_class_;  ///< first of the classes whose configuration the model has
    std::vector<TrainedExpert> experts_;
    std::vector<std::string> expert_classes_;
    std::vector<std::int64_t> parameters_;  ///< trained by each expert's task
    TrainingProgress progress_;
};

}  // namespace

std::unique_ptr<Method> make_anomalyvfm(const sweeps::TrialConfig& config,
                                        FeatureGeometry geometry,
                                        std::uint64_t seed,
                                        torch::Device device) {
    return std::make_unique<AnomalyVfmMethod>(config, geometry, seed, device);
}

}  // namespace harrow::worker
