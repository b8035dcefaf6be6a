// Features of anomalies that are made for training.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "storage/datasets/image.hpp"
#include "storage/datasets/preprocess.hpp"
#include "storage/datasets/synthetic_anomalies.hpp"
#include "storage/files.hpp"
#include "sweeps/error.hpp"
#include "tests/unit/worker/pipeline_fixture.hpp"
#include "worker/backbone.hpp"
#include "worker/extraction.hpp"
#include "worker/picture_views.hpp"

namespace harrow::worker {
namespace {

constexpr int kSide = 48;  // of the loaded square; the backbone sees 64
constexpr std::uint64_t kSeed = 7;

class AnomalyExtractionTest : public PipelineTest {
protected:
    static sweeps::TrialConfig config(const std::string& train_pixels = "denormalised") {
        sweeps::TrialConfig config = tiny_config("anomalyvfm");
        config.data.resize = "square";
        config.data.load_size = kSide;
        config.backbone.feature_dtype = "float32";
        config.validation.holdout = 0.2;
        sweeps::SyntheticConfig& synthetic = config.synthetic;
        synthetic.normal_images = 5;
        synthetic.train_pixels = train_pixels;
        synthetic.resolutions = {0, 32};
        synthetic.texture = synthetic.structural = {2};
        synthetic.contextual = {2, 1};
        synthetic.texture_side = synthetic.rectangle_side = {5, 12};
        synthetic.circle_radius = {2, 6};
        synthetic.line_thickness = {1, 3};
        synthetic.contextual_side = {8, 16};
        return config;
    }

    std::uint64_t class_seed() const { return sweeps::class_anomaly_seed(kSeed, class_names_[0]); }

    FeatureRequest request(const sweeps::TrialConfig& config) const {
        const storage::Dataset dataset = listing();
        FeatureRequest request;
        request.config = config;
        request.config.data.root = data().string();
        request.class_name = class_names_[0];
        request.split = sweeps::kAnomaliesSplit;
        request.seed = kSeed;
        request.images_digest =
            sweeps::anomalies_digest(storage::images_digest(dataset, dataset.classes[0].train),
                                     sweeps::recipe_text(config, request.split),
                                     class_seed());
        request.key = sweeps::feature_key(request.config, {}, request.images_digest);
        return request;
    }

    ExtractionReport extract(const FeatureRequest& request, int threads = 1) {
        const auto backbone = make_backbone(request.config.backbone, torch::kCPU);
        return extract_features(
            request, *backbone, storage::FeatureCache(cache()), threads, silent_);
    }

    /// Images that are trained on, in order.
    std::vector<storage::ImageEntry> trained() const {
        const storage::Dataset dataset = listing();
        std::vector<std::string> names;
        for (const storage::ImageEntry& image : dataset.classes[0].train) {
            names.emplace_back(storage::path_in_split("mvtec", image.relative_path));
        }
        const std::vector<std::int64_t> held_out = sweeps::held_out(names, 0.2);
        std::vector<storage::ImageEntry> images;
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (!std::count(held_out.begin(), held_out.end(), std::int64_t(i))) {
                images.push_back(dataset.classes[0].train[i]);
            }
        }
        return images;
    }

    /// Bytes of the first images as they are loaded, or as wrap-around leaves them.
    std::vector<storage::Image> squares(bool are_wrapped) const {
        std::vector<storage::Image> squares;
        for (std::size_t i = 0; i < 5; ++i) {
            storage::Image image = storage::resize_bilinear(
                storage::read_rgb(data() / trained()[i].relative_path), kSide, kSide);
            for (std::size_t k = 0; are_wrapped && k < image.pixels.size(); ++k) {
                const float sample =
                    (float(image.pixels[k]) / 255.0F - storage::kImageNet.mean[k % 3]) /
                    storage::kImageNet.deviation[k % 3];
                const int byte = int(255.0F * sample) % 256;
                image.pixels[k] = std::uint8_t((byte + 256) % 256);
            }
            squares.push_back(std::move(image));
        }
        return squares;
    }

    /// What the view's rows are of, made by hand.
    std::vector<storage::Image> pictures(const sweeps::TrialConfig& config) const {
        const bool are_wrapped = config.synthetic.train_pixels == "wrapped_compat";
        const std::vector<storage::Image> normals = squares(are_wrapped);
        std::vector<storage::Image> made;
        if (are_wrapped) {
            made = normals;
        }
        for (std::size_t resolution = 0; resolution < 2; ++resolution) {
            for (std::int64_t i = 0; i < (resolution == 0 ? 6 : 5); ++i) {
                const storage::DrawnAnomaly drawn =
                    storage::draw_anomaly(config.synthetic, resolution, i, kSide, 5, class_seed());
                const int side = resolution == 0 ? kSide : 32;
                storage::Image base =
                    storage::resize_bilinear(normals[std::size_t(drawn.base)], side, side);
                storage::apply_anomaly(
                    drawn,
                    config.synthetic,
                    base,
                    storage::resize_bilinear(normals[std::size_t(drawn.source)], side, side));
                made.push_back(std::move(base));
            }
        }
        return made;
    }

    /// [N, 8, 8, 64]: those pictures through the backbone.
    torch::Tensor expected(const sweeps::TrialConfig& config) const {
        const bool are_wrapped = config.synthetic.train_pixels == "wrapped_compat";
        std::vector<torch::Tensor> seen;
        for (const storage::Image& picture : pictures(config)) {
            storage::Normalization how = storage::kImageNet;
            if (are_wrapped) {
                how = {{0, 0, 0}, {1, 1, 1}};
            }
            const torch::Tensor samples = torch::tensor(
                storage::preprocess_image(picture, {picture.width, how, storage::Resize::Square}));
            seen.push_back(at::upsample_bilinear2d(
                samples.reshape({1, 3, picture.width, picture.width}), {64, 64}, false));
        }
        const torch::Tensor all = torch::cat(seen);
        const auto backbone = make_backbone(config.backbone, torch::kCPU);
        std::vector<torch::Tensor> rows;
        for (std::int64_t first = 0; first < all.size(0); first += kBatchImages) {
            const std::int64_t count = std::min(kBatchImages, all.size(0) - first);
            rows.push_back(backbone->extract(fixed_batch(all, first)).narrow(0, 0, count));
        }
        return torch::cat(rows);
    }

    torch::Tensor stored(const FeatureRequest& request) const {
        const storage::FeatureReader reader = storage::FeatureCache(cache()).open(request.key);
        const storage::FeatureShape& shape = reader.info().shape;
        const torch::Tensor values =
            torch::empty({shape.images, shape.height, shape.width, shape.channels});
        reader.read_float(0, shape.images, values.data_ptr<float>());
        return values;
    }
};

TEST_F(AnomalyExtractionTest, FeaturesAreThoseOfTheImagesMadeByHand) {
    for (const char* pixels : {"denormalised", "wrapped_compat"}) {
        const FeatureRequest wanted = request(config(pixels));
        const std::int64_t rows = std::string(pixels) == "denormalised" ? 11 : 5 + 11;
        EXPECT_EQ(extract(wanted).images, rows);
        const torch::Tensor features = stored(wanted);
        ASSERT_EQ(features.size(0), rows) << pixels;
        EXPECT_TRUE(torch::equal(features, expected(config(pixels)))) << pixels;
    }
}

TEST_F(AnomalyExtractionTest, FilesDoNotDependOnTheNumberOfThreads) {
    const FeatureRequest wanted = request(config("wrapped_compat"));
    extract(wanted, 1);
    const std::string bytes = storage::read_file(feature_file(wanted.key));
    fs::remove_all(cache());
    extract(wanted, 3);
    EXPECT_TRUE(storage::read_file(feature_file(wanted.key)) == bytes);
}

TEST_F(AnomalyExtractionTest, TheFileSaysWhatTheyAreMadeOf) {
    const FeatureRequest wanted = request(config("wrapped_compat"));
    extract(wanted);
    const storage::FeatureInfo info = storage::FeatureCache(cache()).describe(wanted.key);
    EXPECT_EQ(info.made.substr(0, info.made.find('\n')), "anomalies seed 7");
    ASSERT_EQ(info.images.size(), 16U);
    for (std::size_t i = 0; i < 5; ++i) {
        EXPECT_EQ(info.images[i].relative_path, trained()[i].relative_path);
    }
    const storage::DrawnAnomaly drawn =
        storage::draw_anomaly(wanted.config.synthetic, 0, 2, kSide, 5, class_seed());
    EXPECT_EQ(info.images[7].relative_path, trained()[std::size_t(drawn.base)].relative_path);
    EXPECT_EQ(info.images[7].digest, info.images[std::size_t(drawn.base)].digest);
}

TEST_F(AnomalyExtractionTest, AUnitIsToldHowTheyAreMade) {
    const FeatureRequest wanted = request(config());
    coordinator::ExtractionWork work;
    work.feature_key = wanted.key;
    work.images_digest = wanted.images_digest;
    work.config_text = sweeps::canonical_text(wanted.config, {Stage::Features});
    work.data_root = data().string();
    work.data_layout = "mvtec";
    work.class_name = wanted.class_name;
    work.split = wanted.split;
    work.recipe = sweeps::recipe_text(wanted.config, wanted.split);
    work.seed = kSeed;
    EXPECT_EQ(runner().extract(work, silent_).images_extracted, 11);
    work.seed = kSeed + 1;
    work.feature_key[0] = work.feature_key[0] == '0' ? '1' : '0';
    EXPECT_THROW(runner().extract(work, silent_), sweeps::DataError)
        << "another seed, other images";
}

TEST_F(AnomalyExtractionTest, ABadNormalImageIsNamedAndLeavesNothing) {
    const fs::path cut = data() / trained()[3].relative_path;
    fs::resize_file(cut, fs::file_size(cut) / 2);
    for (const int threads : {1, 3}) {
        try {
            extract(request(config()), threads);
            FAIL() << "accepted half a PNG";
        } catch (const sweeps::DataError& error) {
            EXPECT_NE(std::string(error.what()).find(cut.filename().string()), std::string::npos)
                << error.what();
        }
        EXPECT_TRUE(files_under(cache()).empty());
    }
}

TEST_F(AnomalyExtractionTest, RefusesTrainingImagesThatChanged) {
    const FeatureRequest wanted = request(config());
    fs::remove(data() / trained().back().relative_path);
    try {
        extract(wanted);
        FAIL() << "made anomalies of other images than the key names";
    } catch (const sweeps::DataError& error) {
        EXPECT_NE(std::string(error.what()).find("train images of class"), std::string::npos);
    }
}

/// Asks to stop after so many steps.
class StopAfter : public WorkMonitor {
public:
    explicit StopAfter(int steps) : wanted_(steps) {}
    void step() noexcept override { ++steps; }
    bool stop_requested() override { return steps == wanted_; }
    int steps = 0;

private:
    int wanted_;
};

TEST_F(AnomalyExtractionTest, LoadingNormalImagesGivesSignsOfLifeAndStopsBetweenAnyTwo) {
    const FeatureRequest wanted = request(config());
    for (const int stop : {1, 3, 6}) {
        const auto source = open_source(wanted, listing(), storage::kImageNet);
        StopAfter monitor(stop);
        double seconds = 0;
        if (stop < 6) {
            EXPECT_THROW(source->prepare(2, monitor, seconds), WorkStopped);
        } else {
            source->prepare(2, monitor, seconds);
        }
        EXPECT_EQ(monitor.steps, std::min(stop, 5));
    }
}

}  // namespace
}  // namespace harrow::worker
