#include "worker/backbones/aggregation.hpp"

#include <algorithm>
#include <cmath>

#include "sweeps/error.hpp"
#include "tests/unit/worker/backbones/backbone_files.hpp"
#include "tests/unit/worker/backbones/transformer_reference.hpp"

namespace harrow::worker {
namespace {

using tests::Matrix;

torch::Tensor seeded(const std::vector<std::int64_t>& shape) {
    const auto generator = at::detail::createCPUGenerator(3);
    return torch::randn(shape, generator, torch::kFloat32);
}

/// One value of the unfolded map: channel c shifted by the tap, zero outside.
double tap(const torch::TensorAccessor<float, 4>& map,
           std::int64_t image,
           std::int64_t value,
           std::int64_t row,
           std::int64_t column) {
    const std::int64_t y = row + value % 9 / 3 - 1;
    const std::int64_t x = column + value % 3 - 1;
    const bool is_inside = y >= 0 && y < map.size(2) && x >= 0 && x < map.size(3);
    return is_inside ? map[image][value / 9][y][x] : 0.0;
}

/// Step 2 of A2.1 on one unfolded plane: bilinear, align_corners off, source clamped at 0.
double resized(const torch::TensorAccessor<float, 4>& map,
               std::int64_t image,
               std::int64_t value,
               double row_scale,
               double column_scale,
               std::int64_t row,
               std::int64_t column) {
    const auto source = [](std::int64_t at, double scale) {
        return std::max(0.0, (double(at) + 0.5) * scale - 0.5);
    };
    const double y = source(row, row_scale);
    const double x = source(column, column_scale);
    const auto top = std::int64_t(y);
    const auto left = std::int64_t(x);
    double sum = 0;
    for (const std::int64_t down : {0, 1}) {
        for (const std::int64_t right : {0, 1}) {
            const double weight = (down == 1 ? y - double(top) : 1 - (y - double(top))) *
                                  (right == 1 ? x - double(left) : 1 - (x - double(left)));
            sum += weight * tap(map,
                                image,
                                value,
                                std::min(top + down, map.size(2) - 1),
                                std::min(left + right, map.size(3) - 1));
        }
    }
    return sum;
}

/// A2.1 word for word: unfold, resize, pool, average.
torch::Tensor aggregated_by_loops(const std::vector<torch::Tensor>& maps, std::int64_t channels) {
    const std::int64_t height = maps[0].size(2);
    const std::int64_t width = maps[0].size(3);
    torch::Tensor out = torch::zeros({maps[0].size(0), height, width, channels});
    auto result = out.accessor<float, 4>();
    for (const torch::Tensor& tensor : maps) {
        const auto map = tensor.accessor<float, 4>();
        const std::int64_t values = 9 * map.size(1);
        const double row_scale = double(map.size(2)) / double(height);
        const double column_scale = double(map.size(3)) / double(width);
        for (std::int64_t i = 0; i < out.numel() / channels; ++i) {
            const std::int64_t image = i / (height * width);
            const std::int64_t row = i / width % height;
            for (std::int64_t bin = 0; bin < channels; ++bin) {
                const std::int64_t first = bin * values / channels;
                const std::int64_t last = ((bin + 1) * values + channels - 1) / channels;
                double sum = 0;
                for (std::int64_t v = first; v < last; ++v) {
                    sum += resized(map, image, v, row_scale, column_scale, row, i % width);
                }
                result[image][row][i % width][bin] +=
                    float(sum / double(last - first) / double(maps.size()));
            }
        }
    }
    return out;
}

TEST(AggregationTest, MapsOfAnyGridsFollowTheFormula) {
    const torch::Tensor fine = seeded({2, 4, 7, 7});
    const torch::Tensor coarse = seeded({2, 6, 3, 3});
    for (const std::int64_t channels : {36, 12, 7, 25}) {
        for (const auto& maps : {std::vector<torch::Tensor>{fine, coarse},
                                 std::vector<torch::Tensor>{coarse, fine},
                                 std::vector<torch::Tensor>{fine}}) {
            EXPECT_TRUE(torch::allclose(
                aggregate_maps(maps, channels), aggregated_by_loops(maps, channels), 1e-4, 1e-5))
                << channels << " channels, grid of " << maps[0].size(2);
        }
    }
}

TEST(AggregationTest, LayoutInMemoryDoesNotMatter) {
    const torch::Tensor map = seeded({2, 8, 5, 5});
    EXPECT_TRUE(torch::equal(aggregate_maps({map}, 9),
                             aggregate_maps({map.contiguous(at::MemoryFormat::ChannelsLast)}, 9)));
}

TEST(AggregationTest, RefusesMoreChannelsThanThereAreValues) {
    EXPECT_NO_THROW(aggregate_maps({seeded({1, 2, 4, 4})}, 18));
    EXPECT_THROW(aggregate_maps({seeded({1, 2, 4, 4})}, 19), sweeps::UsageError);
}

TEST(AggregationTest, TokensLoseTheirPrefixAndAreAveraged) {
    const torch::Tensor first = seeded({2, 3 + 4, 5});
    const torch::Tensor second = first + 2.0;
    const torch::Tensor features = average_tokens({first, second}, 3);
    ASSERT_EQ(features.sizes(), (std::vector<std::int64_t>{2, 2, 2, 5}));
    EXPECT_TRUE(torch::allclose(features[1][1][0], first[1][3 + 2] + 1.0));
}

TEST(AggregationTest, PositionsAreResampledWithAntialiasing) {
    constexpr std::int64_t kOwn = 7, kWidth = 3;
    const torch::Tensor positions = seeded({1, kOwn * kOwn, kWidth});
    EXPECT_TRUE(torch::equal(resample_positions(positions, kOwn), positions));
    for (const std::int64_t side : {1, 4, 6, 8, 15}) {
        const torch::Tensor resampled = resample_positions(positions, side);
        ASSERT_EQ(resampled.sizes(), (std::vector<std::int64_t>{1, side * side, kWidth}));
        for (std::int64_t channel = 0; channel < kWidth; ++channel) {
            Matrix plane{kOwn, kOwn, {}};
            for (std::int64_t i = 0; i < kOwn * kOwn; ++i) {
                plane.values.push_back(positions[0][i][channel].item<float>());
            }
            const Matrix expected =
                tests::resize_bicubic(plane, std::size_t(side), std::size_t(side));
            for (std::int64_t i = 0; i < side * side; ++i) {
                EXPECT_NEAR(
                    resampled[0][i][channel].item<float>(), expected.values[std::size_t(i)], 1e-5)
                    << "side " << side << ", position " << i;
            }
        }
    }
}

}  // namespace
}  // namespace harrow::worker
