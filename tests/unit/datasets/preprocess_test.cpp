#include "storage/datasets/preprocess.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "tests/unit/datasets/picture_files.hpp"

namespace harrow::tests {
namespace {

using storage::Image;
using storage::Resize;

TEST(PreprocessTest, ResizingToTheSameSizeChangesNothing) {
    const Image picture = make_picture(23, 31, 3);
    EXPECT_EQ(storage::resize_lanczos(picture, 23, 31).pixels, picture.pixels);
    EXPECT_EQ(storage::resize_nearest(picture, 23, 31).pixels, picture.pixels);
}

TEST(PreprocessTest, LanczosClipsItsOvershoot) {
    Image step{8, 1, 1, {0, 0, 0, 0, 255, 255, 255, 255}};
    const Image wide = storage::resize_lanczos(step, 16, 1);
    EXPECT_EQ(wide.pixels.front(), 0);
    EXPECT_EQ(wide.pixels.back(), 255);
    for (std::size_t i = 0; i < 16; ++i) {  // ringing never wraps around
        EXPECT_EQ(wide.pixels[i] > 127, i >= 8) << i;
    }
}

// Image.resize of Pillow 9.4.0 with LANCZOS.
TEST(PreprocessTest, LanczosGivesPillowsBytes) {
    const Image picture{7, 5, 1, {168, 229, 184, 171, 238, 171, 20, 206, 245, 153, 204, 5,
                                  37,  53,  213, 206, 192, 173, 6,  120, 63,  96,  236, 131,
                                  118, 4,   87,  161, 124, 71,  42, 73,  237, 16,  194}};
    const std::vector<std::uint8_t> smaller = {
        209, 192, 156, 63, 207, 197, 45, 77, 122, 94, 101, 127};
    EXPECT_EQ(storage::resize_lanczos(picture, 4, 3).pixels, smaller);
    const std::vector<std::uint8_t> larger = {
        161, 210, 222, 173, 169, 236, 243, 113, 10,  187, 237, 206, 160, 197, 91,  52,  60,  45,
        230, 224, 190, 189, 194, 15,  15,  82,  49,  159, 212, 221, 182, 152, 0,   52,  138, 92,
        83,  170, 170, 91,  102, 75,  42,  105, 186, 131, 89,  42,  33,  72,  247, 109, 47,  211};
    EXPECT_EQ(storage::resize_lanczos(picture, 9, 6).pixels, larger);
}

/// The definition, in floating point: mean of the samples under a triangle around the target's
/// centre, as wide as a target pixel. One pass; `at(i)` is the i-th sample.
double slow_bilinear(int source, int target, int i, const std::function<double(int)>& at) {
    const double scale = static_cast<double>(source) / target;
    const double radius = std::max(scale, 1.0);
    const double center = (i + 0.5) * scale - 0.5;
    double sum = 0;
    double weights = 0;
    for (int k = 0; k < source; ++k) {
        const double weight = std::max(0.0, 1.0 - std::abs(k - center) / radius);
        sum += weight * at(k);
        weights += weight;
    }
    return sum / weights;
}

TEST(PreprocessTest, BilinearAgreesWithItsDefinition) {
    const int sizes[][4] = {
        {31, 17, 8, 8}, {31, 17, 40, 5}, {9, 50, 20, 50}, {1, 1, 3, 3}, {64, 48, 37, 37}};
    for (const auto& [width, height, to_width, to_height] : sizes) {
        const Image picture = make_picture(width, height, 3);
        const Image resized = storage::resize_bilinear(picture, to_width, to_height);
        ASSERT_EQ(resized.pixels.size(), 3U * to_width * to_height);
        for (int i = 0; i < 3 * to_width * to_height; ++i) {
            const int c = i % 3;
            const int x = i / 3 % to_width;
            const int y = i / 3 / to_width;
            const double expected = slow_bilinear(height, to_height, y, [&](int row) {
                return slow_bilinear(width, to_width, x, [&](int column) {
                    return picture.pixels[3 * (row * width + column) + c];
                });
            });
            EXPECT_NEAR(resized.pixels[i], expected, 1.01) << width << " " << i;  // two roundings
        }
    }
}

// Image.resize of Pillow 9.4.0 with BILINEAR, of the picture of LanczosGivesPillowsBytes.
TEST(PreprocessTest, BilinearGivesPillowsBytes) {
    const Image picture{7, 5, 1, {168, 229, 184, 171, 238, 171, 20, 206, 245, 153, 204, 5,
                                  37,  53,  213, 206, 192, 173, 6,  120, 63,  96,  236, 131,
                                  118, 4,   87,  161, 124, 71,  42, 73,  237, 16,  194}};
    EXPECT_EQ(storage::resize_bilinear(picture, 4, 3).pixels,
              std::vector<std::uint8_t>({206, 188, 146, 73, 200, 179, 69, 84, 123, 95, 107, 121}));
    EXPECT_EQ(storage::resize_bilinear(picture, 9, 6).pixels,
              std::vector<std::uint8_t>({168, 209, 209, 181, 171, 223, 201, 121, 20,  197, 226,
                                         205, 168, 196, 93,  68,  62,  45,  210, 218, 202, 178,
                                         186, 46,  50,  76,  59,  164, 200, 195, 163, 150, 37,
                                         61,  106, 104, 103, 164, 156, 108, 107, 72,  66,  103,
                                         169, 124, 89,  58,  49,  73,  201, 114, 75,  194}));
}

TEST(PreprocessTest, SquareIgnoresTheAspectRatio) {
    const Image wide = make_picture(40, 10, 3);
    EXPECT_EQ(storage::square_image(wide, 16, Resize::Square).pixels,
              storage::resize_bilinear(wide, 16, 16).pixels);
    EXPECT_NE(storage::square_image(wide, 16, Resize::Square).pixels,
              storage::square_image(wide, 16, Resize::ShorterSide).pixels);
    Image mask{40, 10, 1, std::vector<std::uint8_t>(400, 0)};
    mask.pixels[0] = 9;  // the corner, which the central square leaves out
    const auto count = [&mask](Resize resize) {
        const std::vector<std::uint8_t> binary = storage::preprocess_mask(mask, 80, resize);
        return std::count(binary.begin(), binary.end(), 1);
    };
    EXPECT_EQ(count(Resize::Square), 2 * 8);
    EXPECT_EQ(count(Resize::ShorterSide), 0);
}

TEST(PreprocessTest, NormalisedPlanesFollowTheResize) {
    const Image wide = make_picture(40, 10, 3);
    for (const Resize resize : {Resize::ShorterSide, Resize::Square}) {
        const std::vector<float> planes =
            storage::preprocess_image(wide, {8, {{0, 0, 0}, {1, 1, 1}}, resize});
        const Image square = storage::square_image(wide, 8, resize);
        ASSERT_EQ(planes.size(), square.pixels.size());
        for (std::size_t i = 0; i < 64; ++i) {
            EXPECT_FLOAT_EQ(planes[64 + i], square.pixels[3 * i + 1] / 255.0F);
        }
    }
}

TEST(PreprocessTest, ResizesHaveTheParametersNames) {
    EXPECT_EQ(storage::resize_named("shorter_side"), Resize::ShorterSide);
    EXPECT_EQ(storage::resize_named("square"), Resize::Square);
    EXPECT_THROW(storage::resize_named("squared"), std::invalid_argument);
}

TEST(PreprocessTest, ShorterSideDecidesAndTheLongerIsTruncated) {
    const Image wide{81, 60, 1, std::vector<std::uint8_t>(81 * 60)};
    EXPECT_EQ(storage::shorter_side_size(wide, 37).width, 49);  // 49.95
    EXPECT_EQ(storage::shorter_side_size(wide, 37).height, 37);
    const Image tall{60, 81, 1, std::vector<std::uint8_t>(81 * 60)};
    EXPECT_EQ(storage::shorter_side_size(tall, 37).height, 49);
    const storage::Image thin{1, 1 << 20, 1, {}};
    EXPECT_THROW(storage::shorter_side_size(thin, 4096), std::invalid_argument) << "beyond int";
}

TEST(PreprocessTest, CropCornerRoundsHalfToEven) {
    Image row{7, 7, 1, std::vector<std::uint8_t>(49)};
    for (int i = 0; i < 49; ++i) {
        row.pixels[i] = static_cast<std::uint8_t>(i % 7);
    }
    EXPECT_EQ(storage::center_crop(row, 6).pixels[0], 0);  // 0.5 to 0
    EXPECT_EQ(storage::center_crop(row, 4).pixels[0], 2);  // 1.5 to 2
    EXPECT_EQ(storage::center_crop(row, 2).pixels[0], 2);  // 2.5 to 2
    EXPECT_THROW(storage::center_crop(row, 8), std::invalid_argument);
}

TEST(PreprocessTest, AnyNonZeroMaskSampleIsDefect) {
    Image mask{4, 4, 3, std::vector<std::uint8_t>(48, 0)};
    mask.pixels[3 * 5 + 2] = 1;  // blue of pixel (1, 1)
    const std::vector<std::uint8_t> binary = storage::preprocess_mask(mask, 4, Resize::ShorterSide);
    for (std::size_t i = 0; i < binary.size(); ++i) {
        EXPECT_EQ(binary[i], i == 5 ? 1 : 0) << i;
    }
}

TEST(PreprocessTest, GreyPicturesFillThreeChannels) {
    const std::vector<float> planes = storage::preprocess_image(
        {2, 2, 1, {255, 255, 255, 255}}, {2, storage::kImageNet, Resize::ShorterSide});
    ASSERT_EQ(planes.size(), 12U);
    EXPECT_FLOAT_EQ(planes[0], (1.0F - 0.485F) / 0.229F);
    EXPECT_FLOAT_EQ(planes[4], (1.0F - 0.456F) / 0.224F);
    EXPECT_FLOAT_EQ(planes[8], (1.0F - 0.406F) / 0.225F);
}

}  // namespace
}  // namespace harrow::tests
