#include "sweeps/parameter_row.hpp"

namespace harrow::sweeps {
namespace {

using Table = std::vector<Parameter>;
using Config = TrialConfig;
constexpr auto kModel = &Config::model;
constexpr Stage kStage = Stage::Training;

bool has_layers(const Config& config) {
    return config.model.use_lora;
}

bool is_version(const Config& config, std::string_view version) {
    return config.model.use_lora && config.model.version == version;
}

/// Versions whose layers look at the feature before they change it.
bool has_attention(const Config& config) {
    return is_version(config, "1.3") || is_version(config, "1.4");
}

void add_layer_rows(Table& table) {
    table.push_back(row<kModel, &ModelConfig::version>("model.version", kStage)
                        .choices({"1.1", "1.2", "1.3", "1.4"})
                        .methods({"anomalyvfm"})
                        .when(has_layers)
                        .help("1.1: a cascade of low-rank layers; 1.2: the same, with values per "
                              "class; 1.3: a cascade per scale, gated by attention; 1.4: layers "
                              "gated per feature. Other parameters start from the version's values")
                        .source("AnomalyVFM B3 to B6"));
    table.push_back(row<kModel, &ModelConfig::lora_layers>("model.lora_layers", kStage)
                        .at_least(1)
                        .at_most(64)
                        .methods({"anomalyvfm"})
                        .when(has_layers)
                        .help("Low-rank layers one after the other (1.3: per scale)")
                        .source("AnomalyVFM B3"));
    table.push_back(row<kModel, &ModelConfig::lora_dropout>("model.lora_dropout", kStage)
                        .at_least(0)
                        .below(1)
                        .methods({"anomalyvfm"})
                        .when(has_layers)
                        .help("Dropout on the low-rank term of a layer")
                        .source("AnomalyVFM B3"));
    table.push_back(row<kModel, &ModelConfig::lora_init_std>("model.lora_init_std", kStage)
                        .at_least(0)
                        .at_most(100)
                        .methods({"anomalyvfm"})
                        .when(has_layers)
                        .help("Standard deviation of a layer's first matrix at the start; its "
                              "second one is 0")
                        .source("AnomalyVFM B3"));
    table.push_back(row<kModel, &ModelConfig::head_hidden>("model.head_hidden", kStage)
                        .at_least(1)
                        .at_most(65536)
                        .whole()
                        .methods({"anomalyvfm"})
                        .when(has_layers)
                        .help("Hidden widths of the head that tells anomalies from normal images; "
                              "only training uses it")
                        .source("AnomalyVFM B3"));
    table.push_back(row<kModel, &ModelConfig::head_dropout>("model.head_dropout", kStage)
                        .at_least(0)
                        .below(1)
                        .methods({"anomalyvfm"})
                        .when(has_layers)
                        .help("Dropout behind each hidden layer of the head")
                        .source("AnomalyVFM B3"));
}

void add_attention_rows(Table& table) {
    constexpr auto is_guided = [](const Config& c) { return is_version(c, "1.4"); };
    table.push_back(row<kModel, &ModelConfig::guide_reduction>("model.guide_reduction", kStage)
                        .at_least(1)
                        .at_most(4096)
                        .methods({"anomalyvfm"})
                        .when(has_attention)
                        .help("The hidden width of a layer's attention is the feature's divided by "
                              "it (1.4: and a second one of half that)")
                        .source("AnomalyVFM B5, B6"));
    table.push_back(
        row<kModel, &ModelConfig::importance_reduction>("model.importance_reduction", kStage)
            .at_least(1)
            .at_most(4096)
            .methods({"anomalyvfm"})
            .when(is_guided)
            .help("The hidden width of the importance per feature is the feature's divided by it")
            .source("AnomalyVFM B6"));
    table.push_back(
        row<kModel, &ModelConfig::final_attention_hidden>("model.final_attention_hidden", kStage)
            .at_least(1)
            .at_most(65536)
            .methods({"anomalyvfm"})
            .when(is_guided)
            .help("Hidden width of the final attention")
            .source("AnomalyVFM B6"));
    table.push_back(row<kModel, &ModelConfig::attention_heads>("model.attention_heads", kStage)
                        .at_least(1)
                        .at_most(4096)
                        .methods({"anomalyvfm"})
                        .when(has_attention)
                        .help("Heads of the self-attention over scales (1.3) or layers (1.4)")
                        .source("AnomalyVFM B5, B6"));
    table.push_back(row<kModel, &ModelConfig::attention_dropout>("model.attention_dropout", kStage)
                        .at_least(0)
                        .below(1)
                        .methods({"anomalyvfm"})
                        .when(has_attention)
                        .help("Dropout of the fusion of scales (1.3) or of the importance (1.4)")
                        .source("AnomalyVFM B5, B6"));
    table.push_back(
        row<kModel, &ModelConfig::attention_weight>("model.attention_weight", kStage)
            .at_least(0)
            .at_most(1)
            .methods({"anomalyvfm"})
            .when(is_guided)
            .help("An image's score is multiplied by 1 minus it plus it times the final "
                  "attention, rescaled to 0 to 1")
            .source("AnomalyVFM B6"));
    table.push_back(
        row<kModel, &ModelConfig::attention_range>("model.attention_range", kStage)
            .choices({"train", "test_compat"})
            .methods({"anomalyvfm"})
            .when([](const Config& c) {
                return is_version(c, "1.3") ||
                       (is_version(c, "1.4") && c.model.attention_weight > 0);
            })
            .help("Whose attention gives the range it is rescaled by (1.4) or the weights of the "
                  "scales (1.3): the training images', or, as in the reference, that of the images "
                  "that are scored, so that a score depends on the other images")
            .source("AnomalyVFM B5, B6; train: Harrow"));
    table.push_back(row<kModel, &ModelConfig::scale_rank_base>("model.scale_rank_base", kStage)
                        .at_least(1)
                        .at_most(4096)
                        .unit("pixels")
                        .methods({"anomalyvfm"})
                        .when([](const Config& c) { return is_version(c, "1.3"); })
                        .help("The rank at a scale is lora_rank * scale / this, rounded down")
                        .source("AnomalyVFM B5"));
    table.push_back(row<kModel, &ModelConfig::scale_rank_min>("model.scale_rank_min", kStage)
                        .at_least(1)
                        .at_most(4096)
                        .methods({"anomalyvfm"})
                        .when([](const Config& c) { return is_version(c, "1.3"); })
                        .help("and at least this")
                        .source("AnomalyVFM B5"));
}

void add_scoring_rows(Table& table) {
    table.push_back(row<kModel, &ModelConfig::maps>("model.maps", kStage)
                        .choices({"none", "patches", "crops"})
                        .methods({"anomalyvfm"})
                        .help("What the maps of pixel metrics are made of: distances of patch "
                              "tokens after the last norm, or of crops of data.crop_size pixels "
                              "that the backbone sees as whole images; none: image metrics only")
                        .source("patches: Harrow; crops: AnomalyVFM B3"));
    table.push_back(
        row<kModel, &ModelConfig::batch_mix_compat>("model.batch_mix_compat", kStage)
            .methods({"anomalyvfm"})
            .when(has_attention)
            .help("The reference's shapes, by which the images of a batch are averaged; "
                  "off: every image has its own attention")
            .source("AnomalyVFM B7-1"));
    table.push_back(
        row<kModel, &ModelConfig::batch_mix_size>("model.batch_mix_size", kStage)
            .at_least(1)
            .at_most(65536)
            .unit("images")
            .methods({"anomalyvfm"})
            .when([](const Config& c) { return has_attention(c) && c.model.batch_mix_compat; })
            .help("Images of such a batch when scores are made, in the order of the set")
            .source("AnomalyVFM B1, B7-1"));
    table.push_back(row<kModel, &ModelConfig::extraction_dropout_compat>(
                        "model.extraction_dropout_compat", kStage)
                        .methods({"anomalyvfm"})
                        .when([](const Config& c) {
                            const bool drops_importance =
                                is_version(c, "1.4") && c.model.attention_dropout > 0;
                            return has_layers(c) && (c.model.lora_dropout > 0 || drops_importance);
                        })
                        .help("Dropout stays on when scores are made, as in the reference, drawn "
                              "from the trial's seed")
                        .source("AnomalyVFM B3, B7-4"));
    table.push_back(row<kModel, &ModelConfig::carry_over_compat>("model.carry_over_compat", kStage)
                        .methods({"anomalyvfm"})
                        .when(has_layers)
                        .help("A task starts from the weights of the one before, as 1.3 and 1.4 of "
                              "the reference do; off: from fresh ones")
                        .source("AnomalyVFM B5, B7-6"));
}

}  // namespace

void add_anomalyvfm_model_rows(std::vector<Parameter>& table) {
    add_layer_rows(table);
    add_attention_rows(table);
    add_scoring_rows(table);
}

}  // namespace harrow::sweeps
