#include <gtest/gtest.h>

#include "tests/golden/model_fixture.hpp"
#include "worker/methods/moleflow/input_stages.hpp"

namespace harrow::tests {
namespace {

// What the adapter of a new task starts from: group task<t>_init holds only the raw parameters.
void check_initial_values(const GoldenFile& file, const std::string& group, bool first_task) {
    const std::int64_t channels = file.read(group + "/gamma_raw").shape.at(3);
    worker::Initialiser init = any_initialiser();
    const worker::WhiteningAdapter adapter(channels, first_task, init);
    worker::NamedTensors tensors;
    adapter.collect("", 0, tensors);
    for (const worker::NamedTensor& named : tensors) {
        if (file.has(group + "/" + named.name)) {
            expect_matches(named.tensor, file, group + "/" + named.name);
        }
    }
}

void check_adapter(const GoldenFile& file, const std::string& group) {
    const torch::Tensor x = read_tensor(file, group + "/x");
    worker::Initialiser init = any_initialiser();
    const worker::WhiteningAdapter adapter(x.size(3), true, init);
    worker::NamedTensors tensors;
    adapter.collect("", 0, tensors);
    for (const worker::NamedTensor& named : tensors) {
        torch::Tensor target = named.tensor;
        target.copy_(read_tensor(file, group + "/" + named.name));
    }
    const worker::NamedTensors inputs = differentiated(x, tensors);
    const torch::Tensor y = adapter.forward(x);
    expect_matches(y, file, group + "/y");
    expect_matches(adapter.gamma(), file, group + "/gamma");
    expect_matches(adapter.beta(), file, group + "/beta");
    if (file.has(group + "/g_out")) {
        const torch::Tensor objective = (y * read_tensor(file, group + "/g_out")).sum();
        EXPECT_GT(expect_gradients(file, group, "", objective, inputs), 0);
    }
    if (file.has(group + "/identity_reg")) {
        report_skipped(group + "/identity_reg", "no loss uses it, so it does not exist");
    }
}

TEST(WhiteningAdapter, MatchesReference) {
    const GoldenFile file("whitening_adapter.h5");
    int checked = 0;
    for (const std::string& size : groups_of(file)) {
        for (const std::string& name : groups_of(file, size)) {
            const std::string group = size + "/" + name;
            if (name.compare(0, 3, "ln_") == 0) {
                check_adapter(file, group);
                ++checked;
            } else if (ends_with(name, "_init")) {
                check_initial_values(file, group, name == "task0_init");
            } else {
                report_skipped(group, "the adapter without normalisation does not exist");
            }
        }
    }
    EXPECT_GT(checked, 0);
}

}  // namespace
}  // namespace harrow::tests
