#include "cli/anomaly_samples.hpp"

#include <set>

#include <gtest/gtest.h>

#include "cli/anomaly_sheet.hpp"
#include "storage/datasets/synth.hpp"
#include "sweeps/error.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::cli {
namespace {

using storage::testing::TemporaryDirectory;

class AnomalySamplesTest : public ::testing::Test {
protected:
    AnomalySamplesTest() {
        storage::write_synthetic_dataset(directory_ / "data", {1, 32, 3, "mvtec_ad2"});
        config_.data.layout = "mvtec_ad2";
        config_.data.resize = "square";
        config_.data.image_size = 64;
        config_.synthetic.normal_images = 5;
        config_.synthetic.texture = {2, 3};
        config_.synthetic.structural = {0, 4};
        config_.synthetic.contextual = {2};
        config_.synthetic.resolutions = {0, 48};
        config_.synthetic.texture_side = {5, 20};
        config_.synthetic.contextual_side = {5, 20};
    }
    AnomalySampler sampler(std::uint64_t seed = 0) const {
        return {storage::list_dataset("mvtec_ad2", directory_ / "data").dataset,
                "fruit_jelly",
                config_,
                seed};
    }
    /// Resolution and index, "0/1 1/0 …".
    static std::string text(const std::vector<AnomalyNumber>& numbers) {
        std::string all;
        for (const AnomalyNumber& one : numbers) {
            all += (all.empty() ? "" : " ") + std::to_string(one.resolution) + "/" +
                   std::to_string(one.index);
        }
        return all;
    }

    TemporaryDirectory directory_;
    sweeps::TrialConfig config_;
};

TEST_F(AnomalySamplesTest, TheFirstOfEachStageAndResolutionAreTaken) {
    EXPECT_EQ(text(sampler().first_of_each_stage(1)), "0/0 0/2 1/0 1/3 1/7");
    EXPECT_EQ(text(sampler().first_of_each_stage(100)),
              "0/0 0/1 0/2 0/3 1/0 1/1 1/2 1/3 1/4 1/5 1/6 1/7 1/8");
}

TEST_F(AnomalySamplesTest, TheyAreMadeOfTheFirstNormalImagesAndFollowTheSeed) {
    AnomalySampler first = sampler(1), again = sampler(1), other = sampler(2);
    std::set<std::string> bases, sources;
    std::size_t different = 0;
    for (const AnomalyNumber& number : first.first_of_each_stage(100)) {
        const AnomalySample sample = first.make(number);
        EXPECT_EQ(sample.drawn.side, number.resolution == 0 ? 64 : 48);
        EXPECT_EQ(sample.picture.pixels, again.make(number).picture.pixels);
        different += sample.picture.pixels == other.make(number).picture.pixels ? 0 : 1;
        EXPECT_NE(sample.picture.pixels, sample.normal.pixels);
        for (std::size_t i = 0; i < sample.mask.size(); ++i) {
            ASSERT_TRUE(sample.mask[i] == 1 || std::equal(sample.picture.pixels.begin() + 3 * i,
                                                          sample.picture.pixels.begin() + 3 * i + 3,
                                                          sample.normal.pixels.begin() + 3 * i));
        }
        bases.insert(sample.base_path);
        EXPECT_EQ(sample.source_path.empty(), sample.drawn.stage != "contextual");
    }
    EXPECT_EQ(different, 13U);
    EXPECT_GT(bases.size(), 1U);
    for (const std::string& path : bases) {
        EXPECT_LE(path, "fruit_jelly/fruit_jelly/train/good/004.png");
    }
    EXPECT_EQ(first.normals(), 5U);
}

TEST_F(AnomalySamplesTest, TheSheetHasALineForEveryStage) {
    AnomalySampler all = sampler();
    AnomalySheet sheet;
    for (const AnomalyNumber& number : all.first_of_each_stage(100)) {
        sheet.add(all.make(number));
    }
    const storage::Image picture = sheet.picture();
    EXPECT_EQ(picture.channels, 3);
    EXPECT_GT(picture.width, 4 * 3 * 160);
    EXPECT_GE(picture.height, 5 * 160);
    EXPECT_LT(picture.height, 6 * 160);
}

TEST_F(AnomalySamplesTest, NothingToMakeIsAnError) {
    config_.synthetic.texture = config_.synthetic.structural = config_.synthetic.contextual = {0};
    EXPECT_THROW(sampler(), sweeps::UsageError);
    config_.synthetic.texture = {1};
    EXPECT_THROW(AnomalySampler(storage::Dataset(), "fruit_jelly", config_, 0), sweeps::DataError);
}

}  // namespace
}  // namespace harrow::cli
