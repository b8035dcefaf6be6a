#include <gtest/gtest.h>

#include "sweeps/canonical.hpp"
#include "sweeps/parameters.hpp"
#include "tests/support/fake_catalog.hpp"

namespace harrow::sweeps {
namespace {

const Parameter& parameter(const char* name) {
    return *find_parameter(name);
}

TEST(NumberListTest, HasOneSpelling) {
    const std::pair<ParameterValue, const char*> cases[] = {
        {std::string("[128, 256,512]"), "[128,256,512]"},
        {std::string("128,256"), "[128,256]"},
        {std::vector<std::string>{"1.28e2", "256"}, "[128,256]"},
        {std::string("30"), "30"},
        {std::string("[30.0]"), "30"},
        {std::vector<std::string>{"-0"}, "0"}};
    for (const auto& [value, text] : cases) {
        TrialConfig config;
        ASSERT_EQ(set_value(parameter("data.scales"), config, value), std::nullopt) << text;
        EXPECT_EQ(value_text(parameter("data.scales"), config), text);
    }
}

TEST(NumberListTest, OneNumberIsBothBoundsOfAPair) {
    TrialConfig config;
    ASSERT_EQ(set_value(parameter("synthetic.blend"), config, std::string("0.5")), std::nullopt);
    EXPECT_EQ(config.synthetic.blend, (NumberList{0.5, 0.5}));
    EXPECT_EQ(value_text(parameter("synthetic.blend"), config), "[0.5,0.5]");
}

TEST(NumberListTest, RefusesWhatIsNoSuchListAndChangesNothing) {
    const std::pair<const char*, std::vector<std::string>> cases[] = {
        {"data.scales", {}},
        {"data.scales", {"128", "x"}},
        {"data.scales", {"128.5"}},
        {"data.scales", {"-1"}},
        {"data.scales", {"4096"}},
        {"data.scales", {"nan"}},
        {"data.scales", {""}},
        {"data.scales", std::vector<std::string>(65, "1")},
        {"synthetic.blend", {"0.6", "0.8", "0.7"}},
        {"synthetic.blend", {"0.8", "0.6"}},
        {"synthetic.blend", {"0.6", "1.1"}},
        {"synthetic.texture_side", {"10", "20.5"}}};
    for (const auto& [name, items] : cases) {
        TrialConfig config;
        const auto wrong = set_value(parameter(name), config, items);
        ASSERT_TRUE(wrong.has_value()) << name;
        EXPECT_NE(wrong->find("expected"), std::string::npos) << *wrong;
        EXPECT_EQ(value_text(parameter(name), config), default_text(parameter(name)));
    }
    TrialConfig config;
    EXPECT_EQ(*set_value(parameter("synthetic.texture_side"), config, std::string("[9,8]")),
              "the lower bound 9 is above the upper bound 8; expected [low, high], whole numbers "
              ">= 1 and <= 2048");
}

TEST(NumberListTest, AGridTakesListsOfLists) {
    const std::string head = std::string(kHead) +
                             "method: anomalyvfm\nbackbone: {name: vit_small_patch16_224}\n"
                             "backbone.weights: /w\ndata.image_size: 224\n";
    FakeCatalog catalog;
    catalog.add_weights("/w", "");
    const auto parsed = [&](const std::string& text, const std::vector<std::string>& overrides) {
        return parse_sweep(text, "s.yaml", "/specs", overrides, catalog);
    };
    const Sweep sweep =
        parsed(head + "space: [{grid: {head_hidden: [[512, 256], [128], 64]}}]\n", {});
    EXPECT_EQ(names_of(sweep),
              (std::vector<std::string>{"base", "head_hidden=128", "head_hidden=64"}));
    EXPECT_EQ(sweep.cells[0].config.model.head_hidden, (NumberList{512, 256}));
    const Sweep overridden = parsed(head, {"head_hidden=[32,16],[8]"});
    EXPECT_EQ(names_of(overridden),
              (std::vector<std::string>{"head_hidden=[32,16]", "head_hidden=8"}));
}

TEST(NumberListTest, ABareSeedIsNotTheAnomaliesSeed) {
    const auto problems = problems_of(std::string(kHead) + "seed: 3\n");
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_NE(problems[0].message.find("did you mean seeds"), std::string::npos);
}

}  // namespace
}  // namespace harrow::sweeps
