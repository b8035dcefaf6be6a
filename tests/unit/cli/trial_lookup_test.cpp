#include "cli/trial_lookup.hpp"

#include <gtest/gtest.h>

#include "sweeps/error.hpp"

namespace harrow::cli {
namespace {

class TrialLookupTest : public ::testing::Test {
protected:
    TrialLookupTest() {
        storage::RunState state;
        state.cells = {cell("aaaa1111aaaa1111", "main", {"main", "default"}, {0, 1, 10}),
                       cell("aaaa2222aaaa2222", "main_2", {"main_2"}, {0}),
                       cell("bbbb3333bbbb3333", "lr=0.1", {"lr=0.1"}, {7})};
        trials_ = trial_names(state);
    }
    static storage::CellRecord cell(const std::string& id,
                                    const std::string& name,
                                    const std::vector<std::string>& names,
                                    const std::vector<std::uint64_t>& seeds) {
        storage::CellRecord record;
        record.id = id;
        record.name = name;
        record.names = names;
        record.seeds = seeds;
        return record;
    }
    std::string found(const std::string& text) const { return find_trial(trials_, text).title(); }
    std::string refused(const std::string& text) const {
        try {
            find_trial(trials_, text);
        } catch (const sweeps::UsageError& error) {
            return error.what();
        }
        return "found";
    }

    std::vector<TrialName> trials_;
};

TEST_F(TrialLookupTest, FindsByIdNameAliasHashAndUnambiguousBeginning) {
    EXPECT_EQ(found("aaaa1111aaaa1111.s1"), "main.s1");
    EXPECT_EQ(found("main.s1"), "main.s1");  // not main.s10
    EXPECT_EQ(found("default.s10"), "main.s10");
    EXPECT_EQ(found("aaaa1.s0"), "main.s0");
    EXPECT_EQ(found("bbbb"), "lr=0.1.s7");
    EXPECT_EQ(found("main_2"), "main_2.s0");  // the cell has one trial
    EXPECT_EQ(found("lr"), "lr=0.1.s7");
}

TEST_F(TrialLookupTest, SeveralAreNamedAndNoneIsChosen) {
    const std::string message = refused("main");
    EXPECT_NE(message.find("main.s0, main.s1, main.s10"), std::string::npos) << message;
    EXPECT_NE(refused("aaaa").find("main_2.s0"), std::string::npos);
    EXPECT_NE(refused("aaaa.s0").find("main.s0, main_2.s0"), std::string::npos);
}

TEST_F(TrialLookupTest, UnknownNamesGetTheNearestOne) {
    EXPECT_NE(refused("mian.s1").find("did you mean 'main.s1'"), std::string::npos);
    EXPECT_NE(refused("zzzzzzzzzz").find("no trial is called"), std::string::npos);
    EXPECT_NE(refused("").find("no trial is called"), std::string::npos);
    EXPECT_NE(refused("aaa").find("no trial is called"), std::string::npos);  // too few digits
}

TEST_F(TrialLookupTest, ACellStandsForItsTrialsWhereSeveralMayBeNamed) {
    std::vector<std::string> titles;
    for (const TrialName& trial : find_trials(trials_, "main")) {
        titles.push_back(trial.title());
    }
    EXPECT_EQ(titles, (std::vector<std::string>{"main.s0", "main.s1", "main.s10"}));
    EXPECT_EQ(find_trials(trials_, "aaaa1111aaaa1111").size(), 3U);
    EXPECT_EQ(find_trials(trials_, "main.s10").size(), 1U);
    EXPECT_THROW(find_trials(trials_, "nothing"), sweeps::UsageError);
}

}  // namespace
}  // namespace harrow::cli
