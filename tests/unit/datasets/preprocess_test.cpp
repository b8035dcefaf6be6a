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
    const std::vector<float> planes = storage::preprocess_image({2, 2, 1, {255, 255, 255, 255}}, 2);
    ASSERT_EQ(planes.size(), 12U);
    EXPECT_FLOAT_EQ(planes[0], (1.0F - 0.485F) / 0.229F);
    EXPECT_FLOAT_EQ(planes[4], (1.0F - 0.456F) / 0.224F);
    EXPECT_FLOAT_EQ(planes[8], (1.0F - 0.406F) / 0.225F);
}

}  // namespace
}  // namespace harrow::tests
