#include "coordinator/cost_model.hpp"

#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "coordinator/run_estimates.hpp"

namespace harrow::coordinator {
namespace {

struct Example {
    WorkSize size;
    double planned = 0, seconds = 0;
};

// A machine five times slower than the plan thinks, on which depth costs less than proportionally,
// with 5 % noise; now and then a unit takes three times as long.
std::vector<Example> examples(std::size_t count, std::uint32_t seed) {
    std::mt19937 random(seed);
    std::normal_distribution<double> noise(0.0, 0.05);
    std::vector<Example> result;
    for (std::size_t index = 0; index < count; ++index) {
        Example example;
        example.size.kind = index % 5 == 0 ? WorkSize::Kind::Extraction : WorkSize::Kind::Training;
        example.size.images = static_cast<float>(100 + random() % 4000);
        example.size.epochs = static_cast<float>(1 + random() % 60);
        example.size.tasks = static_cast<float>(1 + random() % 15);
        example.size.depth = static_cast<float>(1 + random() % 20);
        const WorkSize& size = example.size;
        if (size.kind == WorkSize::Kind::Extraction) {
            example.planned = 0.02 * size.images;
            example.seconds = 0.3 * example.planned;
        } else {
            example.planned = 4e-4 * size.images * size.epochs * size.depth;
            example.seconds = 5 * example.planned * std::pow(size.depth, -0.3);
        }
        example.seconds *= std::exp(noise(random)) * (random() % 40 == 0 ? 3.0 : 1.0);
        result.push_back(example);
    }
    return result;
}

double mean_error(const CostModel& model, const std::vector<Example>& cases) {
    double sum = 0;
    for (const Example& example : cases) {
        sum += std::abs(std::log(model.expected(example.size, example.planned) / example.seconds));
    }
    return sum / static_cast<double>(cases.size());
}

TEST(CostModelTest, StartsFromThePlan) {
    const CostModel model;
    EXPECT_DOUBLE_EQ(model.expected({}, 12.5), 12.5);
    EXPECT_GT(model.model_spread({}), 1.0);
}

TEST(CostModelTest, LearnsTheMachineAndBeatsThePlan) {
    const std::vector<Example> seen = examples(300, 1);
    const std::vector<Example> held_out = examples(200, 2);
    CostModel model;
    const double before = mean_error(model, held_out);
    for (const Example& example : seen) {
        model.observe(example.size, example.planned, example.seconds);
    }
    const double after = mean_error(model, held_out);
    EXPECT_LT(after, 0.15);
    EXPECT_LT(after, before / 5);
    EXPECT_LT(model.unit_spread(), 0.2);
    EXPECT_LT(model.model_spread(seen[1].size), 0.2);
}

TEST(CostModelTest, AFewUnitsTellMostOfIt) {
    const std::vector<Example> seen = examples(10, 3);
    const std::vector<Example> held_out = examples(200, 4);
    CostModel model;
    const double before = mean_error(model, held_out);
    for (const Example& example : seen) {
        model.observe(example.size, example.planned, example.seconds);
    }
    EXPECT_LT(mean_error(model, held_out), before / 2);
}

TEST(CostModelTest, KindsAreLearnedApart) {
    CostModel model;
    WorkSize extraction;
    extraction.kind = WorkSize::Kind::Extraction;
    for (int round = 0; round < 20; ++round) {
        model.observe({}, 1.0, 10.0);
    }
    EXPECT_NEAR(model.expected({}, 1.0), 10.0, 1.0);
    EXPECT_DOUBLE_EQ(model.expected(extraction, 1.0), 1.0);
}

TEST(CostModelTest, IgnoresWhatIsNoDuration) {
    CostModel model;
    for (const double seconds : {0.0, -1.0, static_cast<double>(NAN), static_cast<double>(INFINITY)}) {
        model.observe({}, 1.0, seconds);
    }
    EXPECT_EQ(model.observations(), 0U);
}

TEST(ForecastTest, TheIntervalHoldsTheForecastAndNarrowsWithKnowledge) {
    const Forecast vague = forecast_end(3600, 60, 100, 4, 0.5, 1.0);
    const Forecast sure = forecast_end(3600, 60, 100, 4, 0.1, 0.02);
    EXPECT_LT(vague.low, vague.seconds);
    EXPECT_GT(vague.high, vague.seconds);
    EXPECT_LT(sure.high / sure.low, 1.2);
    EXPECT_GT(vague.high / vague.low, 5);
    EXPECT_NEAR(sure.seconds, 900, 30);
    EXPECT_DOUBLE_EQ(forecast_end(100, 80, 3, 50, 0.1, 0.1).seconds, 80);
    EXPECT_DOUBLE_EQ(forecast_end(0, 0, 0, 4, 0.1, 0.1).seconds, 0);
}

TEST(RunEstimatesTest, ForecastHoldsWhatWillBeNineTimesInTen) {
    std::mt19937 random(11);
    std::normal_distribution<double> noise(0.0, 0.2);
    int held = 0;
    constexpr int kRounds = 100;
    for (int round = 0; round < kRounds; ++round) {
        RunPlan plan;
        plan.units.resize(60);
        const double machine = std::exp(std::normal_distribution<double>(0, 1)(random));
        std::vector<double> truth;
        for (RunUnit& unit : plan.units) {
            unit.expected_cost = 1.0 + static_cast<double>(random() % 10);
            truth.push_back(unit.expected_cost * machine * std::exp(noise(random)));
        }
        RunEstimates estimates(plan);
        double left = 0;
        for (std::size_t unit = 0; unit < 60; ++unit) {
            if (unit < 20) {
                estimates.finished(unit, truth[unit]);
            } else {
                left += truth[unit];
            }
        }
        estimates.refresh(10.0);
        const Forecast forecast = estimates.forecast(0.0, 1);
        held += forecast.low <= left && left <= forecast.high ? 1 : 0;
    }
    EXPECT_GE(held, 85);
}

TEST(RunEstimatesTest, RefreshSpeaksOnlyWhenSomethingMoved) {
    RunPlan plan;
    plan.units.resize(10);
    RunEstimates estimates(plan);
    EXPECT_FALSE(estimates.refresh(100.0));
    estimates.finished(0, 5.0);
    const auto moved = estimates.refresh(200.0);
    ASSERT_TRUE(moved);
    EXPECT_NEAR((*moved)[9], 5.0, 0.5);
    estimates.finished(1, 5.0);
    EXPECT_FALSE(estimates.refresh(201.0));  // too soon
    EXPECT_FALSE(estimates.refresh(300.0));  // nothing new
    EXPECT_NEAR(estimates.left_s(), 8 * 5.0, 4.0);
    estimates.revived(1);
    EXPECT_NEAR(estimates.left_s(), 9 * 5.0, 5.0);
}

}  // namespace
}  // namespace harrow::coordinator
