#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/aggregation.hpp"
#include "analysis/metrics.hpp"
#include "analysis/score_map.hpp"
#include "tests/support/golden_file.hpp"

namespace harrow {
namespace {

using tests::GoldenArray;
using tests::GoldenFile;

std::vector<std::uint8_t> labels_of(const GoldenArray& array) {
    std::vector<std::uint8_t> labels;
    for (const float value : array.values) {
        labels.push_back(value != 0 ? 1 : 0);
    }
    return labels;
}

std::vector<float> score_maps(const GoldenArray& patches, int size, double sigma) {
    const auto height = static_cast<int>(patches.shape.at(1));
    const auto width = static_cast<int>(patches.shape.at(2));
    analysis::ScoreMapper mapper(height, width, size, sigma);
    const std::size_t pixels = static_cast<std::size_t>(size) * size;
    std::vector<float> maps(static_cast<std::size_t>(patches.shape.at(0)) * pixels);
    for (std::int64_t image = 0; image < patches.shape.at(0); ++image) {
        mapper.render(patches.values.data() + image * height * width, maps.data() + image * pixels);
    }
    return maps;
}

void expect_metrics(const GoldenFile& file,
                    const std::vector<float>& scores,
                    const std::vector<std::uint8_t>& labels,
                    const std::string& prefix) {
    const analysis::CurveMetrics metrics = analysis::curve_metrics(scores, labels);
    ASSERT_TRUE(metrics.auroc && metrics.average_precision) << prefix;
    tests::expect_close(
        *metrics.auroc, file.scalar(prefix + "auroc"), file.rtol(), file.atol(), prefix + "auroc");
    tests::expect_close(*metrics.average_precision,
                        file.scalar(prefix + "ap"),
                        file.rtol(),
                        file.atol(),
                        prefix + "ap");
}

void check_maps(const GoldenFile& file, const std::string& group) {
    const GoldenArray patches = file.read(group + "/patch_scores");
    const GoldenArray upsampled = file.read(group + "/upsampled");
    const GoldenArray smoothed = file.read(group + "/smoothed");
    const auto size = static_cast<int>(upsampled.shape.at(1));
    sweeps::ScoreConfig config;
    config.top_k = static_cast<int>(file.number("config/score_top_k", config.top_k));
    config.smoothing_sigma = file.number("config/smoothing_sigma", config.smoothing_sigma);
    tests::expect_close(score_maps(patches, size, 0),
                        upsampled.values,
                        file.rtol(),
                        file.atol(),
                        group + "/upsampled");
    const std::vector<float> maps = score_maps(patches, size, config.smoothing_sigma);
    tests::expect_close(maps, smoothed.values, file.rtol(), file.atol(), group + "/smoothed");
    expect_metrics(file, maps, labels_of(file.read(group + "/mask")), group + "/pixel_");

    const std::size_t patches_per_image = patches.values.size() / patches.shape.at(0);
    std::vector<float> image_scores;
    for (std::int64_t image = 0; image < patches.shape.at(0); ++image) {
        const float* first = patches.values.data() + image * patches_per_image;
        image_scores.push_back(analysis::image_score(first,
                                                     static_cast<int>(patches.shape.at(1)),
                                                     static_cast<int>(patches.shape.at(2)),
                                                     config));
    }
    tests::expect_close(image_scores,
                        file.read(group + "/image_score").values,
                        file.rtol(),
                        file.atol(),
                        group + "/image_score");
    expect_metrics(
        file, image_scores, labels_of(file.read(group + "/image_label")), group + "/image_");
}

TEST(EvalPostprocessGolden, MapsAndMetricsOfEveryGroup) {
    const GoldenFile file("eval_postprocess.h5");
    std::size_t compared = 0;
    for (const std::string& group : file.groups()) {
        if (file.has(group + "/patch_scores")) {
            check_maps(file, group);
        } else if (file.has(group + "/score")) {
            expect_metrics(file,
                           file.read(group + "/score").values,
                           labels_of(file.read(group + "/label")),
                           group + "/");
        } else {
            std::cout << "skipped: " << group << " (neither patch scores nor scores in it)\n";
            continue;
        }
        ++compared;
    }
    EXPECT_GT(compared, 0U) << file.path() << " holds no group";
}

}  // namespace
}  // namespace harrow
