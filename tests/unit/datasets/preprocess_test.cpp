#include "storage/datasets/preprocess.hpp"

#include <gtest/gtest.h>

#include "tests/unit/datasets/picture_files.hpp"

namespace harrow::tests {
namespace {

using storage::Image;

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

TEST(PreprocessTest, ShorterSideDecidesAndTheLongerIsTruncated) {
    const Image wide{81, 60, 1, std::vector<std::uint8_t>(81 * 60)};
    EXPECT_EQ(storage::shorter_side_size(wide, 37).width, 49);  // 49.95
    EXPECT_EQ(storage::shorter_side_size(wide, 37).height, 37);
    const Image tall{60, 81, 1, std::vector<std::uint8_t>(81 * 60)};
    EXPECT_EQ(storage::shorter_side_size(tall, 37).height, 49);
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
    const std::vector<std::uint8_t> binary = storage::preprocess_mask(mask, 4);
    for (std::size_t i = 0; i < binary.size(); ++i) {
        EXPECT_EQ(binary[i], i == 5 ? 1 : 0) << i;
    }
}

TEST(PreprocessTest, GreyPicturesFillThreeChannels) {
    const std::vector<float> planes =
        storage::preprocess_image({2, 2, 1, {255, 255, 255, 255}}, {2});
    ASSERT_EQ(planes.size(), 12U);
    EXPECT_FLOAT_EQ(planes[0], (1.0F - 0.485F) / 0.229F);
    EXPECT_FLOAT_EQ(planes[4], (1.0F - 0.456F) / 0.224F);
    EXPECT_FLOAT_EQ(planes[8], (1.0F - 0.406F) / 0.225F);
}

}  // namespace
}  // namespace harrow::tests
