#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "storage/datasets/preprocess.hpp"
#include "tests/support/golden_file.hpp"

namespace harrow::tests {
namespace {

// What the file's tolerance on the normalised tensor means for bytes.
constexpr double kGreyLevel = 1;

std::vector<std::uint8_t> to_bytes(const std::vector<float>& values) {
    return {values.begin(), values.end()};
}

/// A stored picture [H, W] or [H, W, C].
storage::Image to_image(const GoldenArray& array) {
    storage::Image image;
    image.height = static_cast<int>(array.shape.at(0));
    image.width = static_cast<int>(array.shape.at(1));
    image.channels = array.shape.size() == 3 ? static_cast<int>(array.shape[2]) : 1;
    image.pixels = to_bytes(array.values);
    return image;
}

std::vector<float> to_floats(const std::vector<std::uint8_t>& bytes) {
    return {bytes.begin(), bytes.end()};
}

TEST(ImagePreprocessGolden, AgreesWithTheReferenceInEveryGroup) {
    const GoldenFile file("image_preprocess.h5");
    const std::vector<std::string> groups = file.groups();
    ASSERT_FALSE(groups.empty()) << file.path() << " holds no groups";
    for (const std::string& group : groups) {
        SCOPED_TRACE(group);
        const storage::Image image = to_image(file.read(group + "/image_hwc_u8"));
        const GoldenArray resized = file.read(group + "/resized_hwc_u8");
        const GoldenArray tensor = file.read(group + "/tensor_chw");
        const int size = static_cast<int>(tensor.shape.at(1));

        const storage::ImageSize target = storage::shorter_side_size(image, size);
        ASSERT_EQ(target.height, resized.shape.at(0));
        ASSERT_EQ(target.width, resized.shape.at(1));
        expect_close(to_floats(storage::resize_lanczos(image, target.width, target.height).pixels),
                     resized.values,
                     file.rtol(),
                     kGreyLevel,
                     "resized");
        expect_close(storage::preprocess_image(image, {size}),
                     tensor.values,
                     file.rtol(),
                     file.atol(),
                     "tensor");

        const storage::Image mask = to_image(file.read(group + "/mask_hw_u8"));
        const GoldenArray mask_tensor = file.read(group + "/mask_tensor");
        expect_close(to_floats(storage::preprocess_mask(mask, size, storage::Resize::ShorterSide)),
                     mask_tensor.values,
                     file.rtol(),
                     file.atol(),
                     "mask");
    }
}

}  // namespace
}  // namespace harrow::tests
