#include "sweeps/parameter_row.hpp"

namespace harrow::sweeps {
namespace {

using Table = std::vector<Parameter>;
using Config = TrialConfig;

bool is_anomalyvfm(const Config& config) {
    return config.method == "anomalyvfm";
}

void add_flow_rows(Table& table) {
    constexpr auto kModel = &Config::model;
    constexpr Stage kStage = Stage::Training;
    constexpr auto has_coupling = [](const Config& c) { return c.model.num_coupling_layers > 0; };
    constexpr auto has_lora = [](const Config& c) {
        return c.model.use_lora && c.model.num_coupling_layers > 0;
    };
    constexpr auto has_low_rank = [](const Config& c) {
        return c.model.use_lora && (is_anomalyvfm(c) || c.model.num_coupling_layers > 0);
    };
    const std::vector<std::string> low_rank = {"moleflow", "finetune", "anomalyvfm"};
    table.push_back(
        row<kModel, &ModelConfig::num_coupling_layers>("model.num_coupling_layers", kStage)
            .at_least(0)
            .at_most(64)
            .methods(kFlowMethods)
            .help("Coupling blocks of the base flow that all tasks share")
            .source("MoLE-Flow A6"));
    table.push_back(row<kModel, &ModelConfig::clamp_variant>("model.clamp_variant", kStage)
                        .choices({"head", "pypi02"})
                        .methods(kFlowMethods)
                        .when(has_coupling)
                        .help("Soft clamp of the log-scale: FrEIA's repository head or its release "
                              "0.2")
                        .source("MoLE-Flow A6"));
    table.push_back(
        row<kModel, &ModelConfig::lora_rank>("model.lora_rank", kStage)
            .at_least(1)
            .at_most(4096)
            .methods(low_rank)
            .when(has_low_rank)
            .per_class()
            .help("Rank of the low-rank update of every linear layer; of anomalyvfm: of "
                  "each layer on the feature (1.3: at the scale scale_rank_base)")
            .source("MoLE-Flow A7, AnomalyVFM B3"));
    table.push_back(row<kModel, &ModelConfig::lora_alpha>("model.lora_alpha", kStage)
                        .at_least(0)
                        .at_most(1e6)
                        .methods(low_rank)
                        .when(has_low_rank)
                        .per_class()
                        .help("The update is scaled by lora_alpha / lora_rank")
                        .source("MoLE-Flow A7, AnomalyVFM B3"));
    table.push_back(row<kModel, &ModelConfig::use_lora>("model.use_lora", kStage)
                        .methods(low_rank)
                        .when([](const Config& c) {
                            return is_anomalyvfm(c) || c.model.num_coupling_layers > 0;
                        })
                        .help("Low-rank update per task; off: no task bias either. Of anomalyvfm: "
                              "off is the baseline, features as the backbone gives them")
                        .source("MoLE-Flow A7, no_lora; AnomalyVFM B2"));
    table.push_back(row<kModel, &ModelConfig::use_task_bias>("model.use_task_bias", kStage)
                        .methods(kFlowMethods)
                        .when(has_lora)
                        .help("Bias per task in every linear layer")
                        .source("MoLE-Flow A7, no_task_bias"));
    table.push_back(row<kModel, &ModelConfig::unfreeze_base>("model.unfreeze_base", kStage)
                        .methods({"moleflow"})
                        .when(has_coupling)
                        .help("The base's weights keep training after the first task")
                        .source("MoLE-Flow A21-2, what no_freeze_base intended"));
}

void add_input_stage_rows(Table& table) {
    constexpr auto kModel = &Config::model;
    constexpr Stage kStage = Stage::Training;
    table.push_back(row<kModel, &ModelConfig::adapter>("model.adapter", kStage)
                        .choices({"whitening", "none"})
                        .methods(kFlowMethods)
                        .help("Input adapter of each task")
                        .source("MoLE-Flow A4"));
    table.push_back(row<kModel, &ModelConfig::pos_embedding>("model.pos_embedding", kStage)
                        .methods(kFlowMethods)
                        .help("Adds the sinusoidal position to the features")
                        .source("MoLE-Flow A3"));
    table.push_back(
        row<kModel, &ModelConfig::spatial_context_mode>("model.spatial_context_mode", kStage)
            .choices({"depthwise_residual", "depthwise", "local_stats", "full", "none"})
            .methods(kFlowMethods)
            .help("How a patch sees its neighbours before the flow")
            .source("MoLE-Flow A5"));
    table.push_back(
        row<kModel, &ModelConfig::spatial_context_kernel>("model.spatial_context_kernel", kStage)
            .at_least(1)
            .at_most(31)
            .odd()
            .unit("patches")
            .methods(kFlowMethods)
            .when([](const Config& c) { return c.model.spatial_context_mode != "none"; })
            .help("Side of that neighbourhood")
            .source("MoLE-Flow A5"));
}

void add_scale_context_rows(Table& table) {
    constexpr auto kModel = &Config::model;
    constexpr Stage kStage = Stage::Training;
    constexpr auto has_context = [](const Config& c) {
        return c.model.use_scale_context && c.model.num_coupling_layers > 0;
    };
    table.push_back(row<kModel, &ModelConfig::use_scale_context>("model.use_scale_context", kStage)
                        .methods(kFlowMethods)
                        .when([](const Config& c) { return c.model.num_coupling_layers > 0; })
                        .help("The subnet of the log-scale sees neighbouring patches; off: plain "
                              "subnets")
                        .source("MoLE-Flow A7"));
    table.push_back(
        row<kModel, &ModelConfig::scale_context_kernel>("model.scale_context_kernel", kStage)
            .at_least(1)
            .at_most(31)
            .odd()
            .unit("patches")
            .methods(kFlowMethods)
            .when(has_context)
            .help("Side of the neighbourhood of the scale subnet")
            .source("MoLE-Flow A7"));
    table.push_back(row<kModel, &ModelConfig::scale_context_init_scale>(
                        "model.scale_context_init_scale", kStage)
                        .above(0)
                        .at_most(100)
                        .methods(kFlowMethods)
                        .when(has_context)
                        .help("Weight of the context at the start")
                        .source("MoLE-Flow A7"));
    table.push_back(
        row<kModel, &ModelConfig::scale_context_max_alpha>("model.scale_context_max_alpha", kStage)
            .above(0)
            .at_most(100)
            .methods(kFlowMethods)
            .when(has_context)
            .help("Largest weight of the context")
            .source("MoLE-Flow A7"));
}

void add_dia_rows(Table& table) {
    constexpr auto kModel = &Config::model;
    constexpr Stage kStage = Stage::Training;
    table.push_back(row<kModel, &ModelConfig::dia_n_blocks>("model.dia_n_blocks", kStage)
                        .at_least(0)
                        .at_most(64)
                        .aliases({"dia"})
                        .methods(kFlowMethods)
                        .help("Blocks of the deep invertible adapter of each task; 0: none")
                        .source("MoLE-Flow A8"));
    table.push_back(row<kModel, &ModelConfig::dia_hidden_ratio>("model.dia_hidden_ratio", kStage)
                        .above(0)
                        .at_most(16)
                        .methods(kFlowMethods)
                        .when([](const Config& c) { return c.model.dia_n_blocks > 0; })
                        .help("Hidden width of its subnets, as a share of the channels")
                        .source("MoLE-Flow A8"));
}

void add_router_row(Table& table) {
    constexpr Stage kStage = Stage::Training;
    table.push_back(row<&Config::router, &RouterConfig::distance>("router.distance", kStage)
                        .choices({"mahalanobis", "euclidean", "none"})
                        .methods({"moleflow", "anomalyvfm"})
                        .help("How an image finds its task; none: the true task is given. Of "
                              "anomalyvfm: by the feature as the backbone gives it")
                        .source("MoLE-Flow A13, no_router, no_mahalanobis"));
}

}  // namespace

void add_model_rows(std::vector<Parameter>& table) {
    add_flow_rows(table);
    add_input_stage_rows(table);
    add_scale_context_rows(table);
    add_dia_rows(table);
    add_anomalyvfm_model_rows(table);
    add_router_row(table);
}

}  // namespace harrow::sweeps
