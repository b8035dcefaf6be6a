#include "worker/methods/moleflow/moleflow_method.hpp"

#include <string>

#include "worker/methods/initialiser.hpp"
#include "worker/methods/moleflow/moleflow_model.hpp"
#include "worker/methods/moleflow/saved_state.hpp"
#include "worker/methods/moleflow/training.hpp"
#include "worker/methods/router.hpp"

namespace harrow::worker {
namespace {

// Names that would otherwise only fail at the first step.
sweeps::TrainConfig checked(const sweeps::TrainConfig& config) {
    adam_options(config);
    return config;
}

MoleflowModel make_model(const sweeps::ModelConfig& config,
                         FeatureGeometry geometry,
                         std::uint64_t seed,
                         torch::Device device) {
    Initialiser init(seed, "init", device);
    return MoleflowModel(config, geometry, init, device);
}

void add_expert(MoleflowModel& model, std::uint64_t seed, torch::Device device) {
    Initialiser init(seed, "init/" + std::to_string(model.num_experts()), device);
    model.add_expert(init);
}

LossCheck loss_check(torch::Device device) {
    return device.is_cpu() ? LossCheck::EveryStep : LossCheck::EveryEpoch;
}

torch::Tensor score_on_cpu(const MoleflowModel& model,
                           const torch::Tensor& features,
                           int expert,
                           torch::Device device) {
    const torch::InferenceMode inference;
    return model.patch_scores(features.to(device), expert).cpu();
}

std::int64_t count_trained(const MoleflowModel& model, int expert, Freezing freezing) {
    std::int64_t count = 0;
    for (const torch::Tensor& tensor : trained_tensors(model.named_tensors(), expert, freezing)) {
        count += tensor.numel();
    }
    return count;
}

class MoleflowMethod final : public Method {
public:
    MoleflowMethod(const sweeps::TrialConfig& config,
                   FeatureGeometry geometry,
                   std::uint64_t seed,
                   torch::Device device)
        : train_(checked(config.train)),
          freezing_(config.model.unfreeze_base ? Freezing::UnfreezeBase : Freezing::Isolate),
          seed_(seed),
          device_(device),
          distance_(parse_router_distance(config.router.distance)),
          model_(make_model(config.model, geometry, seed, device)),
          router_(distance_) {}

    bool has_isolated_experts() const override { return freezing_ == Freezing::Isolate; }
    bool has_router() const override { return distance_ != RouterDistance::None; }

    void begin_task(int /*task*/) override {
        add_expert(model_, seed_, device_);
        progress_ = {};
    }

    void train(const TaskData& data, const TrainingHooks& hooks) override {
        const Schedule schedule = data.task == 0 ? Schedule::Base : Schedule::WarmUp;
        const ExpertTraining plan{data.task, freezing_, schedule, loss_check(device_)};
        train_expert(model_, plan, data, train_, seed_, device_, hooks, progress_);
    }

    // All training images; the reference leaves out those its last incomplete batch drops.
    void update_router(const TaskData& data, const std::function<void()>& /*on_batch*/) override {
        if (has_router()) {
            router_.learn(image_features(*data.features));
        }
        progress_ = {};
    }

    std::int64_t trained_parameters(int task) const override {
        return count_trained(model_, task, freezing_);
    }

    torch::Tensor score(const torch::Tensor& features, int expert) override {
        return score_on_cpu(model_, features, expert, device_);
    }

    torch::Tensor route_distances(const torch::Tensor& features) override {
        return router_.distances(image_features(features));
    }

    StateTensors save_state() const override {
        StateTensors state;
        save_model(model_, state);
        save_router(router_, state);
        save_progress(progress_, state);
        return state;
    }

    void load_state(const StateTensors& state) override {
        restore_model(state, model_, [this] { add_expert(model_, seed_, device_); });
        restore_router(state, router_);
        progress_ = restored_progress(state);
    }

private:
    sweeps::TrainConfig train_;
    Freezing freezing_;
    std::uint64_t seed_;
    torch::Device device_;
    RouterDistance distance_;
    MoleflowModel model_;
    PrototypeRouter router_;
    TrainingProgress progress_;
};

class FinetuneMethod final : public Method {
public:
    FinetuneMethod(const sweeps::TrialConfig& config,
                   FeatureGeometry geometry,
                   std::uint64_t seed,
                   torch::Device device)
        : train_(checked(config.train)),
          seed_(seed),
          device_(device),
          model_(make_model(config.model, geometry, seed, device)) {}

    bool has_isolated_experts() const override { return false; }
    bool has_router() const override { return false; }

    void begin_task(int task) override {
        if (task == 0) {
            add_expert(model_, seed_, device_);
        }
        progress_ = {};
    }

    void train(const TaskData& data, const TrainingHooks& hooks) override {
        const ExpertTraining plan{
            kOnlyExpert, Freezing::UnfreezeBase, Schedule::Base, loss_check(device_)};
        train_expert(model_, plan, data, train_, seed_, device_, hooks, progress_);
    }

    void update_router(const TaskData& /*data*/,
                       const std::function<void()>& /*on_batch*/) override {
        progress_ = {};
    }

    std::int64_t trained_parameters(int /*task*/) const override {
        return count_trained(model_, kOnlyExpert, Freezing::UnfreezeBase);
    }

    torch::Tensor score(const torch::Tensor& features, int /*expert*/) override {
        return score_on_cpu(model_, features, kOnlyExpert, device_);
    }

    torch::Tensor route_distances(const torch::Tensor& features) override {
        return torch::empty({features.size(0), 0}, torch::kFloat64);
    }

    StateTensors save_state() const override {
        StateTensors state;
        save_model(model_, state);
        save_progress(progress_, state);
        return state;
    }

    void load_state(const StateTensors& state) override {
        restore_model(state, model_, [this] { add_expert(model_, seed_, device_); });
        progress_ = restored_progress(state);
    }

private:
    static constexpr int kOnlyExpert = 0;

    sweeps::TrainConfig train_;
    std::uint64_t seed_;
    torch::Device device_;
    MoleflowModel model_;
    TrainingProgress progress_;
};

}  // namespace

std::unique_ptr<Method> make_moleflow(const sweeps::TrialConfig& config,
                                      FeatureGeometry geometry,
                                      std::uint64_t seed,
                                      torch::Device device) {
    return std::make_unique<MoleflowMethod>(config, geometry, seed, device);
}

std::unique_ptr<Method> make_finetune(const sweeps::TrialConfig& config,
                                      FeatureGeometry geometry,
                                      std::uint64_t seed,
                                      torch::Device device) {
    return std::make_unique<FinetuneMethod>(config, geometry, seed, device);
}

}  // namespace harrow::worker
