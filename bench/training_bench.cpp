#include <benchmark/benchmark.h>

#include "worker/backbone.hpp"
#include "worker/method.hpp"

namespace harrow::worker {
namespace {

/// Steps per second of one epoch; state.range: channels, patch side, coupling layers, DIA blocks,
/// batch.
void train_epoch(benchmark::State& state) {
    at::set_num_threads(1);
    sweeps::TrialConfig config;
    config.model.num_coupling_layers = static_cast<int>(state.range(2));
    config.model.dia_n_blocks = static_cast<int>(state.range(3));
    config.train.batch_size = static_cast<int>(state.range(4));
    config.train.num_epochs = 1;
    const std::int64_t channels = state.range(0);
    const std::int64_t side = state.range(1);
    constexpr std::int64_t kSteps = 3;
    const SharedRows features =
        tensor_rows(torch::randn({kSteps * state.range(4), side, side, channels}));
    for (auto _ : state) {
        state.PauseTiming();
        auto method = make_method(config, {side, side, channels}, 0, torch::kCPU);
        method->begin_task(0);
        state.ResumeTiming();
        method->train({0, features}, {});
    }
    state.SetItemsProcessed(state.iterations() * kSteps);
}
BENCHMARK(train_epoch)
    ->Args({64, 16, 4, 2, 8})
    ->Args({64, 28, 8, 4, 16})
    ->Unit(benchmark::kMillisecond);

/// Filterbank features of one fixed batch of 8.
void extract_batch(benchmark::State& state) {
    at::set_num_threads(1);
    const torch::InferenceMode guard;
    auto backbone = make_backbone({}, torch::kCPU);
    const torch::Tensor images = torch::randn({8, 3, state.range(0), state.range(0)});
    for (auto _ : state) {
        benchmark::DoNotOptimize(backbone->extract(images));
    }
    state.SetItemsProcessed(state.iterations() * 8);
}
BENCHMARK(extract_batch)->Arg(128)->Arg(224)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace harrow::worker
