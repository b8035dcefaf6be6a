#include "sweeps/parameters.hpp"

#include <set>
#include <type_traits>

#include <gtest/gtest.h>

#include "sweeps/error.hpp"
#include "sweeps/metric_names.hpp"
#include "sweeps/parameter_text.hpp"
#include "tests/unit/sweeps/off_default.hpp"

namespace harrow::sweeps {
namespace {

struct Anything {
    template <typename T>
    operator T() const;  // NOLINT(google-explicit-constructor)
};

template <typename T, typename Void, typename... Args>
struct TakesBraces : std::false_type {};
template <typename T, typename... Args>
struct TakesBraces<T, std::void_t<decltype(T{std::declval<Args>()...})>, Args...> : std::true_type {
};

/// Number of members of an aggregate.
template <typename T, typename... Args>
constexpr std::size_t num_members() {
    if constexpr (TakesBraces<T, void, Args..., Anything>::value) {
        return num_members<T, Args..., Anything>();
    } else {
        return sizeof...(Args);
    }
}

TEST(ParametersTest, EveryMemberOfTrialConfigHasARow) {
    const std::size_t members =
        1 + num_members<DataConfig>() + num_members<SequenceConfig>() +
        num_members<BackboneConfig>() + num_members<TrainConfig>() + num_members<ModelConfig>() +
        num_members<RouterConfig>() + num_members<ScoreConfig>() + num_members<ValidationConfig>() +
        num_members<SyntheticConfig>() + num_members<NoopConfig>() + 1;  // per_class
    EXPECT_EQ(num_members<TrialConfig>(), 12U) << "a new section: add it to this sum";
    EXPECT_EQ(parameters().size(), members);
}

TEST(ParametersTest, EveryRowReadsAndWritesItsOwnMember) {
    for (const Parameter& changed : parameters()) {
        TrialConfig config;
        ASSERT_EQ(set_value(changed, config, off_default(changed)), std::nullopt) << changed.name;
        for (const Parameter& other : parameters()) {
            const bool is_changed = value_text(other, config) != default_text(other);
            EXPECT_EQ(is_changed, &other == &changed && has_other_value(changed))
                << changed.name << " against " << other.name;
        }
    }
}

TEST(ParametersTest, EveryDefaultIsAllowedAndSpelledOneWay) {
    for (const Parameter& parameter : parameters()) {
        const std::string text = default_text(parameter);
        TrialConfig config;
        EXPECT_EQ(set_value(parameter, config, text), std::nullopt) << parameter.name;
        EXPECT_EQ(value_text(parameter, config), text) << parameter.name;
        EXPECT_FALSE(parameter.help.empty()) << parameter.name;
        EXPECT_FALSE(parameter.source.empty()) << parameter.name;
    }
}

TEST(ParametersTest, DefaultsAreTheSeedLogsMain) {
    const std::pair<const char*, const char*> expected[] = {{"method", "moleflow"},
                                                            {"num_coupling_layers", "8"},
                                                            {"dia_n_blocks", "4"},
                                                            {"lr", "3e-04"},
                                                            {"num_epochs", "60"},
                                                            {"batch_size", "16"},
                                                            {"lora_rank", "64"},
                                                            {"lambda_logdet", "1e-04"},
                                                            {"scale_context_kernel", "5"},
                                                            {"spatial_context_kernel", "3"},
                                                            {"tail_aware_loss", "true"},
                                                            {"tail_weight", "0.7"},
                                                            {"tail_top_k_ratio", "0.02"},
                                                            {"aggregation", "top_k"},
                                                            {"top_k", "3"},
                                                            {"adapter", "whitening"},
                                                            {"sequence.scenario", "1-1"},
                                                            {"order", "alphabetical"},
                                                            {"map_size", "224"},
                                                            {"smoothing_sigma", "4"},
                                                            {"router.distance", "mahalanobis"}};
    for (const auto& [name, value] : expected) {
        ASSERT_NE(find_parameter(name), nullptr) << name;
        EXPECT_EQ(default_text(*find_parameter(name)), value) << name;
    }
}

TEST(ParametersTest, NumbersHaveOneSpelling) {
    TrialConfig config;
    const Parameter& lambda = *find_parameter("train.lambda_logdet");
    for (const char* text : {"0.001", "1e-3", "0.0010", "1.0e-03"}) {
        ASSERT_EQ(set_value(lambda, config, std::string(text)), std::nullopt) << text;
        EXPECT_EQ(value_text(lambda, config), "0.001");
    }
    ASSERT_EQ(set_value(lambda, config, std::string("-0.0")), std::nullopt);
    EXPECT_EQ(value_text(lambda, config), "0");
    config.train.lambda_logdet = -0.0;
    EXPECT_EQ(value_text(lambda, config), "0");
}

TEST(ParametersTest, RefusesWhatIsNoValueAndChangesNothing) {
    const std::pair<const char*, const char*> cases[] = {{"lr", "fast"},
                                                         {"lr", "nan"},
                                                         {"lr", "inf"},
                                                         {"lr", "-inf"},
                                                         {"lr", "0"},
                                                         {"lr", "1e-3x"},
                                                         {"lr", ""},
                                                         {"lr", "1e999"},
                                                         {"lr", " 1"},
                                                         {"num_epochs", "0"},
                                                         {"num_epochs", "1.5"},
                                                         {"num_epochs", "99999999999"},
                                                         {"lora_rank", "-4"},
                                                         {"top_k", "0"},
                                                         {"use_lora", "1"},
                                                         {"use_lora", "yes"},
                                                         {"optimizer", "adam"},
                                                         {"scenario", "1-x"},
                                                         {"tail_weight", "2.1"},
                                                         {"order_seed", "-1"},
                                                         {"data.root", "a\nb"},
                                                         {"scale_context_kernel", "4"}};
    for (const auto& [name, text] : cases) {
        TrialConfig config;
        const Parameter& parameter = *find_parameter(name);
        EXPECT_NE(set_value(parameter, config, std::string(text)), std::nullopt)
            << name << "=" << text;
        EXPECT_EQ(value_text(parameter, config), default_text(parameter));
    }
    TrialConfig config;
    const std::vector<std::string> list = {"1", "2"};
    EXPECT_NE(set_value(*find_parameter("lr"), config, list), std::nullopt);
}

TEST(ParametersTest, MessagesNameWhatIsAllowed) {
    TrialConfig config;
    EXPECT_EQ(*set_value(*find_parameter("train.tail_weight"), config, std::string("3")),
              "'3' is not allowed; expected a number >= 0 and <= 2");
    EXPECT_EQ(*set_value(*find_parameter("method"), config, std::string("molefow")),
              "'molefow' is not allowed; expected one of moleflow, finetune, anomalyvfm, noop; did "
              "you mean "
              "moleflow?");
    EXPECT_EQ(*set_value(*find_parameter("scale_context_kernel"), config, std::string("2")),
              "'2' is not allowed; expected an odd integer >= 1 and <= 31");
}

TEST(ParametersTest, ListsSurviveTheirTextWhateverTheirItemsHold) {
    const Parameter& classes = *find_parameter("data.classes");
    const std::vector<std::vector<std::string>> lists = {
        {"bottle"}, {"a", "b"}, {"[x"}, {"a,b", "c]", "d\\"}, {"a b", "c"}};
    for (const auto& list : lists) {
        TrialConfig config;
        ASSERT_EQ(set_value(classes, config, list), std::nullopt);
        TrialConfig again;
        ASSERT_EQ(set_value(classes, again, value_text(classes, config)), std::nullopt);
        EXPECT_EQ(again.data.classes, list) << value_text(classes, config);
    }
    TrialConfig config;
    EXPECT_EQ(set_value(classes, config, std::string("all")), std::nullopt);
    EXPECT_TRUE(config.data.classes.empty());
    EXPECT_NE(set_value(classes, config, std::vector<std::string>{"all", "bottle"}), std::nullopt);
    EXPECT_NE(set_value(classes, config, std::vector<std::string>{"a", "a"}), std::nullopt);
    EXPECT_NE(set_value(classes, config, std::vector<std::string>{}), std::nullopt);
    const Parameter& order = *find_parameter("sequence.order");
    EXPECT_NE(set_value(order, config, std::vector<std::string>{"random", "bottle"}), std::nullopt);
}

TEST(ParametersTest, FindsByNameAliasAndLastComponent) {
    EXPECT_EQ(find_parameter("train.lr"), find_parameter("lr"));
    EXPECT_EQ(find_parameter("score_aggregation_top_k"), find_parameter("score.top_k"));
    EXPECT_EQ(find_parameter("dia"), find_parameter("model.dia_n_blocks"));
    EXPECT_EQ(find_parameter("img_size"), find_parameter("data.image_size"));
    EXPECT_EQ(find_parameter("name"), nullptr) << "the sweep's own";
    EXPECT_EQ(find_parameter("model.lr"), nullptr);
    EXPECT_EQ(short_name(*find_parameter("train.lr")), "lr");
    EXPECT_EQ(short_name(*find_parameter("backbone.name")), "backbone.name");
}

TEST(ParametersTest, NamesAndAliasesAreDistinct) {
    std::set<std::string> seen;
    for (const Parameter& parameter : parameters()) {
        EXPECT_TRUE(seen.insert(parameter.name).second) << parameter.name;
        for (const std::string& alias : parameter.aliases) {
            EXPECT_TRUE(seen.insert(alias).second) << alias;
        }
    }
}

TEST(ParametersTest, SectionsStandTogether) {
    std::vector<std::string> sections = {""};
    for (const Parameter& parameter : parameters()) {
        const std::size_t dot = parameter.name.find('.');
        const std::string section = parameter.name.substr(0, dot == std::string::npos ? 0 : dot);
        if (section != sections.back()) {
            sections.push_back(section);
        }
    }
    EXPECT_EQ(sections,
              (std::vector<std::string>{"",
                                        "data",
                                        "backbone",
                                        "sequence",
                                        "train",
                                        "model",
                                        "router",
                                        "score",
                                        "validation",
                                        "synthetic",
                                        "noop"}));
}

TEST(ParametersTest, NearestForgivesTyping) {
    EXPECT_EQ(nearest_parameter("tail_wieght"), "train.tail_weight");
    EXPECT_EQ(nearest_parameter("train.tail_wieght"), "train.tail_weight");
    EXPECT_EQ(nearest_parameter("modle.lora_rank"), "model.lora_rank");
    EXPECT_EQ(nearest_parameter("epochs"), "train.num_epochs");
    EXPECT_EQ(nearest_parameter("zzzzzzzzzz"), "");
    EXPECT_EQ(nearest_parameter(std::string(100000, 'a')), "");
}

struct ActiveCase {
    const char* name;
    const char* parameter;
    const char* set;
    const char* value;
    bool active;
};

TEST(ParametersTest, SwitchedOffParametersAreInactive) {
    const ActiveCase cases[] = {
        {"tail loss on", "train.tail_weight", "method", "moleflow", true},
        {"tail loss off", "train.tail_weight", "tail_aware_loss", "false", false},
        {"top_k", "score.top_k", "aggregation", "max", false},
        {"percentile", "score.percentile", "aggregation", "percentile", true},
        {"clusters", "score.cluster_weight", "aggregation", "spatial_cluster", true},
        {"adamw", "train.adamw_weight_decay", "optimizer", "adamw", true},
        {"adamp", "train.weight_decay", "optimizer", "adamw", false},
        {"lora", "model.lora_rank", "use_lora", "false", false},
        {"task bias", "model.use_task_bias", "use_lora", "false", false},
        {"dia", "model.dia_hidden_ratio", "dia_n_blocks", "0", false},
        {"order", "sequence.order_seed", "sequence.order", "random", true},
        {"scale", "model.scale_context_kernel", "use_scale_context", "false", false},
        {"spatial", "model.spatial_context_kernel", "spatial_context_mode", "none", false},
        {"embed_dim", "backbone.embed_dim", "method", "moleflow", false},
        {"router", "router.distance", "method", "finetune", false},
        {"lora of finetune", "model.lora_rank", "method", "finetune", true},
    };
    for (const ActiveCase& one : cases) {
        TrialConfig config;
        ASSERT_EQ(set_value(*find_parameter(one.set), config, std::string(one.value)),
                  std::nullopt);
        EXPECT_EQ(is_active(*find_parameter(one.parameter), config), one.active) << one.name;
    }
}

TEST(ParametersTest, FilterbankRefusesWhatItCannotMake) {
    TrialConfig config;
    for (const int dim : {0, 64}) {
        config.backbone.embed_dim = dim;
        EXPECT_TRUE(inconsistencies(config).empty());
    }
    config.backbone.embed_dim = 128;
    ASSERT_EQ(inconsistencies(config).size(), 1U);
    EXPECT_EQ(inconsistencies(config)[0].first->name, "backbone.embed_dim");
    for (const int size : {24, 100}) {
        TrialConfig small;
        small.data.image_size = size;
        ASSERT_EQ(inconsistencies(small).size(), 1U) << size;
        EXPECT_EQ(inconsistencies(small)[0].first->name, "data.image_size");
    }
}

TEST(ParametersTest, ReferenceListsEachParameterOfTheMethod) {
    const std::string markdown = parameters_markdown();
    const std::string table = parameters_table();
    for (const Parameter& parameter : parameters()) {
        EXPECT_NE(markdown.find("`" + parameter.name + "`"), std::string::npos) << parameter.name;
        EXPECT_NE(table.find("\n" + parameter.name + " "), std::string::npos) << parameter.name;
    }
    EXPECT_EQ(parameters_markdown("finetune").find("router.distance"), std::string::npos);
    EXPECT_NE(parameters_markdown("moleflow").find("router.distance"), std::string::npos);
    EXPECT_THROW(parameters_table("molefow"), UsageError);
}

TEST(ParametersTest, MetricNamesCoverTheContinualOnes) {
    EXPECT_TRUE(is_metric("image_auroc"));
    EXPECT_TRUE(is_metric("pixel_ap.fm"));
    EXPECT_FALSE(is_metric("image_auroc.xyz"));
    EXPECT_TRUE(is_metric("routing_acc"));
    EXPECT_FALSE(is_metric("routing_acc.acc"));
    EXPECT_TRUE(is_higher_better("image_auroc.bwt"));
    EXPECT_FALSE(is_higher_better("image_auroc.fm"));
}

}  // namespace
}  // namespace harrow::sweeps
