#include <map>

#include <gtest/gtest.h>

#include "tests/golden/model_fixture.hpp"
#include "tests/golden/model_state.hpp"
#include "worker/methods/moleflow/moleflow_model.hpp"
#include "worker/methods/router.hpp"
#include "worker/methods/moleflow/training.hpp"
#include "worker/optimizers/schedule.hpp"

namespace harrow::tests {
namespace {

sweeps::TrainConfig train_config(const GoldenFile& file, const std::string& optimizer) {
    sweeps::TrainConfig config;
    config.optimizer = optimizer;
    config.lr = file.number("config/" + optimizer + "/lr", file.number("config/lr", config.lr));
    config.min_lr_ratio = file.number("config/min_lr_ratio", config.min_lr_ratio);
    config.warmup_epochs =
        static_cast<int>(file.number("config/warmup_epochs", config.warmup_epochs));
    config.num_epochs = static_cast<int>(file.number("config/epochs", config.num_epochs));
    config.tail_weight = file.number("config/tail_weight", config.tail_weight);
    config.tail_top_k_ratio = file.number("config/tail_top_k_ratio", config.tail_top_k_ratio);
    config.lambda_logdet = file.number("config/lambda_logdet", config.lambda_logdet);
    config.grad_clip = file.number("config/grad_clip", config.grad_clip);
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
          rtol_(file.rtol(1e-4)),
          init_(any_initialiser()),
          model_(config_of_model(file, "init/task0"),
                 geometry_of(file, "features/train_task0"),
                 init_,
                 device_under_test()),
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
        expect_matches(learned.mean, file_, prototype + "/mean", rtol_, file_.atol());
        const torch::Tensor covariance = learned.cholesky.mm(learned.cholesky.t());
        expect_matches(covariance, file_, prototype + "/covariance", rtol_, file_.atol());
        check_checksum(task);
    }

    torch::Tensor check_scores(int after, int task) const {
        const torch::InferenceMode inference;
        const torch::Tensor scores = model_.patch_scores(features("eval", task), task);
        const std::string stored =
            optimizer_ + "/eval_after" + std::to_string(after) + "/task" + std::to_string(task);
        // Weights may be off by their tolerance, and scores follow them.
        const double atol = file_.atol(5 * weights_atol_);
        expect_matches(scores, file_, stored + "/patch_scores", rtol_, atol);
        const auto top = static_cast<std::int64_t>(file_.number("config/score_top_k", 3));
        expect_matches(std::get<0>(scores.flatten(1).topk(top, 1)).mean(1),
                       file_,
                       stored + "/image_scores",
                       rtol_,
                       atol);
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

    std::map<std::string, torch::Tensor> weights_snapshot() const {
        std::map<std::string, torch::Tensor> copies;
        for (const worker::NamedTensor& named : model_.named_tensors()) {
            copies[named.name] = named.tensor.detach().clone();
        }
        return copies;
    }

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
            adam_options_of(file_, train_));
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

    // [sum, sum of squares] of every tensor but the permutations, which are integers in the
    // reference. Inert buffers of the reference, which the model lacks, are taken from the file.
    // Each weight may be off by its tolerance e: the sum by n e, the squares by 2 e sum|w| + n e^2.
    void check_checksum(int task) const {
        const std::string path = optimizer_ + "/checksum_task" + std::to_string(task);
        if (!file_.has(path)) {
            return;
        }
        std::map<std::string, torch::Tensor> all = weights_snapshot();
        for (const int done : tasks_of(file_, optimizer_ + "/final")) {
            const std::string group = optimizer_ + "/final/task" + std::to_string(done);
            for (const std::string& name : file_.datasets(group)) {
                if (done <= task && all.count(name) == 0) {
                    all[name] = read_tensor(file_, group + "/" + name);
                }
            }
        }
        double count = 0, sum = 0, magnitude = 0, squares = 0;
        for (const auto& [name, stored] : all) {
            if (ends_with(name, ".w_perm") || ends_with(name, ".w_perm_inv")) {
                continue;
            }
            const torch::Tensor values = stored.to(torch::kFloat64);
            count += static_cast<double>(values.numel());
            sum += values.sum().item<double>();
            magnitude += values.abs().sum().item<double>();
            squares += values.square().sum().item<double>();
        }
        const std::vector<float> expected = file_.read(path).values;
        const double e = weights_atol_;
        constexpr double kRounding = 1e-6;  // of the stored float32 sums
        expect_close(sum, expected.at(0), kRounding, count * e, path + ", sum");
        expect_close(squares,
                     expected.at(1),
                     kRounding,
                     2 * e * magnitude + count * e * e,
                     path + ", squares");
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
    double loss_rtol_, weights_atol_, rtol_;
    worker::Initialiser init_;
    worker::MoleflowModel model_;
    worker::PrototypeRouter router_;
};

void expect_unchanged(const std::map<std::string, torch::Tensor>& before,
                      const std::map<std::string, torch::Tensor>& now) {
    for (const auto& [name, old] : before) {
        const auto found = now.find(name);
        ASSERT_TRUE(found != now.end()) << name << " is gone";
        EXPECT_TRUE(found->second.equal(old)) << "a later task changed " << name;
    }
}

void report_double_runs(const GoldenFile& file, const std::string& group) {
    for (const std::string& name : file.datasets(group)) {
        if (ends_with(name, "_f64")) {
            report_skipped(group + "/" + name, "training runs in float32 only");
        }
    }
}

void check_run(const GoldenFile& file, const std::string& optimizer) {
    SCOPED_TRACE(optimizer);
    ContinualRun run(file, optimizer);
    std::vector<torch::Tensor> first_scores;
    const std::vector<int> tasks = tasks_of(file, "init");
    for (const int task : tasks) {
        const auto before = run.weights_snapshot();
        run.run_task(task);
        if (task > 0) {
            expect_unchanged(before, run.weights_snapshot());
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
    for (const int task : tasks) {
        run.check_routing(task);
    }
    report_double_runs(file, optimizer);
}

TEST(E2eTraining, MatchesReference) {
    const GoldenFile file("e2e_training.h5");
    int checked = 0;
    for (const std::string& group : groups_of(file)) {
        if (file.has(group + "/steps_task0")) {
            check_run(file, group);
            ++checked;
        } else if (group != "init" && group != "features") {
            report_skipped(group, "no training run in it");
        }
    }
    EXPECT_GT(checked, 0);
}

}  // namespace
}  // namespace harrow::tests
