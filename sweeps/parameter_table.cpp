#include "sweeps/backbones.hpp"
#include "sweeps/parameter_row.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::sweeps {
namespace {

using Table = std::vector<Parameter>;
using Config = TrialConfig;

bool sees_images_at_once(const Config& config) {
    const BackboneArchitecture* known = find_backbone(config.backbone.name);
    return known != nullptr && gives_image_vectors(*known, config.backbone);
}

/// How one vector per image sees it. Whatever the method: a text of stage `features` names none.
void add_image_view_rows(Table& table) {
    constexpr auto kData = &Config::data;
    table.push_back(row<kData, &DataConfig::scales>("data.scales", Stage::Features)
                        .at_least(0)
                        .at_most(2048)
                        .whole()
                        .unit("pixels")
                        .when(sees_images_at_once)
                        .help("Sides a square image is shrunk to before it becomes image_size "
                              "large, each of which gives a vector; 0: one vector of the image as "
                              "it is")
                        .source("AnomalyVFM B5"));
    table.push_back(
        row<kData, &DataConfig::load_size>("data.load_size", Stage::Features)
            .at_least(0)
            .at_most(2048)
            .unit("pixels")
            .when([](const Config& c) {
                const BackboneArchitecture* known = find_backbone(c.backbone.name);
                return known != nullptr && is_transformer(*known) && !averages_blocks(c.backbone);
            })
            .help("Side of the square an image is loaded as, before scales, anomalies and "
                  "image_size; 0: image_size")
            .source("AnomalyVFM B1, B5"));
    table.push_back(
        row<kData, &DataConfig::crop_size>("data.crop_size", Stage::Features)
            .at_least(0)
            .at_most(2048)
            .unit("pixels")
            .when(sees_images_at_once)
            .help("Side of the crops of which model.maps: crops makes its maps; what is "
                  "left at the right and at the bottom is left out. 0: none")
            .source("AnomalyVFM B3"));
}

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
    add_image_view_rows(table);
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
    table.push_back(
        row<kValidation, &ValidationConfig::use_split>("validation.use_split", kStage)
            .help("The data set's own split of normal images is scored too; the thresholds of "
                  "segf1_local and classf1_local come from it. Layout mvtec_ad2 has one")
            .source("AnomalyVFM B1; MVTec AD 2"));
}

void add_class_row(Table& table) {
    table.push_back(
        Row(MemberAccess<std::vector<std::string>>{
                [](Config& c) -> std::vector<std::string>& { return c.per_class; },
                [](const Config& c) -> const std::vector<std::string>& { return c.per_class; }},
            "per_class",
            Stage::Training)
            .methods({"anomalyvfm"})
            .when(trains)
            .help("What some parameters are for one class, over what they are for all; classes of "
                  "one task must agree")
            .source("AnomalyVFM B4, B6"));
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
    Parameter method =
        Row(MemberAccess<std::string>{
                [](Config& c) -> std::string& { return c.method; },
                [](const Config& c) -> const std::string& { return c.method; }},
            "method",
            Stage::Training)
            .help("What is trained")
            .source("MoLE-Flow; finetune: C2; anomalyvfm: AnomalyVFM B; noop: Harrow");
    for (const Method& known : methods()) {
        method.choices.push_back(known.name);
    }
    table.push_back(std::move(method));
    add_class_row(table);
    add_input_rows(table);
    add_backbone_rows(table);
    add_sequence_rows(table);
    add_train_rows(table);
    add_model_rows(table);
    add_score_rows(table);
    add_validation_rows(table);
    add_synthetic_rows(table);
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
        {"anomalyvfm",
         "AnomalyVFM: low-rank layers on frozen image features, trained with synthetic anomalies; "
         "scores are Mahalanobis distances",
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
