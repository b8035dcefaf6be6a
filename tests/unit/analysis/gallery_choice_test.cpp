#include "analysis/gallery_choice.hpp"

#include <limits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace harrow::analysis {
namespace {

ScoredImage image(bool is_defective, double score, int expert = 0) {
    return {"", is_defective, score, score, 0, expert, 0};
}

/// Good: 1, 5, 3; defective: 4, 2, 9.
std::vector<ScoredImage> six() {
    std::vector<ScoredImage> images = {image(false, 1),
                                       image(false, 5),
                                       image(false, 3, 1),
                                       image(true, 4),
                                       image(true, 2, 2),
                                       image(true, 9)};
    rate_mistakes(images);
    return images;
}

std::vector<std::size_t> picked(const std::vector<ScoredClass>& classes,
                                GalleryKind kind,
                                std::size_t count = 9) {
    std::vector<std::size_t> images;
    for (const ChosenImage& chosen : choose_images(classes, kind, count)) {
        images.push_back(chosen.class_index * 10 + chosen.image);
    }
    return images;
}

using Indices = std::vector<std::size_t>;

TEST(GalleryChoiceTest, MistakesCountImagesOfTheOtherKindOnTheWrongSide) {
    const std::vector<ScoredImage> images = six();
    EXPECT_DOUBLE_EQ(images[0].mistake, 0);
    EXPECT_DOUBLE_EQ(images[1].mistake, 2.0 / 3);  // above 4 and 2
    EXPECT_DOUBLE_EQ(images[2].mistake, 1.0 / 3);
    EXPECT_DOUBLE_EQ(images[3].mistake, 1.0 / 3);
    EXPECT_DOUBLE_EQ(images[4].mistake, 2.0 / 3);
    EXPECT_DOUBLE_EQ(images[5].mistake, 0);
    std::vector<ScoredImage> ties = {image(false, 1), image(true, 1)};
    rate_mistakes(ties);
    EXPECT_DOUBLE_EQ(ties[0].mistake + ties[1].mistake, 0);
    std::vector<ScoredImage> alone = {image(false, std::numeric_limits<double>::quiet_NaN())};
    rate_mistakes(alone);
    EXPECT_DOUBLE_EQ(alone[0].mistake, 0);
}

TEST(GalleryChoiceTest, WorstBestAndMisrouted) {
    const std::vector<ScoredClass> classes = {{"a", six()}};
    EXPECT_EQ(picked(classes, GalleryKind::Worst, 3), (Indices{4, 1, 3}));
    EXPECT_EQ(picked(classes, GalleryKind::Best, 3), (Indices{5, 0, 3}));
    EXPECT_EQ(picked(classes, GalleryKind::Misrouted), (Indices{4, 2}));
    EXPECT_TRUE(picked({}, GalleryKind::Worst).empty());
}

TEST(GalleryChoiceTest, ClassesTakeTurns) {
    const std::vector<ScoredClass> classes = {{"a", six()}, {"b", {image(true, 1)}}, {"c", six()}};
    EXPECT_EQ(picked(classes, GalleryKind::Worst, 5), (Indices{4, 10, 24, 1, 21}));
    EXPECT_EQ(picked(classes, GalleryKind::Misrouted), (Indices{4, 24, 2, 22}));
}

TEST(GalleryChoiceTest, OneExtremePatchDoesNotSpoilTheScale) {
    std::vector<float> scores;
    for (int i = 1; i <= 2000; ++i) {
        scores.push_back(static_cast<float>(i));
    }
    scores.push_back(1e9F);
    scores.push_back(std::numeric_limits<float>::quiet_NaN());
    const ValueRange range = robust_range(scores);
    EXPECT_FLOAT_EQ(range.low, 21);
    EXPECT_FLOAT_EQ(range.high, 1999);
    EXPECT_FLOAT_EQ(robust_range({5}).high, 5);
    EXPECT_FLOAT_EQ(robust_range({}).high, 1);
}

}  // namespace
}  // namespace harrow::analysis
