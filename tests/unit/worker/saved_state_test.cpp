#include "worker/methods/moleflow/saved_state.hpp"

#include <limits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "storage/checkpoint.hpp"
#include "tests/unit/worker/small_method.hpp"
#include "worker/methods/moleflow/moleflow_model.hpp"
#include "worker/methods/moleflow/training.hpp"

namespace harrow::worker {
namespace {

StateTensors copy_of(const StateTensors& state) {
    StateTensors copies;
    for (const auto& [name, tensor] : state) {
        copies.emplace(name, tensor.clone());
    }
    return copies;
}

// With steps whose losses nobody looks at until the epoch's end, as on a GPU, what is saved inside
// an epoch is its start; with checked steps it is the very batch.
TEST(SavedStateTest, StoppedInsideAnEpochTrainingGoesOnToTheSameBits) {
    const torch::Tensor features = random_features(12, 100, 3);
    features[0].fill_(std::numeric_limits<float>::quiet_NaN());
    const TaskData data{0, tensor_rows(features)};
    const auto make_model = [] {
        Initialiser init(3, "init", torch::kCPU);
        MoleflowModel model(small_config().model, kGeometry, init, torch::kCPU);
        model.add_expert(init);
        return model;
    };
    for (const LossCheck check : {LossCheck::EveryStep, LossCheck::EveryEpoch}) {
        std::vector<double> records;
        const auto train = [&](const MoleflowModel& model, TrainingProgress& progress, int stop) {
            TrainingHooks hooks;
            hooks.stop = [&stop] { return --stop == 0; };
            hooks.on_epoch = [&](const EpochRecord& record) {
                records.insert(records.end(), {record.loss, record.grad_norm});
                records.push_back(static_cast<double>(record.skipped_batches));
            };
            train_expert(model,
                         {0, Freezing::Isolate, Schedule::Base, check},
                         data,
                         small_config().train,
                         3,
                         torch::kCPU,
                         hooks,
                         progress);
        };
        const MoleflowModel undisturbed = make_model();
        TrainingProgress whole;
        train(undisturbed, whole, -1);
        const std::vector<double> expected = std::exchange(records, {});
        ASSERT_EQ(expected.size(), 9U);
        for (int stop = 1; stop <= 12; ++stop) {
            const MoleflowModel begun = make_model();
            TrainingProgress progress;
            train(begun, progress, stop);
            StateTensors state;
            save_model(begun, state);
            save_progress(progress, state);
            state = copy_of(state);
            MoleflowModel model = make_model();
            restore_model(state, model, [] { FAIL(); });
            TrainingProgress rest = restored_progress(state);
            train(model, rest, -1);
            EXPECT_EQ(std::exchange(records, {}), expected) << stop;
            const NamedTensors a = undisturbed.named_tensors(), b = model.named_tensors();
            for (std::size_t i = 0; i < a.size(); ++i) {
                ASSERT_TRUE(a[i].tensor.equal(b[i].tensor)) << a[i].name << " " << stop;
            }
        }
    }
}

TEST(SavedStateTest, RefusesTheStateOfAnotherModel) {
    const auto state_of = [](const sweeps::TrialConfig& config) {
        const auto method = build(config);
        learn(*method, make_task(0));
        return copy_of(method->save_state());
    };
    const StateTensors state = state_of(small_config());
    const auto refused = [](const sweeps::TrialConfig& config, const StateTensors& other) {
        EXPECT_THROW(build(config)->load_state(other), storage::UnusableCheckpoint);
    };
    refused(small_config(), {});
    sweeps::TrialConfig config = small_config();
    config.model.lora_rank = 2;
    refused(config, state);
    config = small_config();
    config.model.dia_n_blocks = 0;
    refused(config, state);
    config.model.dia_n_blocks = 3;
    refused(config, state);
    StateTensors incomplete = state;
    incomplete.erase("router.0.cholesky");
    refused(small_config(), incomplete);
    incomplete = state;
    incomplete["model.experts"] = torch::tensor({2.0F});
    refused(small_config(), incomplete);
    build(small_config())->load_state(state);
}

}  // namespace
}  // namespace harrow::worker
