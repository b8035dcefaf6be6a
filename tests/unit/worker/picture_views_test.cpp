#include "worker/picture_views.hpp"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "sweeps/error.hpp"

namespace harrow::worker {
namespace {

using Shape = std::vector<std::int64_t>;

/// Gives the mean colour of every half of a picture: 6 numbers, or as many per patch of a grid.
class HalvesBackbone : public Backbone {
public:
    explicit HalvesBackbone(std::int64_t side = 1) : side_(side) {}
    std::int64_t channels() const override { return 6; }
    FeatureGeometry geometry(int /*image_size*/) const override { return {side_, side_, 6}; }
    std::string weights_digest() const override { return ""; }
    torch::Tensor extract(const torch::Tensor& images) override {
        ++calls;
        EXPECT_EQ(images.size(0), kBatchImages);
        const std::int64_t half = images.size(3) / 2;
        const torch::Tensor left = images.narrow(3, 0, half).mean({2, 3});
        const torch::Tensor right = images.narrow(3, half, images.size(3) - half).mean({2, 3});
        return torch::cat({left, right}, 1)
            .reshape({kBatchImages, 1, 1, 6})
            .expand({kBatchImages, side_, side_, 6})
            .contiguous();
    }
    int calls = 0;

private:
    std::int64_t side_;
};

Picture seeded_picture(int side, std::uint64_t seed) {
    const torch::Tensor samples =
        torch::rand({3, side, side}, at::make_generator<at::CPUGeneratorImpl>(seed));
    const float* values = samples.data_ptr<float>();
    return {side, std::vector<float>(values, values + samples.numel())};
}

/// What lies at a place between pixels, by the formula: pixel centres are half coordinates.
double bilinear(const Picture& picture, int channel, double y, double x) {
    const int last = picture.side - 1;
    const auto near = [last](double place, double& weight) {
        const double inside = std::max(place, 0.0);
        const int low = std::min(static_cast<int>(inside), last);
        weight = inside - low;
        return low;
    };
    double down = 0, right = 0;
    const int row = near(y, down), column = near(x, right);
    const auto sample = [&](int r, int c) {
        return double(picture.samples[std::size_t(
            (channel * picture.side + std::min(r, last)) * picture.side + std::min(c, last))]);
    };
    return (1 - down) * ((1 - right) * sample(row, column) + right * sample(row, column + 1)) +
           down * ((1 - right) * sample(row + 1, column) + right * sample(row + 1, column + 1));
}

Picture slowly_resized(const Picture& picture, int side) {
    Picture result{side, {}};
    const double step = double(picture.side) / side;
    for (int channel = 0; channel < 3; ++channel) {
        for (int row = 0; row < side; ++row) {
            for (int column = 0; column < side; ++column) {
                result.samples.push_back(float(bilinear(
                    picture, channel, (row + 0.5) * step - 0.5, (column + 0.5) * step - 0.5)));
            }
        }
    }
    return result;
}

torch::Tensor halves(const Picture& picture) {
    HalvesBackbone backbone;
    const torch::Tensor one =
        torch::tensor(picture.samples).reshape({1, 3, picture.side, picture.side});
    return backbone.extract(one.expand({kBatchImages, -1, -1, -1}))[0];
}

TEST(PictureViewsTest, EachScaleIsShrunkAndThenEnlarged) {
    sweeps::DataConfig data;
    data.image_size = 20;
    data.scales = {5, 9, 20};
    std::vector<Picture> pictures;
    for (std::uint64_t i = 0; i < 3; ++i) {
        pictures.push_back(seeded_picture(17, i));
    }
    HalvesBackbone backbone;
    WorkMonitor monitor;
    const torch::Tensor rows = extract_rows(backbone, data, pictures, monitor);
    ASSERT_EQ(rows.sizes(), (Shape{3, 1, 3, 6}));
    EXPECT_EQ(backbone.calls, 3) << "one per scale, of all pictures";
    EXPECT_TRUE(row_geometry(backbone, data) == (FeatureGeometry{1, 3, 6}));
    for (std::int64_t i = 0; i < 3; ++i) {
        for (std::int64_t scale = 0; scale < 3; ++scale) {
            const Picture shrunk =
                slowly_resized(pictures[std::size_t(i)], int(data.scales[std::size_t(scale)]));
            const torch::Tensor expected = halves(slowly_resized(shrunk, 20))[0][0];
            EXPECT_TRUE(torch::allclose(rows[i][0][scale], expected, 1e-5, 1e-6))
                << i << " at " << data.scales[std::size_t(scale)];
        }
    }
    data.scales = {0};
    EXPECT_TRUE(torch::allclose(extract_rows(backbone, data, pictures, monitor)[1],
                                halves(slowly_resized(pictures[1], 20)),
                                1e-5,
                                1e-6))
        << "a picture of another side becomes image_size large";
    pictures[1] = seeded_picture(20, 4);
    EXPECT_TRUE(
        torch::equal(extract_rows(backbone, data, pictures, monitor)[1], halves(pictures[1])));
}

TEST(PictureViewsTest, CropsLieInRowsAndLeaveOutWhatIsLeftOver) {
    sweeps::DataConfig data;
    data.image_size = 20;
    data.crop_size = 6;
    const Picture picture = seeded_picture(20, 1);
    HalvesBackbone backbone;
    WorkMonitor monitor;
    const torch::Tensor rows =
        extract_rows(backbone, data, {picture, seeded_picture(20, 2)}, monitor);
    ASSERT_EQ(rows.sizes(), (Shape{2, 3, 3, 6}));
    EXPECT_EQ(backbone.calls, 4) << "nine crops of each picture, eight at a time";
    EXPECT_TRUE(row_geometry(backbone, data) == (FeatureGeometry{3, 3, 6}));
    for (int row = 0; row < 3; ++row) {
        for (int column = 0; column < 3; ++column) {
            Picture crop{6, {}};
            for (int channel = 0; channel < 3; ++channel) {
                for (int y = 0; y < 6; ++y) {
                    const auto first =
                        picture.samples.begin() + (channel * 20 + row * 6 + y) * 20 + column * 6;
                    crop.samples.insert(crop.samples.end(), first, first + 6);
                }
            }
            EXPECT_TRUE(torch::allclose(
                rows[0][row][column], halves(slowly_resized(crop, 20))[0][0], 1e-5, 1e-6))
                << row << ", " << column;
        }
    }
    EXPECT_TRUE(torch::equal(extract_rows(backbone, data, {picture}, monitor)[0], rows[0]))
        << "crops of one picture do not depend on its neighbours";
}

TEST(PictureViewsTest, PatchesHaveNoScalesAndCropsFitIntoTheImage) {
    sweeps::DataConfig data;
    data.image_size = 20;
    const HalvesBackbone patches(4);
    EXPECT_TRUE(row_geometry(patches, data) == (FeatureGeometry{4, 4, 6}));
    data.scales = {10, 20};
    EXPECT_THROW(row_geometry(patches, data), sweeps::UsageError);
    data.scales = {10};
    EXPECT_TRUE(row_geometry(patches, data) == (FeatureGeometry{4, 4, 6}));
    data.crop_size = 21;
    EXPECT_THROW(row_geometry(HalvesBackbone(), data), sweeps::UsageError);
}

/// Wants to stop once the backbone has been called so often.
class StopAfterCalls : public WorkMonitor {
public:
    StopAfterCalls(const HalvesBackbone& backbone, int calls)
        : backbone_(backbone), calls_(calls) {}
    bool stop_requested() override { return backbone_.calls >= calls_; }

private:
    const HalvesBackbone& backbone_;
    int calls_;
};

TEST(PictureViewsTest, StopsBetweenTwoCallsOfTheBackbone) {
    sweeps::DataConfig data;
    data.image_size = 20;
    data.crop_size = 4;
    HalvesBackbone backbone;
    StopAfterCalls monitor(backbone, 2);
    EXPECT_THROW(extract_rows(backbone, data, {seeded_picture(20, 1)}, monitor), WorkStopped);
    EXPECT_EQ(backbone.calls, 2);
}

}  // namespace
}  // namespace harrow::worker
