#include "storage/inbox.hpp"

#include <filesystem>
#include <fstream>
#include <set>

#include <gtest/gtest.h>

#include "storage/files.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::storage {
namespace {

namespace fs = std::filesystem;

class InboxTest : public ::testing::Test {
protected:
    static InboxRequest request(const std::string& verb, std::vector<std::string> trials) {
        return {"", verb, std::move(trials), "ann@node7", "2026-01-02T03:04:05Z"};
    }
    std::set<std::string> names() const {
        std::set<std::string> found;
        for (const auto& entry : fs::directory_iterator(inbox_.path())) {
            found.insert(entry.path().filename().string());
        }
        return found;
    }

    testing::TemporaryDirectory directory_;
    Inbox inbox_{directory_ / "inbox"};
};

TEST_F(InboxTest, RequestReachesTheOtherSideAndTheAnswerComesBack) {
    const std::string id = inbox_.post(request("cancel", {"a.s0", "b.s1"}));
    EXPECT_FALSE(inbox_.collect(id));

    const Inbox::Taken taken = inbox_.take();
    ASSERT_EQ(taken.requests.size(), 1U);
    EXPECT_TRUE(taken.warnings.empty());
    EXPECT_EQ(taken.requests[0].id, id);
    EXPECT_EQ(taken.requests[0].verb, "cancel");
    EXPECT_EQ(taken.requests[0].trials, (std::vector<std::string>{"a.s0", "b.s1"}));
    EXPECT_EQ(taken.requests[0].by, "ann@node7");
    EXPECT_EQ(taken.requests[0].time, "2026-01-02T03:04:05Z");

    inbox_.answer(id, {true, {"a.s0: cancelled", "b.s1: was finished"}});
    const std::optional<InboxAnswer> answer = inbox_.collect(id);
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->done);
    EXPECT_EQ(answer->lines.back(), "b.s1: was finished");
    EXPECT_TRUE(names().empty());
    EXPECT_FALSE(inbox_.collect(id));
}

TEST_F(InboxTest, TakesNothingWhereThereIsNoFolder) {
    EXPECT_TRUE(inbox_.take().requests.empty());
    EXPECT_FALSE(fs::exists(inbox_.path()));
    inbox_.remove_old_answers();
}

TEST_F(InboxTest, KeepsTheOrderOfPosting) {
    std::vector<std::string> posted;
    for (int number = 0; number < 20; ++number) {
        posted.push_back(inbox_.post(request("retry", {std::to_string(number)})));
    }
    EXPECT_EQ(std::set<std::string>(posted.begin(), posted.end()).size(), posted.size());
    EXPECT_EQ(inbox_.take().requests.size(), posted.size());
}

TEST_F(InboxTest, WithdrawnRequestIsNeverTakenAndATakenOneIsNotWithdrawn) {
    const std::string withdrawn = inbox_.post(request("cancel", {"a.s0"}));
    EXPECT_TRUE(inbox_.withdraw(withdrawn));
    EXPECT_TRUE(inbox_.take().requests.empty());

    const std::string taken = inbox_.post(request("cancel", {"a.s0"}));
    ASSERT_EQ(inbox_.take().requests.size(), 1U);
    EXPECT_FALSE(inbox_.withdraw(taken));
}

TEST_F(InboxTest, RequestOfAProcessThatDiedBeforeItsAnswerIsTakenAgain) {
    const std::string id = inbox_.post(request("cancel", {"a.s0"}));
    ASSERT_EQ(inbox_.take().requests.size(), 1U);
    const Inbox::Taken again = Inbox(inbox_.path()).take();
    ASSERT_EQ(again.requests.size(), 1U);
    EXPECT_EQ(again.requests[0].id, id);
    inbox_.answer(id, {true, {}});
    EXPECT_TRUE(inbox_.take().requests.empty());
}

TEST_F(InboxTest, AnyAlteredByteAndAnyCutMovesTheFileAsideAndSpoilsNothingElse) {
    const std::string id = inbox_.post(request("cancel", {"a.s0"}));
    const fs::path file = inbox_.path() / (id + ".request");
    const std::string good = read_file(file);
    std::vector<std::string> damaged;
    for (std::size_t at = 0; at < good.size(); ++at) {
        damaged.push_back(good.substr(0, at));
        damaged.push_back(good);
        damaged.back()[at] = static_cast<char>(damaged.back()[at] ^ 1);
    }
    for (const std::string& text : damaged) {
        std::ofstream(file, std::ios::trunc) << text;
        const std::string sound = inbox_.post(request("retry", {"b.s0"}));
        const Inbox::Taken taken = inbox_.take();
        ASSERT_EQ(taken.requests.size(), 1U) << text;
        EXPECT_EQ(taken.requests[0].id, sound);
        ASSERT_EQ(taken.warnings.size(), 1U);
        EXPECT_NE(taken.warnings[0].find(id), std::string::npos);
        inbox_.answer(sound, {true, {}});
        ASSERT_TRUE(inbox_.collect(sound));
        EXPECT_EQ(names(), std::set<std::string>{"damaged"});
    }
}

TEST_F(InboxTest, RequestWithoutAMemberIsMovedAside) {
    fs::create_directories(inbox_.path());
    // A sound checksum over something else: what another program might write.
    inbox_.answer("x", {true, {}});
    fs::rename(inbox_.path() / "x.answer", inbox_.path() / "x.request");
    const Inbox::Taken taken = inbox_.take();
    EXPECT_TRUE(taken.requests.empty());
    EXPECT_EQ(taken.warnings.size(), 1U);
    EXPECT_TRUE(fs::exists(inbox_.path() / "damaged" / "x.taken"));
}

TEST_F(InboxTest, DamagedAnswerSaysSo) {
    const std::string id = inbox_.post(request("cancel", {"a.s0"}));
    std::ofstream(inbox_.path() / (id + ".answer")) << "harrow-inbox 1 0000";
    const std::optional<InboxAnswer> answer = inbox_.collect(id);
    ASSERT_TRUE(answer);
    EXPECT_FALSE(answer->done);
    EXPECT_NE(answer->lines.at(0).find("cannot be read"), std::string::npos);
}

TEST_F(InboxTest, AnswersThatNobodyFetchedGoAfterADay) {
    inbox_.post(request("cancel", {"a.s0"}));
    inbox_.take();
    inbox_.answer("old", {true, {}});
    inbox_.answer("new", {true, {}});
    fs::last_write_time(inbox_.path() / "old.answer",
                        fs::file_time_type::clock::now() - std::chrono::hours(25));
    inbox_.remove_old_answers();
    EXPECT_FALSE(fs::exists(inbox_.path() / "old.answer"));
    EXPECT_TRUE(fs::exists(inbox_.path() / "new.answer"));
}

}  // namespace
}  // namespace harrow::storage
