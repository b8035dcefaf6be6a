#include "analysis/continual.hpp"

#include <stdexcept>

#include <gtest/gtest.h>

namespace harrow::analysis {
namespace {

TEST(ContinualTest, ThreeTasks) {
    const auto metrics =
        continual_metrics({{{.9, .5, .5}, {.8, .95, .5}, {.7, .9, .85}}, {0, 1, 2}});
    EXPECT_NEAR(metrics.acc, 0.81667, 5e-6);
    EXPECT_NEAR(metrics.aia, 0.86389, 5e-6);
    EXPECT_NEAR(metrics.la, 0.9, 1e-12);
    EXPECT_NEAR(metrics.bwt.value(), -0.125, 1e-12);
    EXPECT_NEAR(metrics.fm.value(), 0.125, 1e-12);
}

TEST(ContinualTest, ForgettingIsMeasuredFromTheBestAndNotFromTheFirstScore) {
    const auto metrics = continual_metrics({{{.6, 0}, {.9, .5}, {.7, .5}}, {0, 1}});
    EXPECT_NEAR(metrics.fm.value(), ((.9 - .7) + 0) / 2, 1e-12);
    EXPECT_NEAR(metrics.bwt.value(), ((.7 - .6) + 0) / 2, 1e-12);
}

TEST(ContinualTest, TheLastRowIsNoCandidateForTheBest) {
    const auto metrics = continual_metrics({{{.6, 0}, {.9, .5}}, {0, 1}});
    EXPECT_NEAR(metrics.fm.value(), -0.3, 1e-12);  // backward transfer
}

TEST(ContinualTest, ClassesOfOneTaskWeighSeparately) {
    // Task 0 brings two classes, task 1 one.
    const auto metrics = continual_metrics({{{.8, .6, -1}, {.4, .6, .9}}, {0, 0, 1}});
    EXPECT_NEAR(metrics.acc, (.4 + .6 + .9) / 3, 1e-12);
    EXPECT_NEAR(metrics.aia, (.7 + (.4 + .6 + .9) / 3) / 2, 1e-12);
    EXPECT_NEAR(metrics.la, (.8 + .6 + .9) / 3, 1e-12);
    EXPECT_NEAR(metrics.bwt.value(), -.2, 1e-12);
}

TEST(ContinualTest, OneTaskHasNoTransfer) {
    const auto metrics = continual_metrics({{{.8}}, {0}});
    EXPECT_EQ(metrics.acc, .8);
    EXPECT_FALSE(metrics.bwt || metrics.fm);
}

TEST(ContinualTest, RefusesWhatIsNoMatrix) {
    EXPECT_THROW(continual_metrics({{}, {}}), std::invalid_argument);
    EXPECT_THROW(continual_metrics({{{.5}, {.5, .5}}, {0, 1}}), std::invalid_argument);
    EXPECT_THROW(continual_metrics({{{.5}}, {1}}), std::invalid_argument);
}

}  // namespace
}  // namespace harrow::analysis
