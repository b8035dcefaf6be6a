#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include "storage/datasets/dataset.hpp"
#include "storage/datasets/synth.hpp"
#include "storage/feature_cache.hpp"
#include "worker/feature_rows.hpp"
#include "worker/read_ahead.hpp"

namespace harrow::worker {
namespace {

namespace fs = std::filesystem;

const char* const kKey = "a0112233445566778899aabbccddeeff";
constexpr std::int64_t kSide = 28, kImages = 256;

/// A cache with one class of kImages images of 28 x 28 patches, and its removal.
class Place {
public:
    explicit Place(std::int64_t channels, storage::FeatureType type = storage::FeatureType::Float16)
        : root_(fs::temp_directory_path() / ("harrow-bench-" + std::to_string(::getpid()))),
          cache_(root_) {
        at::set_num_threads(1);
        fs::remove_all(root_);
        storage::FeatureInfo info;
        info.shape = {kImages, kSide, kSide, channels};
        info.type = type;
        info.images.resize(kImages, {"c/train/good/0.png", "digest"});
        storage::FeatureWriter writer = cache_.create(kKey, info);
        const torch::Tensor image = torch::randn({kSide, kSide, channels});
        for (std::int64_t n = 0; n < kImages; ++n) {
            writer.write(n, 1, image.data_ptr<float>());
        }
        writer.publish();
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { fs::remove_all(root_); }

    const storage::FeatureCache& cache() const { return cache_; }
    std::shared_ptr<const storage::FeatureReader> open() const {
        return std::make_shared<storage::FeatureReader>(cache_.open(kKey));
    }
    /// The next reading of the file begins at the disk.
    void drop_pages() const {
        const int file = ::open(cache_.file_of(kKey).c_str(), O_RDONLY);
        ::fdatasync(file);
        ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
        ::close(file);
    }

private:
    fs::path root_;
    storage::FeatureCache cache_;
};

enum Pages { Warm, Fresh, Cold };

/// The reader to measure with. Fresh: nothing of the file is mapped yet; Cold: nor in memory.
std::shared_ptr<const storage::FeatureReader> reader_for(const Place& place, std::int64_t pages) {
    auto reader = place.open();  // checks every byte the first time
    if (pages == Cold) {
        reader.reset();
        place.drop_pages();
        reader = place.open();
    }
    return reader;
}

/// Shortest time that each image of the class took in any pass: a busy machine interrupts passes.
class BestTimes {
public:
    /// Returns the seconds of this pass.
    template <typename Read>
    double pass(const storage::FeatureReader& reader, const Read& read) {
        double sum = 0;
        for (std::size_t n = 0; n < best_.size(); ++n) {
            const auto begin = std::chrono::steady_clock::now();
            read(reader, static_cast<std::int64_t>(n));
            const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
            best_[n] = std::min(best_[n], spent.count());
            sum += spent.count();
        }
        return sum;
    }
    double sum() const { return std::accumulate(best_.begin(), best_.end(), 0.0); }

private:
    std::vector<double> best_ = std::vector<double>(kImages, 1e9);
};

/// Reads a class of 768 channels image by image and, in turn, copies the same stored bytes.
/// `ratio`: bandwidth of reading by that of copying, stored bytes in both, the best time of each
/// image. state.range: the stored type; pages touched before (Warm), mapped anew (Fresh) or read
/// from the disk (Cold).
void read_against_copy(benchmark::State& state) {
    const auto type = static_cast<storage::FeatureType>(state.range(0));
    const Place place(768, type);
    auto reader = reader_for(place, Warm);
    const std::size_t bytes = reader->info().image_bytes();
    std::vector<float> image(static_cast<std::size_t>(reader->info().shape.values_per_image()));
    const auto copy = [&](const storage::FeatureReader& from, std::int64_t n) {
        std::memcpy(image.data(), from.data(n), bytes);
        benchmark::DoNotOptimize(image.data());
    };
    const auto read = [&](const storage::FeatureReader& from, std::int64_t n) {
        from.read_float(n, 1, image.data());
        benchmark::DoNotOptimize(image.data());
    };
    BestTimes copying;
    BestTimes reading;
    copying.pass(*reader, copy);
    copying = {};
    for (auto _ : state) {
        if (state.range(1) != Warm) {
            reader.reset();  // pages that are mapped stay in memory
            reader = reader_for(place, state.range(1));
        }
        copying.pass(*reader, copy);
        if (state.range(1) != Warm) {
            reader.reset();  // pages that are mapped stay in memory
            reader = reader_for(place, state.range(1));
        }
        state.SetIterationTime(reading.pass(*reader, read));
    }
    const double total = static_cast<double>(bytes) * kImages;
    state.counters["ratio"] = copying.sum() / reading.sum();
    state.counters["copy_GBps"] = total / copying.sum() / 1e9;
    state.counters["read_GBps"] = total / reading.sum() / 1e9;
}
BENCHMARK(read_against_copy)
    ->ArgsProduct({{0}, {Warm, Fresh, Cold}})
    ->Args({1, Warm})
    ->Unit(benchmark::kMillisecond)
    ->Iterations(10)
    ->UseManualTime();

/// Checking every block of the same class: once per process and file.
void verify_class(benchmark::State& state) {
    const Place place(768);
    for (auto _ : state) {
        place.cache().verify(kKey);
    }
    state.SetBytesProcessed(state.iterations() *
                            static_cast<std::int64_t>(place.open()->info().features_bytes()));
}
BENCHMARK(verify_class)->Unit(benchmark::kMillisecond)->UseRealTime();

/// Opening a class that was checked before.
void open_class(benchmark::State& state) {
    const Place place(64);
    place.open();
    for (auto _ : state) {
        benchmark::DoNotOptimize(place.open());
    }
}
BENCHMARK(open_class)->Unit(benchmark::kMicrosecond);

/// One shuffled training batch; state.range: channels, batch.
void gather_batch(benchmark::State& state) {
    const Place place(state.range(0));
    const SharedRows rows = mapped_rows(place.open(), torch::kCPU);
    std::vector<std::int64_t> batch(static_cast<std::size_t>(state.range(1)));
    std::int64_t next = 0;
    for (auto _ : state) {
        for (std::int64_t& row : batch) {
            row = next = (next + 101) % kImages;
        }
        benchmark::DoNotOptimize(rows->gather(batch));
    }
    state.SetItemsProcessed(state.iterations() * state.range(1));
}
BENCHMARK(gather_batch)->Args({64, 8})->Args({768, 16})->Unit(benchmark::kMillisecond);

/// Images per second that decoding ahead delivers; state.range: threads, side of the pictures,
/// which are made 224 wide.
void load_images(benchmark::State& state) {
    const fs::path root =
        fs::temp_directory_path() / ("harrow-bench-images-" + std::to_string(::getpid()));
    fs::remove_all(root);
    storage::SynthOptions options;
    options.classes = 1;
    options.size = static_cast<int>(state.range(1));
    storage::write_synthetic_dataset(root, options);
    std::vector<fs::path> files;
    const storage::Dataset drawn = storage::list_dataset("mvtec", root).dataset;
    for (const storage::ImageEntry& image : drawn.classes.at(0).train) {
        files.push_back(root / image.relative_path);
    }
    const auto decode = [&files](std::size_t n) {
        return storage::preprocess_image(storage::read_rgb(files[n]), {});
    };
    for (auto _ : state) {
        ReadAhead<std::vector<float>> loader(
            files.size(), decode, static_cast<int>(state.range(0)), 18);
        for (std::size_t n = 0; n < files.size(); ++n) {
            while (!loader.take(std::chrono::milliseconds(100))) {
            }
        }
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(files.size()));
    fs::remove_all(root);
}
BENCHMARK(load_images)
    ->Args({1, 512})
    ->Args({2, 512})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace harrow::worker
