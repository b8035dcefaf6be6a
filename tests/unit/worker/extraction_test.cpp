#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "storage/datasets/image.hpp"
#include "storage/datasets/preprocess.hpp"
#include "storage/files.hpp"
#include "storage/half.hpp"
#include "storage/weights/weights_digest.hpp"
#include "sweeps/error.hpp"
#include "tests/support/random_weights.hpp"
#include "tests/unit/worker/pipeline_fixture.hpp"
#include "worker/feature_store.hpp"
#include "worker/picture_views.hpp"

namespace harrow::worker {
namespace {

using ExtractionTest = PipelineTest;

TEST_F(ExtractionTest, ExtractsOnceAndThenFindsTheFeatures) {
    const auto work = extraction(class_names_[0], "train", tiny_config("moleflow"));
    EXPECT_EQ(runner().extract(work, silent_).images_extracted, kTrainImages);
    EXPECT_EQ(runner().extract(work, silent_).images_extracted, 0);

    const storage::FeatureReader reader = storage::FeatureCache(cache()).open(work.feature_key);
    EXPECT_EQ(reader.info().shape.images, kTrainImages);
    EXPECT_EQ(reader.info().shape.height, 8);
    EXPECT_EQ(reader.info().shape.channels, 64);
    EXPECT_EQ(reader.info().canonical_text, work.config_text);
    ASSERT_EQ(reader.info().images.size(), static_cast<std::size_t>(kTrainImages));
    EXPECT_EQ(reader.info().images[0].relative_path, class_names_[0] + "/train/good/000.png");
}

TEST_F(ExtractionTest, RefusesImagesThatChangedSinceValidation) {
    const auto work = extraction(class_names_[0], "test", tiny_config("moleflow"));
    const fs::path changed = data() / class_names_[0] / "test" / "good" / "000.png";
    storage::Image image = storage::read_image(changed);
    image.pixels[0] = static_cast<std::uint8_t>(image.pixels[0] ^ 1);
    storage::write_png(changed, image);
    try {
        runner().extract(work, silent_);
        FAIL() << "extracted other images than the key names";
    } catch (const sweeps::DataError& error) {
        EXPECT_NE(std::string(error.what()).find(class_names_[0]), std::string::npos);
    }
    EXPECT_FALSE(fs::exists(feature_file(work.feature_key)));
}

TEST_F(ExtractionTest, AFailedUnitLeavesNoNotesToTheNext) {
    UnitRunner one = runner();
    const auto failing = extraction(class_names_[0], "train", tiny_config("moleflow"));
    one.extract(failing, silent_);
    fs::resize_file(feature_file(failing.feature_key), 100);
    fs::remove_all(data() / class_names_[0]);
    EXPECT_THROW(one.extract(failing, silent_), sweeps::DataError);

    const auto next = extraction(class_names_[1], "train", tiny_config("moleflow"));
    EXPECT_TRUE(one.extract(next, silent_).notes.empty());
}

TEST_F(ExtractionTest, TruncatedImageIsBadDataAndLeavesNothing) {
    const fs::path cut = data() / class_names_[1] / "train" / "good" / "017.png";
    fs::resize_file(cut, fs::file_size(cut) / 2);
    const auto work = extraction(class_names_[1], "train", tiny_config("moleflow"));
    try {
        runner().extract(work, silent_);
        FAIL() << "accepted half a PNG";
    } catch (const sweeps::DataError& error) {
        EXPECT_NE(std::string(error.what()).find("017.png"), std::string::npos) << error.what();
    }
    EXPECT_TRUE(files_under(cache()).empty());
}

TEST_F(ExtractionTest, FilesDoNotDependOnTheNumberOfThreads) {
    const auto work = extraction(class_names_[0], "train", tiny_config("moleflow"));
    std::string first;
    for (const int threads : {1, 2, 5}) {
        fs::remove_all(cache());
        const auto result = runner(256, threads).extract(work, silent_);
        const std::string bytes = storage::read_file(feature_file(work.feature_key));
        first = first.empty() ? bytes : first;
        EXPECT_TRUE(bytes == first) << threads;
        const coordinator::WorkTimes& times = result.times;
        for (const double seconds :
             {times.check, times.decode, times.backbone, times.write, result.seconds}) {
            EXPECT_GT(seconds, 0.0);
        }
        EXPECT_LE(times.check + times.wait + times.backbone + times.write, result.seconds);
    }
}

TEST_F(ExtractionTest, NamesTheFirstBadImageWhateverTheThreads) {
    for (const char* name : {"021.png", "017.png"}) {
        const fs::path cut = data() / class_names_[1] / "train" / "good" / name;
        fs::resize_file(cut, fs::file_size(cut) / 2);
    }
    const auto work = extraction(class_names_[1], "train", tiny_config("moleflow"));
    for (const int threads : {1, 4}) {
        try {
            runner(256, threads).extract(work, silent_);
            FAIL() << "accepted half a PNG";
        } catch (const sweeps::DataError& error) {
            EXPECT_NE(std::string(error.what()).find("017.png"), std::string::npos) << error.what();
        }
        EXPECT_TRUE(files_under(cache()).empty());
    }
}

/// Asks to stop once some images are done; remembers what it was told.
class StopAfterImages : public WorkMonitor {
public:
    explicit StopAfterImages(std::int64_t images) : limit_(images) {}
    void report(const WorkStatus& status) override {
        if (status.images_total > 0) {
            seen.push_back(status.images);
            total = status.images_total;
        }
    }
    bool stop_requested() override { return !seen.empty() && seen.back() >= limit_; }
    std::vector<std::int64_t> seen;
    std::int64_t total = 0;

private:
    std::int64_t limit_;
};

TEST_F(ExtractionTest, ReportsImagesAndStopsBetweenBatches) {
    const auto work = extraction(class_names_[0], "train", tiny_config("moleflow"));
    StopAfterImages stopper(16);
    EXPECT_THROW(runner(256, 3).extract(work, stopper), WorkStopped);
    EXPECT_EQ(stopper.seen, (std::vector<std::int64_t>{8, 16}));
    EXPECT_EQ(stopper.total, kTrainImages);
    EXPECT_TRUE(files_under(cache()).empty());
    StopAfterImages listener(1000);
    runner().extract(work, listener);
    EXPECT_EQ(listener.seen, (std::vector<std::int64_t>{8, 16, 24, kTrainImages}));
}

TEST_F(ExtractionTest, Float32IsAnotherKeyAndHoldsTheValuesThatFloat16Rounds) {
    sweeps::TrialConfig config = tiny_config("moleflow");
    const auto half = extraction(class_names_[0], "train", config);
    config.backbone.feature_dtype = "float32";
    const auto full = extraction(class_names_[0], "train", config);
    ASSERT_NE(half.feature_key, full.feature_key);
    runner().extract(half, silent_);
    runner().extract(full, silent_);
    const storage::FeatureCache files(cache());
    const storage::FeatureReader halves = files.open(half.feature_key);
    const storage::FeatureReader floats = files.open(full.feature_key);
    EXPECT_EQ(floats.info().type, storage::FeatureType::Float32);
    std::vector<float> rounded(static_cast<std::size_t>(halves.info().shape.values_per_image()));
    std::vector<float> exact(rounded.size());
    halves.read_float(7, 1, rounded.data());
    floats.read_float(7, 1, exact.data());
    EXPECT_NE(rounded, exact);
    for (std::size_t i = 0; i < exact.size(); ++i) {
        ASSERT_EQ(rounded[i], storage::half_to_float(storage::float_to_half(exact[i])));
    }
    EXPECT_FALSE(train(training_work("float32", config)).trials.at(0).rows.empty());
}

TEST_F(ExtractionTest, RefusesAnImageSizeTheBackboneCannotTile) {
    sweeps::TrialConfig config = tiny_config("moleflow");
    config.data.image_size = 60;
    EXPECT_THROW(runner().extract(extraction(class_names_[0], "train", config), silent_),
                 sweeps::UsageError);
}

/// Features of one class's test split through the store, under the key that the planner would give
/// them.
Features stored(FeatureStore& store, const FeatureRequest& request) {
    WorkMonitor monitor;
    FeatureRequest keyed = request;
    keyed.key = sweeps::feature_key(request.config,
                                    storage::weights_digest(request.config.backbone.weights),
                                    request.images_digest);
    return store.load(keyed, monitor);
}

TEST_F(ExtractionTest, StoresWhatALoadedBackboneComputes) {
    FeatureRequest request;
    request.config = tiny_config("moleflow");
    request.config.backbone.name = "resnet18";
    request.config.backbone.weights = (place_ / "weights").string();
    tests::write_random_weights(
        request.config.backbone.weights, *sweeps::find_backbone("resnet18"), 1);
    request.config.data.root = data().string();
    request.class_name = class_names_[0];
    request.split = "test";
    const storage::Dataset dataset = listing();
    const std::vector<storage::ImageEntry>& images = dataset.classes[0].test;
    request.images_digest = storage::images_digest(dataset, images);

    FeatureStore store(cache(), torch::kCPU, {}, 1);
    const Features features = stored(store, request);
    ASSERT_EQ(features.rows->size(), kTestImages);
    ASSERT_TRUE(features.rows->geometry() == (FeatureGeometry{8, 8, 768}));
    EXPECT_EQ(features.info->weights_digest,
              storage::weights_digest(request.config.backbone.weights));

    torch::Tensor pixels = torch::empty({kTestImages, 3, 64, 64});
    for (std::int64_t i = 0; i < kTestImages; ++i) {
        const std::vector<float> values = storage::preprocess_image(
            storage::read_rgb(dataset.root / images[std::size_t(i)].relative_path), {64});
        std::copy(values.begin(), values.end(), pixels[i].data_ptr<float>());
    }
    const auto backbone = make_backbone(request.config.backbone, torch::kCPU);
    for (std::int64_t first = 0; first < kTestImages; first += kBatchImages) {
        const std::int64_t count = std::min<std::int64_t>(kBatchImages, kTestImages - first);
        const torch::Tensor expected = backbone->extract(fixed_batch(pixels, first))
                                           .narrow(0, 0, count)
                                           .to(torch::kFloat16)
                                           .to(torch::kFloat32);
        const torch::Tensor read = features.rows->batch(first).narrow(0, 0, count);
        EXPECT_TRUE(torch::equal(read, expected)) << first;
    }
    // Another choice of layers is another backbone, also for a store that has one loaded.
    request.config.backbone.layers = {"layer3"};
    EXPECT_TRUE(stored(store, request).rows->geometry() == (FeatureGeometry{4, 4, 768}));
}

}  // namespace
}  // namespace harrow::worker
