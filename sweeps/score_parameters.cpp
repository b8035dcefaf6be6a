#include "sweeps/parameter_row.hpp"

namespace harrow::sweeps {
namespace {

using Table = std::vector<Parameter>;
using Config = TrialConfig;

void add_aggregation_rows(Table& table) {
    constexpr auto kScore = &Config::score;
    constexpr Stage kStage = Stage::Scoring;
    constexpr auto clusters = [](const Config& c) {
        return c.score.aggregation == "spatial_cluster";
    };
    table.push_back(
        row<kScore, &ScoreConfig::aggregation>("score.aggregation", kStage)
            .choices({"percentile", "top_k", "top_k_percent", "max", "mean", "spatial_cluster"})
            .aliases({"score_aggregation_mode", "aggregation_mode"})
            .methods(kFlowsAndRehearsal)
            .help("How patch scores become the image's score")
            .source("MoLE-Flow A14"));
    table.push_back(row<kScore, &ScoreConfig::top_k>("score.top_k", kStage)
                        .at_least(1)
                        .at_most(1000000)
                        .unit("patches")
                        .aliases({"score_aggregation_top_k", "aggregation_top_k"})
                        .when([](const Config& c) { return c.score.aggregation == "top_k"; })
                        .methods(kFlowsAndRehearsal)
                        .help("Number of highest patches averaged")
                        .source("MoLE-Flow A14"));
    table.push_back(row<kScore, &ScoreConfig::percentile>("score.percentile", kStage)
                        .at_least(0)
                        .at_most(1)
                        .aliases({"score_aggregation_percentile", "aggregation_percentile"})
                        .when([](const Config& c) { return c.score.aggregation == "percentile"; })
                        .methods(kFlowsAndRehearsal)
                        .help("Quantile of the patches, as a fraction")
                        .source("MoLE-Flow A14"));
    table.push_back(
        row<kScore, &ScoreConfig::top_k_percent>("score.top_k_percent", kStage)
            .above(0)
            .at_most(1)
            .aliases({"score_aggregation_top_k_percent", "aggregation_top_k_percent"})
            .when([](const Config& c) { return c.score.aggregation == "top_k_percent"; })
            .methods(kFlowsAndRehearsal)
            .help("Share of highest patches averaged, at least one")
            .source("MoLE-Flow A14"));
    table.push_back(row<kScore, &ScoreConfig::cluster_weight>("score.cluster_weight", kStage)
                        .at_least(0)
                        .at_most(1)
                        .when(clusters)
                        .methods(kFlowsAndRehearsal)
                        .help("Weight of the scores that neighbours reinforce")
                        .source("MoLE-Flow A14"));
    table.push_back(row<kScore, &ScoreConfig::cluster_high_score_percentile>(
                        "score.cluster_high_score_percentile", kStage)
                        .at_least(0)
                        .at_most(1)
                        .when(clusters)
                        .methods(kFlowsAndRehearsal)
                        .help("Quantile above which a patch counts as a high neighbour")
                        .source("MoLE-Flow A14"));
    table.push_back(
        row<kScore, &ScoreConfig::cluster_top_k_ratio>("score.cluster_top_k_ratio", kStage)
            .above(0)
            .at_most(1)
            .when(clusters)
            .methods(kFlowsAndRehearsal)
            .help("Share of highest patches averaged, at least one")
            .source("MoLE-Flow A14; the reference reads tail_top_k_ratio"));
}

void add_map_rows(Table& table) {
    constexpr auto kScore = &Config::score;
    constexpr Stage kStage = Stage::Scoring;
    table.push_back(
        row<kScore, &ScoreConfig::map_size>("score.map_size", kStage)
            .at_least(8)
            .at_most(4096)
            .unit("pixels")
            .help("Side of the map that is compared with the mask, whatever the image's")
            .source("MoLE-Flow A14"));
    table.push_back(row<kScore, &ScoreConfig::smoothing_sigma>("score.smoothing_sigma", kStage)
                        .at_least(0)
                        .at_most(1000)
                        .unit("pixels of the map")
                        .help("Standard deviation of the Gaussian over the map; 0: none")
                        .source("MoLE-Flow A14"));
    table.push_back(
        row<kScore, &ScoreConfig::aupro_limit>("score.aupro_limit", kStage)
            .above(0)
            .at_most(1)
            .help("False positive rate up to which aupro is integrated: 0.3 for MVTec AD and VisA, "
                  "0.05 for MVTec AD 2")
            .source("MVTec AD's evaluation code"));
    table.push_back(row<kScore, &ScoreConfig::nan_compat>("score.nan_compat", kStage)
                        .help("Map values NaN, +inf and -inf count as 0, 1 and 0, as in the "
                              "reference; off: they fail the trial")
                        .source("MoLE-Flow A14"));
}

void add_threshold_rows(Table& table) {
    constexpr auto kScore = &Config::score;
    constexpr Stage kStage = Stage::Scoring;
    constexpr auto is_compat = [](const Config& c) { return c.score.aucpro_compat; };
    table.push_back(
        row<kScore, &ScoreConfig::threshold_deviations>("score.threshold_deviations", kStage)
            .at_least(0)
            .at_most(1000)
            .unit("standard deviations")
            .help("What is this far above the mean score of validation images counts as defect in "
                  "segf1_local and classf1_local")
            .source("MVTec AD 2's threshold rule"));
    table.push_back(
        row<kScore, &ScoreConfig::aucpro_compat>("score.aucpro_compat", kStage)
            .help("Also the reference's AUC-PRO, metric aucpro_compat: over all false positive "
                  "rates, without normal images, regions averaged per image")
            .source("AnomalyVFM B3"));
    table.push_back(row<kScore, &ScoreConfig::aucpro_thresholds>("score.aucpro_thresholds", kStage)
                        .at_least(2)
                        .at_most(100000)
                        .when(is_compat)
                        .help("Its thresholds, evenly from 0 to 1")
                        .source("AnomalyVFM B3"));
    table.push_back(row<kScore, &ScoreConfig::aucpro_rescale>("score.aucpro_rescale", kStage)
                        .when(is_compat)
                        .help("It rescales each map to 0 to 1; off: maps as they are, as in the "
                              "reference's main script")
                        .source("AnomalyVFM B3"));
    table.push_back(row<kScore, &ScoreConfig::aucpro_images>("score.aucpro_images", kStage)
                        .at_least(0)
                        .at_most(1000000)
                        .unit("images")
                        .when(is_compat)
                        .help("It looks at this many first defective images; 0: all")
                        .source("AnomalyVFM B3"));
}

}  // namespace

void add_score_rows(std::vector<Parameter>& table) {
    add_aggregation_rows(table);
    add_map_rows(table);
    add_threshold_rows(table);
}

}  // namespace harrow::sweeps
