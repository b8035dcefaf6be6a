#include <algorithm>
#include <memory>

#include <gtest/gtest.h>

#include "tests/golden/model_fixture.hpp"
#include "tests/golden/model_state.hpp"
#include "worker/methods/moleflow/moleflow_model.hpp"
#include "worker/methods/moleflow/router.hpp"
#include "worker/methods/moleflow/training.hpp"
#include "worker/optimizers/schedule.hpp"

namespace harrow::tests {
namespace {

sweeps::TrainConfig train_config(const GoldenFile& file, const std::string& optimizer) {
    sweeps::TrainConfig config;
    config.optimizer = optimizer;
    config.lr = file.number("config/lr", config.lr);
    config.num_epochs = static_cast<int>(file.number("config/epochs", config.num_epochs));
    config.tail_weight = file.number("config/tail_weight", config.tail_weight);
    config.tail_top_k_ratio = file.number("config/tail_top_k_ratio", config.tail_top_k_ratio);
    config.lambda_logdet = file.number("config/lambda_logdet", config.lambda_logdet);
    config.grad_clip = file.number("config/grad_clip", config.grad_clip);
    config.weight_decay = file.number("config/adamp/weight_decay", config.weight_decay);
    config.adamw_weight_decay = file.number("config/adamw/weight_decay", config.adamw_weight_decay);
    return config;
}

class ContinualRun {
public:
    ContinualRun(const GoldenFile& file, const std::string& optimizer)
        : file_(file),
          optimizer_(optimizer),
          train_(train_config(file, optimizer)),
          loss_rtol_(file.number("tolerance/loss_rtol", 1e-4)),
          weights_atol_(file.number("tolerance/weights_atol", 2e-4)),
          init_(any_initialiser()),
          model_(config_of_model(file, "init/task0"),
                 geometry_of(file, "features/train_task0"),
                 init_,
                 torch::kCPU),
          router_(worker::RouterDistance::Mahalanobis) {}

    void run_task(int task) {
        const std::string name = "task" + std::to_string(task);
        const std::size_t known = model_.named_tensors().size();
        model_.add_expert(init_);
        load_state(file_, "init/" + name, task == 0 ? model_.named_tensors() : own_tensors(task));
        ASSERT_GT(model_.named_tensors().size(), known);
        train(task);
        compare_weights("/final/" + name, task == 0 ? model_.named_tensors() : own_tensors(task));
        router_.learn(worker::image_features(features("train", task)));
        const std::string prototype = optimizer_ + "/proto/" + name;
        const worker::Prototype& learned = router_.prototypes().back();
        expect_matches(learned.mean, file_, prototype + "/mean", loss_rtol_, 1e-5);
        expect_matches(learned.covariance, file_, prototype + "/covariance", loss_rtol_, 1e-5);
    }

    torch::Tensor check_scores(int after, int task) const {
        const torch::InferenceMode inference;
        const torch::Tensor scores = model_.patch_scores(features("eval", task), task);
        const std::string stored =
            optimizer_ + "/eval_after" + std::to_string(after) + "/task" + std::to_string(task);
        // Weights may be off by their tolerance, and scores follow them.
        expect_matches(scores, file_, stored + "/patch_scores", 1e-4, 1e-3);
        const auto top = static_cast<std::int64_t>(file_.number("config/score_top_k", 3));
        expect_matches(std::get<0>(scores.flatten(1).topk(top, 1)).mean(1),
                       file_,
                       stored + "/image_scores",
                       1e-4,
                       1e-3);
        return scores;
    }

    void check_routing(int task) const {
        const torch::Tensor distances =
            router_.distances(worker::image_features(features("eval", task)));
        expect_matches(distances.argmin(1),
                       file_,
                       optimizer_ + "/routed/task" + std::to_string(task) + "/pred",
                       0,
                       0);
    }

    std::vector<torch::Tensor> weights_snapshot() const {
        std::vector<torch::Tensor> copies;
        for (const worker::NamedTensor& named : model_.named_tensors()) {
            copies.push_back(named.tensor.detach().clone());
        }
        return copies;
    }

    worker::NamedTensors tensors() const { return model_.named_tensors(); }

private:
    torch::Tensor features(const std::string& split, int task) const {
        return read_tensor(file_, "features/" + split + "_task" + std::to_string(task));
    }

    worker::NamedTensors own_tensors(int task) const {
        worker::NamedTensors own;
        for (const worker::NamedTensor& named : model_.named_tensors()) {
            if (named.role == worker::TensorRole::Expert && named.expert == task) {
                own.push_back(named);
            }
        }
        return own;
    }

    // Columns: total loss, tail-aware nll, mean squared log-determinant, gradient norm, tensors.
    void train(int task) {
        const GoldenArray steps = file_.read(optimizer_ + "/steps_task" + std::to_string(task));
        const worker::ScheduleOptions rates{
            train_.lr, train_.min_lr_ratio, train_.num_epochs, train_.warmup_epochs};
        worker::Adam optimizer(
            worker::trained_tensors(model_.named_tensors(), task, worker::Freezing::Isolate),
            worker::adam_options(train_));
        const torch::Tensor batch = features("train", task);
        ASSERT_EQ(steps.shape.at(0), train_.num_epochs);
        for (int epoch = 0; epoch < train_.num_epochs; ++epoch) {
            const double lr = task == 0 ? worker::cosine_lr(rates, epoch)
                                        : worker::warmup_cosine_lr(rates, epoch);
            const worker::StepResult step =
                worker::training_step(model_, task, batch, train_, lr, optimizer);
            ASSERT_TRUE(step.stepped);
            const auto first = steps.values.begin() + epoch * steps.shape.at(1);
            const std::vector<double> actual = {step.total,
                                                step.data,
                                                step.logdet,
                                                step.grad_norm.item<double>(),
                                                static_cast<double>(optimizer.num_tensors())};
            expect_close(
                actual,
                std::vector<float>(first, first + steps.shape.at(1)),
                loss_rtol_,
                0,
                optimizer_ + ", task " + std::to_string(task) + ", step " + std::to_string(epoch));
        }
    }

    void compare_weights(const std::string& group, const worker::NamedTensors& tensors) const {
        for (const worker::NamedTensor& named : tensors) {
            expect_matches(
                named.tensor, file_, optimizer_ + group + "/" + named.name, 0, weights_atol_);
        }
    }

    const GoldenFile& file_;
    std::string optimizer_;
    sweeps::TrainConfig train_;
    double loss_rtol_, weights_atol_;
    worker::Initialiser init_;
    worker::MoleflowModel model_;
    worker::PrototypeRouter router_;
};

int num_tasks(const GoldenFile& file) {
    return static_cast<int>(groups_of(file, "init").size());
}

void check_run(const GoldenFile& file, const std::string& optimizer) {
    SCOPED_TRACE(optimizer);
    ContinualRun run(file, optimizer);
    std::vector<torch::Tensor> first_scores;
    for (int task = 0; task < num_tasks(file); ++task) {
        const std::vector<torch::Tensor> before = run.weights_snapshot();
        run.run_task(task);
        if (task > 0) {
            const auto named = run.tensors();
            std::size_t unchanged = 0;
            for (const torch::Tensor& old : before) {
                unchanged += std::any_of(named.begin(), named.end(), [&](const auto& now) {
                    return now.tensor.sizes() == old.sizes() && now.tensor.equal(old);
                });
            }
            EXPECT_EQ(unchanged, before.size()) << "a later task changed an earlier tensor";
        }
        for (int seen = 0; seen <= task; ++seen) {
            const torch::Tensor scores = run.check_scores(task, seen);
            if (seen == task) {
                first_scores.push_back(scores);
            } else {
                EXPECT_TRUE(scores.equal(first_scores[static_cast<std::size_t>(seen)]))
                    << "task " << seen << " forgot after task " << task;
            }
        }
    }
    for (int task = 0; task < num_tasks(file); ++task) {
        run.check_routing(task);
    }
}

TEST(E2eTraining, MatchesReference) {
    const GoldenFile file("e2e_training.h5");
    int checked = 0;
    for (const std::string& group : groups_of(file)) {
        if (file.has(group + "/steps_task0")) {
            check_run(file, group);
            ++checked;
        }
    }
    EXPECT_GT(checked, 0);
}

}  // namespace
}  // namespace harrow::tests
