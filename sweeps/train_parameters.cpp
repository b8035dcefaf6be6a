#include "sweeps/parameter_row.hpp"

namespace harrow::sweeps {
namespace {

using Table = std::vector<Parameter>;
using Config = TrialConfig;

void add_optimizer_rows(Table& table) {
    constexpr auto kTrain = &Config::train;
    constexpr Stage kStage = Stage::Training;
    table.push_back(row<kTrain, &TrainConfig::lr>("train.lr", kStage)
                        .above(0)
                        .at_most(10)
                        .when(trains)
                        .per_class()
                        .help("Peak learning rate")
                        .source("MoLE-Flow A12, AnomalyVFM B3"));
    table.push_back(row<kTrain, &TrainConfig::num_epochs>("train.num_epochs", kStage)
                        .at_least(1)
                        .at_most(100000)
                        .unit("epochs")
                        .when(trains)
                        .per_class()
                        .help("Epochs per task")
                        .source("MoLE-Flow A12, AnomalyVFM B3"));
    table.push_back(
        row<kTrain, &TrainConfig::batch_size>("train.batch_size", kStage)
            .at_least(1)
            .at_most(65536)
            .unit("images")
            .when(trains)
            .help("Images per step; what is left over after the last full batch is left "
                  "out of the epoch. anomalyvfm: half of them normal, half anomalies, as "
                  "train.sampling chooses them")
            .source("MoLE-Flow A12, AnomalyVFM B3"));
    table.push_back(row<kTrain, &TrainConfig::optimizer>("train.optimizer", kStage)
                        .choices({"adamp", "adamw"})
                        .when(trains)
                        .help("Optimiser")
                        .source("MoLE-Flow A12, AnomalyVFM B3"));
    table.push_back(
        row<kTrain, &TrainConfig::weight_decay>("train.weight_decay", kStage)
            .at_least(0)
            .at_most(10)
            .when([](const Config& c) { return trains(c) && c.train.optimizer == "adamp"; })
            .per_class()
            .help("Weight decay of adamp")
            .source("MoLE-Flow A12"));
    table.push_back(
        row<kTrain, &TrainConfig::adamw_weight_decay>("train.adamw_weight_decay", kStage)
            .at_least(0)
            .at_most(10)
            .when([](const Config& c) { return trains(c) && c.train.optimizer == "adamw"; })
            .per_class()
            .help("Weight decay of adamw")
            .source("MoLE-Flow A12, AnomalyVFM B3"));
    table.push_back(row<kTrain, &TrainConfig::warmup_epochs>("train.warmup_epochs", kStage)
                        .at_least(0)
                        .at_most(100000)
                        .unit("epochs")
                        .methods({"moleflow"})
                        .help("Linear warm-up of every task after the first; shifts its cosine")
                        .source("MoLE-Flow A12, A21-14"));
    table.push_back(row<kTrain, &TrainConfig::min_lr_ratio>("train.min_lr_ratio", kStage)
                        .at_least(0)
                        .at_most(1)
                        .methods(kFlowsAndRehearsal)
                        .help("Learning rate at the end of the cosine, as a share of lr")
                        .source("MoLE-Flow A12"));
    table.push_back(row<kTrain, &TrainConfig::grad_clip>("train.grad_clip", kStage)
                        .above(0)
                        .at_most(1e9)
                        .methods(kFlowsAndRehearsal)
                        .help("Largest global L2 norm of a gradient")
                        .source("MoLE-Flow A12"));
}

void add_loss_rows(Table& table) {
    constexpr auto kTrain = &Config::train;
    constexpr Stage kStage = Stage::Training;
    table.push_back(row<kTrain, &TrainConfig::tail_aware_loss>("train.tail_aware_loss", kStage)
                        .aliases({"use_tail_aware_loss"})
                        .methods(kFlowsAndRehearsal)
                        .help("Mean over patches plus extra weight on the worst ones; off: the sum "
                              "over patches")
                        .source("MoLE-Flow A11"));
    table.push_back(row<kTrain, &TrainConfig::tail_weight>("train.tail_weight", kStage)
                        .at_least(0)
                        .at_most(2)
                        .when([](const Config& c) { return c.train.tail_aware_loss; })
                        .methods(kFlowsAndRehearsal)
                        .help("Weight of the worst patches; the rest weighs 1 minus it")
                        .source("MoLE-Flow A11"));
    table.push_back(row<kTrain, &TrainConfig::tail_top_k_ratio>("train.tail_top_k_ratio", kStage)
                        .above(0)
                        .at_most(1)
                        .when([](const Config& c) {
                            return c.train.tail_aware_loss && c.train.tail_weight != 0;
                        })
                        .methods(kFlowsAndRehearsal)
                        .help("Share of an image's patches that count as worst, at least one")
                        .source("MoLE-Flow A11"));
    table.push_back(row<kTrain, &TrainConfig::lambda_logdet>("train.lambda_logdet", kStage)
                        .at_least(0)
                        .at_most(1e6)
                        .methods(kFlowsAndRehearsal)
                        .help("Weight of the squared log-determinant")
                        .source("MoLE-Flow A11"));
}

void add_anomalyvfm_rows(Table& table) {
    constexpr auto kTrain = &Config::train;
    constexpr Stage kStage = Stage::Training;
    table.push_back(row<kTrain, &TrainConfig::sampling>("train.sampling", kStage)
                        .choices({"shuffled", "blocks_compat"})
                        .methods({"anomalyvfm"})
                        .when(trains)
                        .help("shuffled: normal images and anomalies take turns in an order of the "
                              "seed, over the epochs, so that each is seen equally often; as many "
                              "steps an epoch as blocks_compat, the reference's loop: the same "
                              "images in the same order in every epoch, of which it never sees "
                              "about half")
                        .source("AnomalyVFM B3, B5"));
    table.push_back(row<kTrain, &TrainConfig::confidence_weight>("train.confidence_weight", kStage)
                        .at_least(0)
                        .at_most(1e6)
                        .methods({"anomalyvfm"})
                        .when(trains)
                        .help("Weight of the loss that compares the norms of adapted patches with "
                              "the anomalies' masks; the reference defines it and never calls it. "
                              "Above 0 it needs model.maps: patches")
                        .source("AnomalyVFM B3"));
    table.push_back(
        row<kTrain, &TrainConfig::confidence_temperature>("train.confidence_temperature", kStage)
            .above(0)
            .at_most(1e6)
            .methods({"anomalyvfm"})
            .when([](const Config& c) { return trains(c) && c.train.confidence_weight > 0; })
            .help("The norm divided by it enters the sigmoid that weighs a pixel in that loss")
            .source("AnomalyVFM B3"));
}

}  // namespace

void add_train_rows(std::vector<Parameter>& table) {
    add_optimizer_rows(table);
    add_loss_rows(table);
    add_anomalyvfm_rows(table);
}

}  // namespace harrow::sweeps
