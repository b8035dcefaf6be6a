#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "sweeps/trial_config.hpp"
#include "tests/support/golden_file.hpp"
#include "worker/methods/initialiser.hpp"
#include "worker/methods/moleflow/lora_linear.hpp"
#include "worker/optimizers/adam.hpp"

namespace harrow::tests {

/// $HARROW_TEST_DEVICE ("cpu", "cuda:0", …), else the CPU.
torch::Device device_under_test();

/// Float32 on the device under test.
torch::Tensor read_tensor(const GoldenFile& file, const std::string& path);

/// Compares with the dataset at `path` under the file's own tolerance. A GPU sums in another order:
/// there nothing finer than 1e-4 is asked.
void expect_matches(const torch::Tensor& actual, const GoldenFile& file, const std::string& path);
void expect_matches(const torch::Tensor& actual,
                    const GoldenFile& file,
                    const std::string& path,
                    double rtol,
                    double atol);

/// Groups directly inside `group`; a test failure when there is none.
std::vector<std::string> groups_of(const GoldenFile& file, const std::string& group = "");
/// Numbers N, ascending, of the groups task<N> directly inside `group`.
std::vector<int> tasks_of(const GoldenFile& file, const std::string& group);
/// "parent/name", or the name alone in the root.
std::string join(const std::string& parent, const std::string& name);

/// Copies `group` into the tensors by name: every tensor has a dataset and every dataset a tensor,
/// but for the reference's inert buffers, which are named.
void load_state(const GoldenFile& file,
                const std::string& group,
                const worker::NamedTensors& tensors);
/// Datasets of a state group whose names end in `suffix`.
std::int64_t count_with_suffix(const GoldenFile& file,
                               const std::string& group,
                               const std::string& suffix);
bool ends_with(const std::string& text, const std::string& suffix);

/// Model options as the shapes of a state group say; `prefix` is what stands before the names of
/// one coupling block's subnet. Everything else keeps its default.
sweeps::ModelConfig config_of_state(const GoldenFile& file,
                                    const std::string& group,
                                    const std::string& subnet_prefix);
worker::LoraOptions lora_of(const sweeps::ModelConfig& config);
/// Experts whose tensors a state group holds.
int num_experts_of(const GoldenFile& file, const std::string& group);
/// Largest i + 1 of names that start with prefix + "<i>.".
int num_indexed(const GoldenFile& file, const std::string& group, const std::string& prefix);

/// Constants of the optimiser as meta.config says, under the name of the optimiser or without it;
/// else those of `config`.
worker::AdamOptions adam_options_of(const GoldenFile& file, const sweeps::TrainConfig& config);

/// First values never matter: a fixture replaces them all.
worker::Initialiser any_initialiser();

/// Gradient of `objective` for each of `inputs`.
std::vector<torch::Tensor> gradients(const torch::Tensor& objective,
                                     const std::vector<torch::Tensor>& inputs);
/// The tensor of that name, requiring gradients.
torch::Tensor parameter(const worker::NamedTensors& tensors, const std::string& name);

/// `x` under the name "x" and the floating-point ones of `tensors`, all requiring gradients.
worker::NamedTensors differentiated(const torch::Tensor& x, const worker::NamedTensors& tensors);
/// Compares the gradient of `objective` with every dataset grad_<name><suffix> in `group`; <name>
/// is how one of `inputs` ends, with underscores for dots. Names what it skips; returns how many it
/// compared.
int expect_gradients(const GoldenFile& file,
                     const std::string& group,
                     const std::string& suffix,
                     const torch::Tensor& objective,
                     const worker::NamedTensors& inputs);

/// Says on standard output which group or dataset is not compared.
void report_skipped(const std::string& path, const std::string& reason);

}  // namespace harrow::tests
