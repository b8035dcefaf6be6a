#include <string>

#include "storage/datasets/image.hpp"
#include "sweeps/error.hpp"
#include "tests/unit/worker/pipeline_fixture.hpp"

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

TEST_F(ExtractionTest, RefusesAnImageSizeTheBackboneCannotTile) {
    sweeps::TrialConfig config = tiny_config("moleflow");
    config.data.image_size = 60;
    EXPECT_THROW(runner().extract(extraction(class_names_[0], "train", config), silent_),
                 sweeps::UsageError);
}

}  // namespace
}  // namespace harrow::worker
