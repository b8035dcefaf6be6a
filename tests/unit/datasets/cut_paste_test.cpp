#include "storage/datasets/cut_paste.hpp"

#include <algorithm>
#include <stdexcept>

#include <gtest/gtest.h>

#include "sweeps/random.hpp"

namespace harrow::storage {
namespace {

constexpr int kSide = 64;

Image noise(int channels) {
    sweeps::RandomStream random(1);
    Image image{kSide, kSide, channels, {}};
    for (int i = 0; i < kSide * kSide * channels; ++i) {
        image.pixels.push_back(static_cast<std::uint8_t>(40 + random.below(200)));
    }
    return image;
}

TEST(CutPasteTest, ChangesTheMaskedPixelsAndNoOthers) {
    for (const int channels : {1, 3}) {
        for (int number = 0; number < 50; ++number) {
            const std::string name = "good/" + std::to_string(number) + ".png";
            const Image before = noise(channels);
            Image after = before;
            cut_paste(after, name);
            const std::vector<std::uint8_t> mask = cut_paste_mask(name, kSide, kSide);
            int inside = 0, changed = 0;
            for (int pixel = 0; pixel < kSide * kSide; ++pixel) {
                const auto first = static_cast<std::size_t>(pixel * channels);
                const bool differs = !std::equal(before.pixels.begin() + first,
                                                 before.pixels.begin() + first + channels,
                                                 after.pixels.begin() + first);
                ASSERT_TRUE(!differs || mask[static_cast<std::size_t>(pixel)] == 1) << name;
                inside += mask[static_cast<std::size_t>(pixel)];
                changed += differs ? 1 : 0;
            }
            EXPECT_GT(changed, inside / 2) << name;
            const double share = static_cast<double>(inside) / (kSide * kSide);
            EXPECT_GE(share, 0.017) << name;
            EXPECT_LE(share, 0.16) << name;
        }
    }
}

TEST(CutPasteTest, TheNameDecidesAll) {
    Image one = noise(3), same = noise(3), other = noise(3);
    cut_paste(one, "a.png");
    cut_paste(same, "a.png");
    cut_paste(other, "b.png");
    EXPECT_EQ(one.pixels, same.pixels);
    EXPECT_NE(one.pixels, other.pixels);
}

TEST(CutPasteTest, MasksOfAnotherSizeShowTheSameRectangle) {
    const std::vector<std::uint8_t> fine = cut_paste_mask("a.png", kSide, kSide);
    const std::vector<std::uint8_t> coarse = cut_paste_mask("a.png", kSide, kSide / 2);
    for (int y = 0; y < kSide / 2; ++y) {
        for (int x = 0; x < kSide / 2; ++x) {
            EXPECT_EQ(coarse[static_cast<std::size_t>(y * kSide / 2 + x)],
                      fine[static_cast<std::size_t>((2 * y + 1) * kSide + 2 * x + 1)]);
        }
    }
}

TEST(CutPasteTest, PicturesThatAreNotSquareAreRefused) {
    Image image{4, 2, 3, std::vector<std::uint8_t>(24)};
    EXPECT_THROW(cut_paste(image, "a.png"), std::invalid_argument);
}

}  // namespace
}  // namespace harrow::storage
