#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <string>

#include <benchmark/benchmark.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "tests/support/random_weights.hpp"
#include "worker/allocator.hpp"
#include "worker/backbone.hpp"
#include "worker/backbones/aggregation.hpp"
#include "worker/backbones/resnet.hpp"
#include "worker/method.hpp"
#include "worker/training_checkpoints.hpp"

namespace harrow::worker {
namespace {

/// Floating-point operations per second of a large single-precision matrix product, one thread.
double sgemm_rate() {
    constexpr std::int64_t kRows = 4096, kSide = 768;
    const torch::Tensor a = torch::randn({kRows, kSide}), b = torch::randn({kSide, kSide});
    double best = 0;
    for (int round = 0; round < 10; ++round) {
        const std::clock_t start = std::clock();  // of the processor, as the benchmark's own rates
        benchmark::DoNotOptimize(a.mm(b));
        const double took = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
        best = std::max(best, 2.0 * kRows * kSide * kSide / took);
    }
    return best;
}

/// Operations in the matrix products of one MAIN step at task 0: forward, and twice that backward.
double step_operations(const sweeps::ModelConfig& model, double rows, double channels) {
    const double in = channels / 2, hidden = 2 * in;
    const double coupling = 2 * in * hidden + hidden * in + in * hidden + hidden * in;
    const double width = channels * model.dia_hidden_ratio;
    const double dia = 2 * (in * width + width * width + width * in);
    return 3 * 2 * rows * (model.num_coupling_layers * coupling + model.dia_n_blocks * dia);
}

/// One epoch; state.range: channels, patch side, coupling layers, DIA blocks, batch. `sgemm_share`:
/// speed of the step's matrix products, everything around them included, over sgemm's in this run.
void train_epoch(benchmark::State& state) {
    at::set_num_threads(1);
    keep_freed_memory();  // as harrow-worker does
    const double rate = sgemm_rate();
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
    const auto steps = static_cast<double>(state.iterations() * kSteps);
    const double rows = static_cast<double>(side * side * state.range(4));
    const double operations =
        steps * step_operations(config.model, rows, static_cast<double>(channels));
    state.counters["ms_per_step"] =
        benchmark::Counter(steps * 1e-3, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    state.counters["sgemm_share"] =
        benchmark::Counter(operations / rate, benchmark::Counter::kIsRate);
}
BENCHMARK(train_epoch)
    ->Args({64, 16, 4, 2, 8})
    ->Args({64, 28, 8, 4, 16})
    ->Args({768, 28, 8, 4, 16})
    ->Args({768, 28, 2, 1, 16})
    ->Unit(benchmark::kMillisecond);

/// One checkpoint inside the first task, written and read back; state.range as above, `experts`
/// trained before. Bytes do not depend on the patches, so there are few.
void checkpoint(benchmark::State& state) {
    at::set_num_threads(1);
    spdlog::set_level(spdlog::level::warn);
    const std::filesystem::path place =
        std::filesystem::temp_directory_path() / ("harrow-bench-" + std::to_string(::getpid()));
    sweeps::TrialConfig config;
    config.model.num_coupling_layers = static_cast<int>(state.range(1));
    config.model.dia_n_blocks = static_cast<int>(state.range(2));
    config.model.lora_rank = static_cast<int>(state.range(3));
    config.train.batch_size = 2;
    config.train.num_epochs = 1;
    const std::int64_t channels = state.range(0);
    const auto method = make_method(config, {4, 4, channels}, 0, torch::kCPU);
    TaskData data{0, tensor_rows(torch::randn({4, 4, 4, channels}))};
    for (; data.task < state.range(4); ++data.task) {
        method->begin_task(data.task);
        method->train(data, {});
        method->update_router(data);
    }
    TrainingHooks hooks;
    hooks.stop = [] { return true; };
    method->begin_task(data.task);
    method->train(data, hooks);
    WorkMonitor monitor;
    TrainingCheckpoints checkpoints(place, "bench", {}, monitor);
    SavedTraining saved;
    saved.stage = SavedTraining::Stage::Train;
    saved.tensors = method->save_state();
    for (auto _ : state) {
        checkpoints.save(saved);
    }
    for (const auto& file : std::filesystem::directory_iterator(place / "checkpoints")) {
        state.counters["MB"] = static_cast<double>(file.file_size()) / 1e6;
    }
    const auto start = std::chrono::steady_clock::now();
    make_method(config, {4, 4, channels}, 0, torch::kCPU)->load_state(saved.tensors);
    checkpoints.resume([&](const SavedTraining&) {});
    state.counters["resume_ms"] =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    std::filesystem::remove_all(place);
}
BENCHMARK(checkpoint)
    ->Args({64, 4, 2, 16, 0})
    ->Args({64, 4, 2, 16, 4})
    ->Args({768, 8, 4, 64, 0})
    ->Args({768, 8, 4, 64, 14})
    ->MeasureProcessCPUTime()
    ->UseRealTime()
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
