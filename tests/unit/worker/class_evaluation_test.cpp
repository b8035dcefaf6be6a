#include "worker/class_evaluation.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace harrow::worker {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kImages = 10;

/// Image n has the value n everywhere; expert e gives it the score 100 e + n (+ drift).
class ScriptedMethod : public Method {
public:
    bool has_isolated_experts() const override { return isolated; }
    bool has_router() const override { return routed; }
    void begin_task(int /*task*/) override {}
    void train(const TaskData& /*data*/, const TrainingHooks& /*hooks*/) override {}
    void update_router(const TaskData& /*data*/,
                       const std::function<void()>& /*on_batch*/) override {}
    std::int64_t trained_parameters(int /*task*/) const override { return 0; }

    torch::Tensor score(const torch::Tensor& features, int expert) override {
        calls.push_back({expert, features[0][0][0][0].item<int>()});
        rows = features.size(0);
        return features.select(3, 0) + 100.0F * static_cast<float>(expert) + drift;
    }
    /// Sends the images of `strays` to the newest task, the others to task 0.
    torch::Tensor route_distances(const torch::Tensor& features) override {
        torch::Tensor distances = torch::ones({features.size(0), learned}, torch::kFloat64);
        for (std::int64_t i = 0; i < features.size(0); ++i) {
            const int image = features[i][0][0][0].item<int>();
            distances[i][std::count(strays.begin(), strays.end(), image) > 0 ? learned - 1 : 0] =
                0.5;
        }
        return distances;
    }

    StateTensors save_state() const override { return {}; }
    void load_state(const StateTensors& /*state*/) override {}

    struct Call {
        int expert, first_image;
        bool operator==(const Call& other) const {
            return expert == other.expert && first_image == other.first_image;
        }
    };
    bool isolated = true, routed = true;
    float drift = 0.0F;
    int learned = 1;
    std::vector<int> strays;
    std::vector<Call> calls;
    std::int64_t rows = 0;
};

class ClassEvaluationTest : public ::testing::Test {
protected:
    static EvaluationSet features() {
        EvaluationSet result;
        result.maps = result.images.rows = tensor_rows(torch::arange(kImages, torch::kFloat32)
                                                           .view({kImages, 1, 1, 1})
                                                           .expand({kImages, 2, 2, 4}));
        storage::FeatureInfo info;
        info.shape = {kImages, 2, 2, 4};
        info.images.resize(kImages, {"c/test/good/0.png", "digest"});
        result.images.info = std::make_shared<const storage::FeatureInfo>(info);
        return result;
    }
    void evaluate(int after_task) {
        method_.learned = after_task + 1;
        evaluation_.evaluate(method_, features_, after_task, monitor_);
    }

    EvaluationSet features_ = features();
    ScriptedMethod method_;
    WorkMonitor monitor_;
    ClassEvaluation evaluation_{"c", 0, 3, features_, std::vector<std::string>(kImages, "p")};
};

TEST_F(ClassEvaluationTest, ScoresEachImageOncePerIsolatedExpert) {
    evaluate(0);
    EXPECT_EQ(method_.calls, (std::vector<ScriptedMethod::Call>{{0, 0}, {0, 8}}));
    EXPECT_EQ(method_.rows, kBatchImages);
    method_.calls.clear();
    evaluate(1);
    EXPECT_TRUE(method_.calls.empty());
}

TEST_F(ClassEvaluationTest, RunsWholeBatchesThatHoldAWantedImage) {
    evaluate(0);
    method_.calls.clear();
    method_.strays = {9};
    evaluate(1);
    EXPECT_EQ(method_.calls, (std::vector<ScriptedMethod::Call>{{1, 8}}));
    EXPECT_EQ(method_.rows, kBatchImages);
    const storage::ClassScores scores = evaluation_.take();
    EXPECT_EQ(scores.num_maps(), kImages + 1);
    EXPECT_EQ(scores.routed_task[kImages + 9], 1);
    EXPECT_EQ(scores.routed_task[kImages + 8], 0);
    const auto map = static_cast<std::size_t>(scores.routed_map[kImages + 9]);
    EXPECT_EQ(scores.maps[map * 4], 109.0F);
    EXPECT_EQ(scores.routed_map[2 * kImages], -1);  // after task 2: not yet
}

TEST_F(ClassEvaluationTest, ScoresAnewAfterEachTaskWhenExpertsDrift) {
    method_.isolated = false;
    method_.routed = false;
    evaluate(0);
    method_.drift = 0.25F;
    evaluate(1);
    const storage::ClassScores scores = evaluation_.take();
    EXPECT_EQ(scores.num_maps(), 2 * kImages);
    for (std::size_t n = 0; n < static_cast<std::size_t>(kImages); ++n) {
        EXPECT_EQ(scores.maps[static_cast<std::size_t>(scores.oracle_map[n]) * 4],
                  static_cast<float>(n));
        EXPECT_EQ(scores.maps[static_cast<std::size_t>(scores.oracle_map[kImages + n]) * 4],
                  static_cast<float>(n) + 0.25F);
        EXPECT_EQ(scores.routed_map[kImages + n], scores.oracle_map[kImages + n]);
        EXPECT_TRUE(std::isnan(scores.distances[n * 3]));
    }
}

TEST_F(ClassEvaluationTest, NoticesThatAnIsolatedExpertChanged) {
    evaluate(0);
    EXPECT_TRUE(evaluation_.is_unchanged(method_, features_));
    method_.drift = 1e-3F;
    EXPECT_FALSE(evaluation_.is_unchanged(method_, features_));
}

TEST(NearestTaskTest, TiesGoToTheSmallerTaskAndNanIsNeverNearest) {
    const std::vector<double> ties = {2.0, 1.0, 1.0};
    EXPECT_EQ(nearest_task(ties.data(), 3), 1);
    EXPECT_EQ(nearest_task(ties.data(), 1), 0);
    const std::vector<double> broken = {kNan, 5.0, kNan};
    EXPECT_EQ(nearest_task(broken.data(), 3), 1);
    EXPECT_EQ(nearest_task(broken.data(), 1), 0);
}

}  // namespace
}  // namespace harrow::worker
