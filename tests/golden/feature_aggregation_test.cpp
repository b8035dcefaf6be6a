#include <gtest/gtest.h>

#include "tests/golden/model_fixture.hpp"
#include "worker/backbones/aggregation.hpp"

namespace harrow::tests {
namespace {

/// layer<N> datasets of the group in ascending order, as a ResNet would give them.
std::vector<torch::Tensor> maps_of(const GoldenFile& file, const std::string& group) {
    std::vector<torch::Tensor> maps;
    for (const std::string& name : file.datasets(group)) {
        if (name.rfind("layer", 0) == 0) {
            maps.push_back(read_tensor(file, join(group, name)));
        }
    }
    return maps;
}

void check_maps(const GoldenFile& file, const std::string& group) {
    const std::vector<torch::Tensor> maps = maps_of(file, group);
    const std::int64_t channels = read_tensor(file, group + "/features").size(3);
    const torch::Tensor features = worker::aggregate_maps(maps, channels);
    expect_matches(features, file, group + "/features");
    expect_matches(features.mean({1, 2}), file, group + "/image_feature");

    const std::int64_t height = maps[0].size(2);
    const std::int64_t width = maps[0].size(3);
    std::vector<torch::Tensor> pooled;
    for (const torch::Tensor& map : maps) {
        pooled.push_back(worker::pool_neighbourhoods(map, channels, height, width)
                             .permute({0, 2, 3, 1})
                             .reshape({-1, channels}));
    }
    expect_matches(torch::stack(pooled, 1), file, group + "/pooled_per_layer");
}

void check_tokens(const GoldenFile& file, const std::string& group) {
    const torch::Tensor tokens = read_tensor(file, group + "/block_tokens");
    const torch::Tensor features = worker::average_tokens(tokens.unbind(0), 1);
    expect_matches(features, file, group + "/features");
}

TEST(FeatureAggregation, MatchesReference) {
    const GoldenFile file("feature_aggregation.h5");
    for (const std::string& group : groups_of(file)) {
        SCOPED_TRACE(group);
        if (file.has(group + "/block_tokens")) {
            check_tokens(file, group);
        } else if (!maps_of(file, group).empty()) {
            check_maps(file, group);
        } else {
            report_skipped(group, "neither maps nor tokens");
        }
    }
}

}  // namespace
}  // namespace harrow::tests
