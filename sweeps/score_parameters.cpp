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
            .help("How patch scores become the image's score")
            .source("MoLE-Flow A14"));
    table.push_back(row<kScore, &ScoreConfig::top_k>("score.top_k", kStage)
                        .at_least(1)
                        .at_most(1000000)
                        .unit("patches")
                        .aliases({"score_aggregation_top_k", "aggregation_top_k"})
                        .when([](const Config& c) { return c.score.aggregation == "top_k"; })
                        .help("Number of highest patches averaged")
                        .source("MoLE-Flow A14"));
    table.push_back(row<kScore, &ScoreConfig::percentile>("score.percentile", kStage)
                        .at_least(0)
                        .at_most(1)
                        .aliases({"score_aggregation_percentile", "aggregation_percentile"})
                        .when([](const Config& c) { return c.score.aggregation == "percentile"; })
                        .help("Quantile of the patches, as a fraction")
                        .source("MoLE-Flow A14"));
    table.push_back(
        row<kScore, &ScoreConfig::top_k_percent>("score.top_k_percent", kStage)
            .above(0)
            .at_most(1)
            .aliases({"score_aggregation_top_k_percent", "aggregation_top_k_percent"})
            .when([](const Config& c) { return c.score.aggregation == "top_k_percent"; })
            .help("Share of highest patches averaged, at least one")
            .source("MoLE-Flow A14"));
    table.push_back(row<kScore, &ScoreConfig::cluster_weight>("score.cluster_weight", kStage)
                        .at_least(0)
                        .at_most(1)
                        .when(clusters)
                        .help("Weight of the scores that neighbours reinforce")
                        .source("MoLE-Flow A14"));
    table.push_back(row<kScore, &ScoreConfig::cluster_high_score_percentile>(
                        "score.cluster_high_score_percentile", kStage)
                        .at_least(0)
                        .at_most(1)
                        .when(clusters)
                        .help("Quantile above which a patch counts as a high neighbour")
                        .source("MoLE-Flow A14"));
    table.push_back(
        row<kScore, &ScoreConfig::cluster_top_k_ratio>("score.cluster_top_k_ratio", kStage)
            .above(0)
            .at_most(1)
            .when(clusters)
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

}  // namespace

void add_score_rows(std::vector<Parameter>& table) {
    add_aggregation_rows(table);
    add_map_rows(table);
}

}  // namespace harrow::sweeps
