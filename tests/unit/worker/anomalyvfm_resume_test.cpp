#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "storage/checkpoint.hpp"
#include "sweeps/error.hpp"
#include "tests/unit/worker/small_anomalyvfm.hpp"

namespace harrow::worker::vfm_tests {
namespace {

// Stopped after every single batch of the second of two tasks, with all that is random on.
class AnomalyvfmResume : public testing::TestWithParam<std::string> {};

sweeps::TrialConfig resume_config(const std::string& name) {
    sweeps::TrialConfig config = config_of(name.substr(0, 3));
    config.router.distance = "mahalanobis";
    if (name.find("compat") != std::string::npos) {
        config.train.sampling = "blocks_compat";
        config.model.extraction_dropout_compat = true;
        config.model.batch_mix_compat = true;
        config.model.carry_over_compat = true;
        config.model.attention_range = "test_compat";
    } else if (name.find("patches") != std::string::npos) {
        config.model.maps = "patches";
        config.train.confidence_weight = 0.5;
    }
    return config;
}

struct Trace {
    std::vector<double> records;
    std::vector<torch::Tensor> scores;
};

void score_all(Method& method, const sweeps::TrialConfig& config, Trace& trace) {
    for (const int expert : {0, 1}) {
        trace.scores.push_back(method.score_images(*test_images(config), expert));
        if (config.model.maps == "patches") {
            trace.scores.push_back(method.score(random_rows({8, 2, 3, kChannels}, 9), expert));
        }
    }
    trace.scores.push_back(method.route_distances(test_images(config)->batch(0)));
}

TEST_P(AnomalyvfmResume, GoesOnToTheSameBits) {
    const sweeps::TrialConfig config = resume_config(GetParam());
    TrainingHooks hooks;
    std::vector<double> records;
    int left = 0, batches = 0;
    hooks.on_epoch = [&](const EpochRecord& record) {
        records.insert(records.end(), {record.loss, record.grad_norm});
    };
    hooks.stop = [&] {
        ++batches;
        return --left == 0;
    };
    const auto undisturbed = build(config);
    learn(*undisturbed, make_task(0, config));
    learn(*undisturbed, make_task(1, config), hooks);
    Trace expected{std::exchange(records, {}), {}};
    score_all(*undisturbed, config, expected);
    ASSERT_EQ(expected.records.size(), 4U);
    const int whole = batches;
    for (int stop = 1; stop <= whole; ++stop) {
        const auto stopped = build(config);
        learn(*stopped, make_task(0, config));
        stopped->begin_task(1);
        left = stop;
        stopped->train(make_task(1, config), hooks);
        const StateTensors state = copy_of(stopped->save_state());
        left = 0;
        const auto resumed = build(config);
        resumed->load_state(state);
        resumed->train(make_task(1, config), hooks);
        resumed->update_router(make_task(1, config));
        Trace trace{std::exchange(records, {}), {}};
        score_all(*resumed, config, trace);
        EXPECT_EQ(trace.records, expected.records) << stop;
        for (std::size_t i = 0; i < trace.scores.size(); ++i) {
            EXPECT_TRUE(trace.scores[i].equal(expected.scores[i])) << stop << " " << i;
        }
        EXPECT_EQ(resumed->trained_parameters(0), undisturbed->trained_parameters(0));
    }
}

INSTANTIATE_TEST_SUITE_P(
    All,
    AnomalyvfmResume,
    testing::Values(
        "1.1", "1.2 patches", "1.3", "1.4 patches", "1.1 compat", "1.3 compat", "1.4 compat"));

// The state between two tasks and before the first batch is enough as well.
TEST(AnomalyvfmState, GoesOnFromBetweenTasks) {
    for (const bool carry_over : {false, true}) {
        sweeps::TrialConfig config = config_of("1.4");
        config.model.carry_over_compat = carry_over;
        const auto whole = build(config);
        learn(*whole, make_task(0, config));
        const StateTensors between = copy_of(whole->save_state());
        whole->begin_task(1);
        const StateTensors begun = copy_of(whole->save_state());
        whole->train(make_task(1, config), {});
        whole->update_router(make_task(1, config));
        const torch::Tensor expected = whole->score_images(*test_images(config), 1);
        const auto first = build(config);
        first->load_state(between);
        learn(*first, make_task(1, config));
        EXPECT_TRUE(first->score_images(*test_images(config), 1).equal(expected));
        const auto second = build(config);
        second->load_state(begun);
        second->train(make_task(1, config), {});
        second->update_router(make_task(1, config));
        EXPECT_TRUE(second->score_images(*test_images(config), 1).equal(expected));
    }
}

TEST(AnomalyvfmState, RefusesTheStateOfAnotherConfiguration) {
    const auto method = build(config_of("1.1"));
    learn(*method, make_task(0, config_of("1.1")));
    const StateTensors state = copy_of(method->save_state());
    build(config_of("1.1"))->load_state(state);
    sweeps::TrialConfig other = config_of("1.1");
    other.model.lora_rank = 3;
    EXPECT_THROW(build(other)->load_state(state), storage::UnusableCheckpoint);
    EXPECT_THROW(build(config_of("1.4"))->load_state(state), storage::UnusableCheckpoint);
    EXPECT_THROW(build(config_of("1.1"))->load_state({}), storage::UnusableCheckpoint);
    StateTensors incomplete = state;
    incomplete.erase("expert.0.images.0.whitening");
    EXPECT_THROW(build(config_of("1.1"))->load_state(incomplete), storage::UnusableCheckpoint);
    StateTensors narrow = state;
    narrow["expert.0.images.0.mean"] = torch::zeros({kChannels - 1}, torch::kFloat64);
    narrow["expert.0.images.0.whitening"] = torch::zeros({kChannels - 1, 2}, torch::kFloat64);
    EXPECT_THROW(build(config_of("1.1"))->load_state(narrow), storage::UnusableCheckpoint);
    for (const std::string version : {"1.3", "1.4"}) {
        const auto attending = build(config_of(version));
        learn(*attending, make_task(0, config_of(version)));
        StateTensors without = copy_of(attending->save_state());
        build(config_of(version))->load_state(without);
        without["expert.0.attention"] = torch::zeros({4}, torch::kFloat64);
        EXPECT_THROW(build(config_of(version))->load_state(without), storage::UnusableCheckpoint);
        without.erase("expert.0.attention");
        EXPECT_THROW(build(config_of(version))->load_state(without), storage::UnusableCheckpoint);
    }
}

}  // namespace
}  // namespace harrow::worker::vfm_tests
