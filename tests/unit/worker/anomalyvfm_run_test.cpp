// AnomalyVFM over whole sequences: what is stored of it, and what comes of a stop.
#include <algorithm>
#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/worker/image_run_fixture.hpp"

namespace harrow::worker {
namespace {

class AnomalyVfmRunTest : public ImageRunTest {
protected:
    void use(const std::string& version, const std::string& maps, const std::string& router) {
        sweeps::TrialConfig config;
        config.method = "anomalyvfm";
        config.train.num_epochs = 2;
        config.train.batch_size = 4;
        config.train.confidence_weight = maps == "patches" ? 0.5 : 0;
        config.model.version = version;
        config.model.maps = maps;
        config.model.lora_rank = 2;
        config.model.head_hidden = {4};
        config.router.distance = router;
        config.data.image_size = 128;
        config.synthetic.texture = {2};
        config.synthetic.structural = {2};
        config.synthetic.contextual = {1};
        config.synthetic.texture_side = config.synthetic.contextual_side = {10, 20};
        make_ = [config] { return make_method(config, {1, 1, kDrawnChannels}, 7, torch::kCPU); };
    }
};

TEST_F(AnomalyVfmRunTest, AStopBetweenAnyTwoBatchesChangesNoBit) {
    use("1.1", "patches", "mahalanobis");
    expect_stops_change_nothing(0, 5);
    draw(false);
    use("1.4", "none", "none");
    expect_stops_change_nothing(1, 7);
}

TEST_F(AnomalyVfmRunTest, EveryImageHasAFiniteScoreAndMapsOnlyWhereTheyAreWanted) {
    for (const bool with_maps : {true, false}) {
        draw(with_maps);
        use("1.1", with_maps ? "patches" : "none", "none");
        const storage::PatchScores scores = run();
        EXPECT_FALSE(scores.has_router);
        for (const auto* classes :
             {&scores.classes, &scores.validation, &scores.validation_split}) {
            ASSERT_EQ(classes->size(), 3U);
            for (const storage::ClassScores& one : *classes) {
                ASSERT_EQ(static_cast<std::int64_t>(one.image_scores.size()), one.images);
                for (const double score : one.image_scores) {
                    EXPECT_TRUE(std::isfinite(score)) << one.class_name;
                }
                const auto [least, most] =
                    std::minmax_element(one.image_scores.begin(), one.image_scores.end());
                EXPECT_GT(*most - *least, 1e-3 * std::abs(*most)) << one.class_name;
                EXPECT_EQ(one.height, with_maps ? 2 : 0);
                EXPECT_EQ(one.maps.size(), with_maps ? 4U * one.image_scores.size() : 0U);
            }
        }
    }
}

}  // namespace
}  // namespace harrow::worker
