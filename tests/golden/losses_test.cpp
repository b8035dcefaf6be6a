#include "worker/methods/moleflow/losses.hpp"

#include <gtest/gtest.h>

#include "tests/golden/model_fixture.hpp"

namespace harrow::tests {
namespace {

void check_gradients(const GoldenFile& file,
                     const std::string& group,
                     const std::string& name,
                     const sweeps::TrainConfig& config) {
    torch::Tensor z = read_tensor(file, group + "/z").requires_grad_(true);
    torch::Tensor logdet = read_tensor(file, group + "/logdet").requires_grad_(true);
    const worker::TrainingLoss loss = worker::training_loss(z, logdet, config);
    expect_matches(loss.total, file, group + "/" + name + "_total");
    expect_matches(loss.logdet, file, group + "/logdet_reg");
    const auto grads = gradients(loss.total, {z, logdet});
    expect_matches(grads[0], file, group + "/" + name + "_grad_z");
    expect_matches(grads[1], file, group + "/" + name + "_grad_logdet");
}

// Datasets named tal_w<weight>_r<ratio>.
int check_tail_losses(const GoldenFile& file, const std::string& group, const torch::Tensor& nll) {
    int checked = 0;
    for (const std::string& name : file.datasets(group)) {
        const std::string prefix = "tal_w";
        if (name.compare(0, prefix.size(), prefix) == 0) {
            const double weight = std::stod(name.substr(prefix.size()));
            const double ratio = std::stod(name.substr(name.find("_r") + 2));
            expect_matches(worker::tail_aware_nll(nll, weight, ratio), file, group + "/" + name);
            ++checked;
        }
    }
    return checked;
}

// Datasets named k_at_r<ratio>: of one image with a single bad patch the loss is 1/k.
void check_tail_sizes(const GoldenFile& file, const std::string& group, const torch::Tensor& nll) {
    torch::Tensor one = torch::zeros({1, nll.size(1), nll.size(2)}, nll.options());
    one.view({-1})[0] = 1;
    for (const std::string& name : file.datasets(group)) {
        const std::string prefix = "k_at_r";
        if (name.compare(0, prefix.size(), prefix) == 0) {
            const double ratio = std::stod(name.substr(prefix.size()));
            const torch::Tensor k = worker::tail_aware_nll(one, 1, ratio).reciprocal();
            expect_matches(k, file, group + "/" + name);
        }
    }
}

TEST(Losses, MatchReference) {
    const GoldenFile file("losses.h5");
    sweeps::TrainConfig config;
    config.tail_weight = file.number("config/tail_weight", 0.7);
    config.tail_top_k_ratio = file.number("config/tail_top_k_ratio", 0.02);
    config.lambda_logdet = file.number("config/lambda_logdet", 1e-4);
    for (const std::string& group : groups_of(file)) {
        SCOPED_TRACE(group);
        const torch::Tensor nll = worker::patch_nll(read_tensor(file, group + "/z"),
                                                    read_tensor(file, group + "/logdet"));
        expect_matches(nll, file, group + "/nll_patch");
        expect_matches(worker::summed_nll(nll), file, group + "/nll_sum_mean_over_batch");
        EXPECT_GT(check_tail_losses(file, group, nll), 0);
        check_tail_sizes(file, group, nll);
        config.tail_aware_loss = true;
        check_gradients(file, group, "main", config);
        config.tail_aware_loss = false;
        check_gradients(file, group, "nllsum", config);
    }
}

}  // namespace
}  // namespace harrow::tests
