#include "storage/journal.hpp"

#include <algorithm>
#include <cerrno>
#include <stdexcept>

#include <fcntl.h>
#include <gtest/gtest.h>

#include "sweeps/error.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::storage {
namespace {

using sweeps::StorageError;
using sweeps::UsageError;
using namespace testing;

class JournalTest : public ::testing::Test {
protected:
    std::filesystem::path file() const { return directory_ / "journal.jsonl"; }

    /// Three records in two commits.
    std::string write_example() const {
        Journal journal = Journal::open(file());
        journal.append("sweep", R"({"name":"a"})");
        journal.commit();
        journal.append("started", R"({"key":"k","text":"\"}\n"})");
        journal.append("finished", R"({})");
        journal.commit();
        return slurp(file());
    }

    TemporaryDirectory directory_;
};

TEST_F(JournalTest, ReplaysWhatWasCommittedAndGoesOnCounting) {
    write_example();
    {
        Journal again = Journal::open(file());
        ASSERT_EQ(again.replayed().size(), 3U);
        EXPECT_EQ(again.torn_tail(), "");
        EXPECT_EQ(again.replayed()[1].seq, 2U);
        EXPECT_EQ(again.replayed()[1].type, "started");
        EXPECT_EQ(again.replayed()[1].json, R"({"key":"k","text":"\"}\n"})");
        again.append("failed", "{}");
        again.commit();
    }
    EXPECT_EQ(read_journal(file()).records.back().seq, 4U);
}

TEST_F(JournalTest, NothingIsDurableBeforeCommit) {
    Journal journal = Journal::open(file());
    journal.append("sweep", "{}");
    EXPECT_EQ(slurp(file()), "");
    journal.commit();
    EXPECT_EQ(read_journal(file()).records.size(), 1U);
    journal.commit();
    EXPECT_EQ(read_journal(file()).records.size(), 1U);
}

TEST_F(JournalTest, CutAtEveryByteReplaysTheCompleteRecordsAndSaysWhatWasLost) {
    const std::string bytes = write_example();
    for (std::size_t length = 0; length <= bytes.size(); ++length) {
        const std::string cut = bytes.substr(0, length);
        spill(file(), cut);
        const auto complete = static_cast<std::size_t>(std::count(cut.begin(), cut.end(), '\n'));
        const bool torn = !cut.empty() && cut.back() != '\n';
        const JournalContents seen = read_journal(file());
        EXPECT_EQ(seen.records.size(), complete);
        EXPECT_EQ(!seen.torn_tail.empty(), torn);
        EXPECT_EQ(slurp(file()), cut) << "reading must not change the file";

        Journal journal = Journal::open(file());
        ASSERT_EQ(journal.replayed().size(), complete) << length;
        ASSERT_EQ(!journal.torn_tail().empty(), torn) << length;
        journal.append("finished", R"({"after":"the cut"})");
        journal.commit();
        const JournalContents after = read_journal(file());
        ASSERT_EQ(after.records.size(), complete + 1) << length;
        ASSERT_EQ(after.torn_tail, "") << length;
    }
}

TEST_F(JournalTest, EveryAlteredByteOfACompleteRecordIsRefusedWithItsOffset) {
    const std::string bytes = write_example();
    const std::size_t begin = bytes.find('\n') + 1;
    const std::size_t end = bytes.find('\n', begin) + 1;
    for (std::size_t i = begin; i < end; ++i) {
        for (const int flip : {1, 0x20}) {
            std::string altered = bytes;
            altered[i] = static_cast<char>(altered[i] ^ flip);
            spill(file(), altered);
            const std::string message = message_of<StorageError>([&] { read_journal(file()); });
            ASSERT_TRUE(contains(message, "byte " + std::to_string(begin))) << i;
            ASSERT_THROW(Journal::open(file()), StorageError) << i;
            ASSERT_EQ(slurp(file()), altered) << "a refused journal is left as it is";
        }
    }
}

TEST_F(JournalTest, LostNewlineOfTheLastRecordIsReported) {
    std::string bytes = write_example();
    bytes.back() = ' ';
    spill(file(), bytes);
    const JournalContents contents = read_journal(file());
    EXPECT_EQ(contents.records.size(), 2U);
    EXPECT_NE(contents.torn_tail, "");
}

TEST_F(JournalTest, RemovedRepeatedAndSwappedRecordsAreRefused) {
    const std::string bytes = write_example();
    const std::size_t one = bytes.find('\n') + 1;
    const std::size_t two = bytes.find('\n', one) + 1;
    const std::string a = bytes.substr(0, one);
    const std::string b = bytes.substr(one, two - one);
    const std::string c = bytes.substr(two);
    for (const std::string& order : {a + c, a + a + b + c, a + c + b, b + c}) {
        spill(file(), order);
        EXPECT_TRUE(contains(message_of<StorageError>([&] { read_journal(file()); }), "sequence"));
    }
}

TEST_F(JournalTest, AnotherFormatVersionIsNamed) {
    std::string bytes = write_example();
    bytes.replace(bytes.find("{\"v\":1"), 6, "{\"v\":2");
    spill(file(), bytes);
    const std::string message = message_of<StorageError>([&] { read_journal(file()); });
    EXPECT_TRUE(contains(message, "version 2"));
    EXPECT_TRUE(contains(message, "byte 0"));
}

TEST_F(JournalTest, FullDiskLeavesAValidJournalAndACommitMaySucceedLater) {
    Journal journal = Journal::open(file());
    journal.append("sweep", "{}");
    journal.commit();
    const std::string before = slurp(file());
    journal.append("started", "{\"note\":\"" + std::string(500, 'x') + "\"}");
    const std::string message = message_of<StorageError>([&] {
        const FileSizeLimit full(before.size() + 100);
        journal.commit();
    });
    EXPECT_TRUE(contains(message, file().string()));
    EXPECT_EQ(slurp(file()), before);
    journal.append("finished", "{}");
    journal.commit();
    EXPECT_EQ(read_journal(file()).records.size(), 3U);
}

TEST_F(JournalTest, ADiskWithoutRoomIsToldApartFromABrokenOne) {
    EXPECT_TRUE(tells_of_no_space(io_error_text("write", "/x", ENOSPC)));
    EXPECT_TRUE(tells_of_no_space(io_error_text("write", "/x", EDQUOT)));
    EXPECT_FALSE(tells_of_no_space(io_error_text("write", "/x", EIO)));
    EXPECT_THROW(throw_io_error("write", "/x", ENOSPC), NoSpaceError);
    try {
        throw_io_error("write", "/x", EIO);
    } catch (const NoSpaceError&) {
        FAIL() << "it would be waited for";
    } catch (const StorageError& error) {
        EXPECT_TRUE(contains(error.what(), "/x"));
    }
    const FileDescriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    EXPECT_THROW(write_all(full.get(), "some bytes", "/dev/full"), NoSpaceError);
}

TEST_F(JournalTest, RoomIsTriedByWritingAndNothingStays) {
    EXPECT_TRUE(has_room_for(directory_.path(), 1U << 20U));
    EXPECT_EQ(entries_in(directory_.path()), 0U);
    const FileSizeLimit full(1U << 16U);
    EXPECT_FALSE(has_room_for(directory_.path(), 1U << 20U));
    EXPECT_EQ(entries_in(directory_.path()), 0U);
    EXPECT_FALSE(has_room_for(directory_ / "missing", 1));
}

TEST_F(JournalTest, ASecondWriterIsRefusedWhileReadersAreNot) {
    Journal journal = Journal::open(file());
    journal.append("sweep", "{}");
    journal.commit();
    EXPECT_THROW(Journal::open(file()), UsageError);
    EXPECT_EQ(read_journal(file()).records.size(), 1U);
}

TEST_F(JournalTest, WhatIsNoOneLineObjectIsAProgrammingError) {
    Journal journal = Journal::open(file());
    EXPECT_THROW(journal.append("sweep", "{\n}"), std::logic_error);
    EXPECT_THROW(journal.append("sweep", "[]"), std::logic_error);
    EXPECT_THROW(journal.append("Sweep\"", "{}"), std::logic_error);
    journal.commit();
    EXPECT_EQ(slurp(file()), "");
}

TEST_F(JournalTest, MissingFileIsAnError) {
    EXPECT_THROW(read_journal(file()), StorageError);
}

/// A follower whose news are kept.
class Following {
public:
    explicit Following(const std::filesystem::path& file) : follower_(file) {}

    struct News {
        std::vector<JournalRecord> records;
        bool anew = false;
    };
    News read() {
        News news;
        const auto forget = [&news] {
            news.records.clear();
            news.anew = true;
        };
        follower_.read(forget,
                       [&](const JournalRecord& record) { news.records.push_back(record); });
        return news;
    }

private:
    JournalFollower follower_;
};

TEST_F(JournalTest, FollowerSeesEachRecordOnceAndWaitsForTheEndOfALine) {
    Following follower(file());
    EXPECT_THROW(follower.read(), StorageError);
    const std::string text = write_example();
    std::size_t records = 0;
    for (std::size_t bytes = 0; bytes <= text.size(); ++bytes) {
        spill(file(), text.substr(0, bytes));
        for (const JournalRecord& record : follower.read().records) {
            EXPECT_EQ(record.seq, ++records);
            EXPECT_EQ(text[bytes - 1], '\n');
        }
    }
    EXPECT_EQ(records, 3U);
    EXPECT_FALSE(follower.read().anew);
}

TEST_F(JournalTest, FollowerStartsAnewWhenWhatItReadWasCutOff) {
    const std::string text = write_example();
    Following follower(file());
    EXPECT_TRUE(follower.read().anew);
    spill(file(), text.substr(0, text.find('\n') + 1));
    Following::News news = follower.read();
    EXPECT_TRUE(news.anew);
    EXPECT_EQ(news.records.size(), 1U);

    // Cut and written again, longer than before: the sequence tells.
    spill(file(), text);
    EXPECT_EQ(follower.read().records.size(), 2U);
    std::string other = text.substr(0, text.find('\n') + 1);
    {
        spill(file(), other);
        Journal journal = Journal::open(file());
        for (int record = 0; record < 20; ++record) {
            journal.append("another", R"({"with":"a longer text than the one before"})");
        }
        journal.commit();
    }
    news = follower.read();
    EXPECT_TRUE(news.anew);
    EXPECT_EQ(news.records.size(), 21U);

    spill(file(), text.substr(0, 5) + "x" + text.substr(6));
    EXPECT_THROW(follower.read(), StorageError);
}

}  // namespace
}  // namespace harrow::storage
