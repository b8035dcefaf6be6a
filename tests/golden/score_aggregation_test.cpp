#include <cstdint>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/aggregation.hpp"
#include "tests/support/golden_file.hpp"

namespace harrow {
namespace {

// Dataset name in the fixture -> the configuration that produced it.
std::map<std::string, sweeps::ScoreConfig> fixture_modes() {
    std::map<std::string, sweeps::ScoreConfig> modes;
    for (const std::string& mode : analysis::aggregation_modes()) {
        modes[mode].aggregation = mode;
    }
    modes["percentile95"] = modes["percentile"];
    modes["percentile95"].percentile = 0.95;
    modes["top_k10"] = modes["top_k"];
    modes["top_k10"].top_k = 10;
    modes["spatial_cluster_r05"] = modes["spatial_cluster"];
    modes["spatial_cluster_r05"].cluster_top_k_ratio = 0.05;
    return modes;
}

std::vector<float> image_scores(const tests::GoldenArray& patches,
                                const sweeps::ScoreConfig& config) {
    const auto height = static_cast<int>(patches.shape.at(1));
    const auto width = static_cast<int>(patches.shape.at(2));
    std::vector<float> scores;
    for (std::int64_t image = 0; image < patches.shape.at(0); ++image) {
        const float* first = patches.values.data() + image * height * width;
        scores.push_back(analysis::image_score(first, height, width, config));
    }
    return scores;
}

TEST(ScoreAggregationGolden, EveryModeOfEveryGroup) {
    const tests::GoldenFile file("score_aggregation.h5");
    const auto modes = fixture_modes();
    std::size_t compared = 0;
    for (const std::string& group : file.groups()) {
        const std::string path = group + "/patch_scores";
        ASSERT_TRUE(file.has(path)) << group;
        const tests::GoldenArray patches = file.read(path);
        for (const std::string& name : file.datasets(group)) {
            if (name == "patch_scores") {
                continue;
            }
            const auto mode = modes.find(name);
            if (mode == modes.end()) {
                ADD_FAILURE() << file.path() << ": no configuration known for " << group << "/"
                              << name;
                continue;
            }
            tests::expect_close(image_scores(patches, mode->second),
                                file.read(group + "/" + name).values,
                                file.rtol(),
                                file.atol(),
                                group + "/" + name);
            ++compared;
        }
        for (const std::string& calibrator : file.groups(group)) {
            std::cout << "skipped: " << group << "/" << calibrator
                      << " (score calibrators are not part of the method's options)\n";
        }
    }
    EXPECT_GT(compared, 0U) << file.path() << " holds no group";
}

}  // namespace
}  // namespace harrow
