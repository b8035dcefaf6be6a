#include <filesystem>
#include <string>

#include <benchmark/benchmark.h>
#include <unistd.h>

#include "tests/support/random_weights.hpp"
#include "worker/backbone.hpp"
#include "worker/backbones/aggregation.hpp"
#include "worker/backbones/resnet.hpp"
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
    const torch::Tensor features = torch::randn({kSteps * state.range(4), side, side, channels});
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

/// A ResNet with random weights, whose file goes with this.
class RandomResNet {
public:
    explicit RandomResNet(const char* name)
        : file_((std::filesystem::temp_directory_path() /
                 ("harrow-bench-" + std::to_string(::getpid())))
                    .string()),
          net_(make(name)) {}
    ~RandomResNet() { std::filesystem::remove(file_); }
    RandomResNet(const RandomResNet&) = delete;
    RandomResNet& operator=(const RandomResNet&) = delete;
    ResNet& net() { return net_; }

private:
    ResNet make(const char* name) {
        const sweeps::BackboneArchitecture& known = *sweeps::find_backbone(name);
        tests::write_random_weights(file_, known, 0);
        sweeps::BackboneConfig config;
        config.name = name;
        config.weights = file_;
        return {known, config, torch::kCPU};
    }

    std::string file_;
    ResNet net_;
};

/// Features of one fixed batch of 8 at 224 pixels.
void extract_resnet(benchmark::State& state, const char* name) {
    at::set_num_threads(1);
    const torch::InferenceMode guard;
    RandomResNet backbone(name);
    const torch::Tensor images = torch::randn({8, 3, 224, 224});
    for (auto _ : state) {
        benchmark::DoNotOptimize(backbone.net().extract(images));
    }
    state.SetItemsProcessed(state.iterations() * 8);
}
BENCHMARK_CAPTURE(extract_resnet, resnet18, "resnet18")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(extract_resnet, wide_resnet50_2, "wide_resnet50_2")
    ->Unit(benchmark::kMillisecond);

/// The part of it that turns the layers' maps into features.
void aggregate_layers(benchmark::State& state, const char* name) {
    at::set_num_threads(1);
    const torch::InferenceMode guard;
    RandomResNet backbone(name);
    const auto maps = backbone.net().activations(torch::randn({8, 3, 224, 224}));
    for (auto _ : state) {
        benchmark::DoNotOptimize(aggregate_maps(maps, 768));
    }
    state.SetItemsProcessed(state.iterations() * 8);
}
BENCHMARK_CAPTURE(aggregate_layers, resnet18, "resnet18")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(aggregate_layers, wide_resnet50_2, "wide_resnet50_2")
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace harrow::worker
