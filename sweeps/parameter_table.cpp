#include "sweeps/parameter_row.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::sweeps {
namespace {

using Table = std::vector<Parameter>;
using Config = TrialConfig;

void add_input_rows(Table& table) {
    constexpr auto kData = &Config::data;
    table.push_back(row<kData, &DataConfig::layout>("data.layout", Stage::Features)
                        .choices({"mvtec", "mpdd", "mvtec_ad2", "visa", "csv"})
                        .aliases({"dataset"})
                        .help("How the images lie in their folders; csv: listed in dataset.csv by "
                              "path, class, split, label and mask")
                        .source("MoLE-Flow A16, AnomalyVFM B1; csv: Harrow"));
    table.push_back(row<kData, &DataConfig::root>("data.root", Stage::Features)
                        .locator()
                        .aliases({"data_path"})
                        .help("Folder of the dataset; with layout csv also the .csv file")
                        .source("MoLE-Flow A17.1"));
    table.push_back(row<kData, &DataConfig::classes>("data.classes", Stage::Training)
                        .help("Classes to use")
                        .source("MoLE-Flow A17.1"));
    table.push_back(row<kData, &DataConfig::image_size>("data.image_size", Stage::Features)
                        .at_least(16)
                        .at_most(2048)
                        .unit("pixels")
                        .aliases({"img_size"})
                        .help("Side of the square the backbone sees")
                        .source("MoLE-Flow A16"));
    table.push_back(row<kData, &DataConfig::resize>("data.resize", Stage::Features)
                        .choices({"shorter_side", "square"})
                        .help("shorter_side: Lanczos until the shorter side fits, then the centre; "
                              "square: bilinear to the square whatever the aspect ratio. Masks "
                              "follow with nearest neighbour")
                        .source("MoLE-Flow A16; square: AnomalyVFM B1"));
}

void add_sequence_rows(Table& table) {
    constexpr auto kSequence = &Config::sequence;
    table.push_back(row<kSequence, &SequenceConfig::scenario>("sequence.scenario", Stage::Training)
                        .aliases({"cl_scenario"})
                        .help("base-inc: classes of the first task and of each later one")
                        .source("MoLE-Flow A15"));
    table.push_back(row<kSequence, &SequenceConfig::order>("sequence.order", Stage::Training)
                        .help("Order in which the classes arrive")
                        .source("MoLE-Flow A15"));
    table.push_back(
        row<kSequence, &SequenceConfig::order_seed>("sequence.order_seed", Stage::Training)
            .at_least(0)
            .when([](const Config& c) {
                return c.sequence.order.size() == 1 && c.sequence.order[0] == "random";
            })
            .help("Seed of order random, whatever the trial's seed")
            .source("Harrow"));
}

void add_optimizer_rows(Table& table) {
    constexpr auto kTrain = &Config::train;
    constexpr Stage kStage = Stage::Training;
    table.push_back(row<kTrain, &TrainConfig::lr>("train.lr", kStage)
                        .above(0)
                        .at_most(10)
                        .help("Peak learning rate")
                        .source("MoLE-Flow A12"));
    table.push_back(row<kTrain, &TrainConfig::num_epochs>("train.num_epochs", kStage)
                        .at_least(1)
                        .at_most(100000)
                        .unit("epochs")
                        .help("Epochs per task")
                        .source("MoLE-Flow A12"));
    table.push_back(
        row<kTrain, &TrainConfig::batch_size>("train.batch_size", kStage)
            .at_least(1)
            .at_most(65536)
            .unit("images")
            .help("Images per step; what is left over after the last full batch is left "
                  "out of the epoch")
            .source("MoLE-Flow A12"));
    table.push_back(row<kTrain, &TrainConfig::optimizer>("train.optimizer", kStage)
                        .choices({"adamp", "adamw"})
                        .help("Optimiser")
                        .source("MoLE-Flow A12"));
    table.push_back(row<kTrain, &TrainConfig::weight_decay>("train.weight_decay", kStage)
                        .at_least(0)
                        .at_most(10)
                        .when([](const Config& c) { return c.train.optimizer == "adamp"; })
                        .help("Weight decay of adamp")
                        .source("MoLE-Flow A12"));
    table.push_back(
        row<kTrain, &TrainConfig::adamw_weight_decay>("train.adamw_weight_decay", kStage)
            .at_least(0)
            .at_most(10)
            .when([](const Config& c) { return c.train.optimizer == "adamw"; })
            .help("Weight decay of adamw")
            .source("MoLE-Flow A12"));
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
                        .help("Learning rate at the end of the cosine, as a share of lr")
                        .source("MoLE-Flow A12"));
    table.push_back(row<kTrain, &TrainConfig::grad_clip>("train.grad_clip", kStage)
                        .above(0)
                        .at_most(1e9)
                        .help("Largest global L2 norm of a gradient")
                        .source("MoLE-Flow A12"));
}

void add_loss_rows(Table& table) {
    constexpr auto kTrain = &Config::train;
    constexpr Stage kStage = Stage::Training;
    table.push_back(row<kTrain, &TrainConfig::tail_aware_loss>("train.tail_aware_loss", kStage)
                        .aliases({"use_tail_aware_loss"})
                        .help("Mean over patches plus extra weight on the worst ones; off: the sum "
                              "over patches")
                        .source("MoLE-Flow A11"));
    table.push_back(row<kTrain, &TrainConfig::tail_weight>("train.tail_weight", kStage)
                        .at_least(0)
                        .at_most(2)
                        .when([](const Config& c) { return c.train.tail_aware_loss; })
                        .help("Weight of the worst patches; the rest weighs 1 minus it")
                        .source("MoLE-Flow A11"));
    table.push_back(row<kTrain, &TrainConfig::tail_top_k_ratio>("train.tail_top_k_ratio", kStage)
                        .above(0)
                        .at_most(1)
                        .when([](const Config& c) {
                            return c.train.tail_aware_loss && c.train.tail_weight != 0;
                        })
                        .help("Share of an image's patches that count as worst, at least one")
                        .source("MoLE-Flow A11"));
    table.push_back(row<kTrain, &TrainConfig::lambda_logdet>("train.lambda_logdet", kStage)
                        .at_least(0)
                        .at_most(1e6)
                        .help("Weight of the squared log-determinant")
                        .source("MoLE-Flow A11"));
}

void add_validation_rows(Table& table) {
    constexpr auto kValidation = &Config::validation;
    constexpr Stage kStage = Stage::Training;
    table.push_back(
        row<kValidation, &ValidationConfig::holdout>("validation.holdout", kStage)
            .at_least(0)
            .at_most(0.5)
            .help("Share of each class's training images that are kept out of training, the same "
                  "ones for every seed and cell; they give the metrics val_normal.*")
            .source("Harrow"));
    table.push_back(
        row<kValidation, &ValidationConfig::synthetic>("validation.synthetic", kStage)
            .choices({"none", "cutpaste"})
            .help("Anomalies that are pasted into copies of the images held out; they give the "
                  "metrics val_synth.*")
            .source("CutPaste (Li et al., CVPR 2021), without rotation"));
}

void add_noop_rows(Table& table) {
    constexpr auto kNoop = &Config::noop;
    table.push_back(row<kNoop, &NoopConfig::seconds>("noop.seconds", Stage::Training)
                        .at_least(0)
                        .at_most(1e6)
                        .unit("seconds")
                        .methods({"noop"})
                        .help("How long a training waits")
                        .source("Harrow"));
    table.push_back(row<kNoop, &NoopConfig::tasks>("noop.tasks", Stage::Training)
                        .at_least(1)
                        .at_most(1000)
                        .methods({"noop"})
                        .help("Tasks of its sequence, each with an equal share of the time")
                        .source("Harrow"));
}

Table make_table() {
    Table table;
    Parameter method = Row(MemberAccess<std::string>{
                               [](Config& c) -> std::string& { return c.method; },
                               [](const Config& c) -> const std::string& { return c.method; }},
                           "method",
                           Stage::Training)
                           .help("What is trained")
                           .source("MoLE-Flow; finetune: C2; noop: Harrow");
    for (const Method& known : methods()) {
        method.choices.push_back(known.name);
    }
    table.push_back(std::move(method));
    add_input_rows(table);
    add_backbone_rows(table);
    add_sequence_rows(table);
    add_optimizer_rows(table);
    add_loss_rows(table);
    add_model_rows(table);
    add_score_rows(table);
    add_validation_rows(table);
    add_noop_rows(table);
    return table;
}

}  // namespace

const std::vector<Method>& methods() {
    static const std::vector<Method> table = {
        {"moleflow",
         "MoLE-Flow: a shared flow, frozen after the first task, and experts per task",
         1},
        {"finetune",
         "the same flow with one expert and nothing frozen: what forgetting looks like",
         1},
        {"noop",
         "a rehearsal of a cluster: waits, trains nothing and invents its rows; needs no data, no "
         "model and no GPU",
         1},
    };
    return table;
}

const std::vector<Parameter>& parameters() {
    static const std::vector<Parameter> table = make_table();
    return table;
}

}  // namespace harrow::sweeps
