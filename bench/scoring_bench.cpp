#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "analysis/metrics.hpp"
#include "analysis/metrics/aupro.hpp"
#include "analysis/metrics/pixel_ranking.hpp"
#include "analysis/score_map.hpp"
#include "analysis/scoring.hpp"
#include "sweeps/random.hpp"

namespace harrow::analysis {
namespace {

struct Pixels {
    std::vector<float> scores;
    std::vector<std::uint8_t> labels;
};

/// 3 % defective, heavy-tailed like negative log-likelihoods.
Pixels make_pixels(std::size_t count) {
    sweeps::RandomStream random(1);
    Pixels pixels;
    for (std::size_t i = 0; i < count; ++i) {
        const bool defective = random.uniform() < 0.03;
        pixels.labels.push_back(defective ? 1 : 0);
        pixels.scores.push_back(
            static_cast<float>(random.normal() * random.normal() + (defective ? 2.0 : 0.0)));
    }
    return pixels;
}

/// AUROC, AP and F1max of one class's pixels (100 images at 224 px = 5e6).
void rank_pixels(benchmark::State& state) {
    const Pixels pixels = make_pixels(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        benchmark::DoNotOptimize(curve_metrics(pixels.scores, pixels.labels));
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(rank_pixels)->Arg(1500000)->Arg(5000000)->Unit(benchmark::kMillisecond);

/// The same and AU-PRO in one go, as a trial is scored: 224 px, one defect of 38 x 38 in each
/// image, whose regions were labelled before.
void rank_pixels_with_aupro(benchmark::State& state) {
    constexpr std::size_t kSize = 224, kDefect = 38;
    const Pixels pixels = make_pixels(static_cast<std::size_t>(state.range(0)));
    std::vector<std::uint8_t> mask(kSize * kSize);
    for (std::size_t row = 100; row < 100 + kDefect; ++row) {
        std::fill_n(mask.data() + row * kSize + 60, kDefect, std::uint8_t{1});
    }
    const Regions regions = find_regions(mask.data(), kSize, kSize, Connectivity::Eight);
    for (auto _ : state) {
        PixelRanking ranking;
        for (std::size_t from = 0; from + mask.size() <= pixels.scores.size();
             from += mask.size()) {
            ranking.add_image(pixels.scores.data() + from, mask.data(), mask.size(), regions);
        }
        benchmark::DoNotOptimize(ranking.metrics({0.3}));
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(rank_pixels_with_aupro)->Arg(1500000)->Arg(5000000)->Unit(benchmark::kMillisecond);

/// A trial of 15 classes in 15 tasks, frozen experts and a router that errs on one image in 30:
/// 40 images each, half of them defective, 28x28 patches to 224 px. Masks come from memory.
void score_sequence(benchmark::State& state) {
    constexpr int kTasks = 15, kImages = 40, kSide = 28;
    sweeps::RandomStream random(2);
    storage::PatchScores scores;
    scores.num_tasks = kTasks;
    scores.has_router = true;
    std::vector<ClassTruth> truth;
    for (int task = 0; task < kTasks; ++task) {
        storage::ClassScores entry;
        entry.class_name = "class" + std::to_string(task);
        entry.task = task;
        entry.images = kImages;
        entry.height = entry.width = kSide;
        for (int value = 0; value < 2 * kImages * kSide * kSide; ++value) {
            entry.maps.push_back(static_cast<float>(random.normal()));
        }
        entry.oracle_map.assign(kTasks * kImages, -1);
        entry.routed_map = entry.routed_task = entry.oracle_map;
        for (int after = task; after < kTasks; ++after) {
            for (int image = 0; image < kImages; ++image) {
                const bool strays = after > task && (after + image) % 30 == 0;
                const auto cell = static_cast<std::size_t>(after * kImages + image);
                entry.oracle_map[cell] = image;
                entry.routed_map[cell] = strays ? kImages + image : image;
                entry.routed_task[cell] = strays ? after : task;
            }
        }
        truth.push_back({entry.class_name, {}, [](std::size_t image, int size) {
                             std::vector<std::uint8_t> mask(static_cast<std::size_t>(size) * size);
                             for (int row = 100; image % 2 == 1 && row < 138; ++row) {
                                 std::fill_n(mask.begin() + row * size + 60, 38, std::uint8_t{1});
                             }
                             return mask;
                         }});
        for (int image = 0; image < kImages; ++image) {
            truth.back().labels.push_back(static_cast<std::uint8_t>(image % 2));
        }
        scores.classes.push_back(std::move(entry));
    }
    for (auto _ : state) {
        benchmark::DoNotOptimize(score_training(scores, truth, {sweeps::ScoreConfig{}}));
    }
}
BENCHMARK(score_sequence)->Unit(benchmark::kMillisecond);

/// What the ranking is measured against: a comparison sort of (score, label) pairs.
void sort_pixels(benchmark::State& state) {
    const Pixels pixels = make_pixels(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        std::vector<std::pair<float, std::uint8_t>> pairs;
        pairs.reserve(pixels.scores.size());
        for (std::size_t i = 0; i < pixels.scores.size(); ++i) {
            pairs.emplace_back(pixels.scores[i], pixels.labels[i]);
        }
        std::sort(pairs.begin(), pairs.end());
        benchmark::DoNotOptimize(pairs.data());
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(sort_pixels)->Arg(1500000)->Unit(benchmark::kMillisecond);

/// AU-PRO up to a false positive rate of 0.3 of one class, 224 px, regions included: what
/// `harrow metrics` does with maps in memory. 200 images, again and again.
void rank_regions(benchmark::State& state) {
    constexpr int kSize = 224, kImages = 200, kDefect = 38;  // 38 x 38 is 3 %
    const Pixels pixels = make_pixels(std::size_t{kImages} * kSize * kSize);
    std::vector<std::uint8_t> mask(kSize * kSize);
    for (int row = 100; row < 100 + kDefect; ++row) {
        std::fill_n(mask.begin() + row * kSize + 60, kDefect, std::uint8_t{255});
    }
    const auto images = static_cast<std::size_t>(state.range(0)) / (kSize * kSize);
    for (auto _ : state) {
        AuproRanking ranking;
        ranking.reserve(images * kSize * kSize);
        for (std::size_t image = 0; image < images; ++image) {
            const std::size_t from = image % kImages * kSize * kSize;
            ranking.add_image(pixels.scores.data() + from, mask.data(), kSize, kSize);
        }
        benchmark::DoNotOptimize(ranking.aupro(0.3));
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(rank_regions)->Arg(10000000)->Arg(100000000)->Unit(benchmark::kMillisecond);

/// One image: 28x28 patches to a smoothed 224x224 map.
void render_map(benchmark::State& state) {
    ScoreMapper mapper(28, 28, 224, 4.0);
    std::vector<float> patches(28 * 28, 1.0F);
    std::vector<float> map(224 * 224);
    for (auto _ : state) {
        mapper.render(patches.data(), map.data());
        benchmark::DoNotOptimize(map.data());
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(render_map)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace harrow::analysis
