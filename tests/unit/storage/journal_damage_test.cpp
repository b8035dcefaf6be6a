// A small journal of a whole run, cut and altered at every byte: what is read back is a beginning
// of what was written, or the journal is refused with the offset.
#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "storage/journal.hpp"
#include "storage/journal_records.hpp"
#include "storage/run_state.hpp"
#include "sweeps/error.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::storage {
namespace {

using sweeps::StorageError;
using namespace testing;

class JournalDamageTest : public ::testing::Test {
protected:
    JournalDamageTest() {
        write();
        whole_ = slurp(file());
        for (std::size_t end = 0; (end = whole_.find('\n', end)) != std::string::npos; ++end) {
            ends_.push_back(end + 1);
        }
        const std::vector<JournalRecord> records = read_journal(file()).records;
        for (std::size_t count = 0; count <= records.size(); ++count) {
            const RunState state = replay({records.begin(), records.begin() + count});
            csv_by_records_.push_back(results_to_csv(result_rows(state)));
        }
    }

    std::filesystem::path file() const { return directory_ / "journal.jsonl"; }

    void write() const {
        SweepRecord sweep;
        sweep.name = "demo";
        sweep.text = "name: demo\n";
        sweep.cells = {{"aa", "main", {"main"}, {}, {0, 1}}};
        sweep.trials = 2;
        Journal journal = Journal::open(file());
        append_record(journal, sweep);
        append_record(journal, SessionStartRecord{"n", 1, 1, 1, "2026-01-01T00:00:00Z"});
        journal.commit();
        append_record(journal, StartedRecord{UnitKind::Training, "t0", 1, "n/0", "n", ""});
        append_record(journal, CheckpointRecord{"t0", 1, 0, 5, 1234, ""});
        append_record(journal,
                      FailedRecord{UnitKind::Training, "t0", 1, "lost", "SIGKILL", false, {}});
        append_record(journal, ResumedRecord{"t0", 2, 0, 5, ""});
        append_record(journal, TrainedRecord{"t0", 1.5, "n/0", 2});
        append_record(journal,
                      FinishedRecord{"t0", {{"aa.s0", {{0, "a", "routed", "m", 0.25}}, {}}}});
        journal.commit();
        append_record(journal, CancelledRecord{{"aa.s1"}, "me@n", ""});
        append_record(journal, RetriedRecord{{"aa.s1"}, "me@n", ""});
        append_record(journal, LostRankRecord{1, "n1", "silent", ""});
        append_record(journal,
                      FinishedRecord{"t1", {{"aa.s1", {{0, "a", "routed", "m", 0.5}}, {}}}});
        append_record(journal, SessionEndRecord{"done", "2026-01-01T00:01:00Z"});
        journal.commit();
    }

    /// Complete records among the first `bytes` bytes.
    std::size_t complete(std::size_t bytes) const {
        return static_cast<std::size_t>(std::upper_bound(ends_.begin(), ends_.end(), bytes) -
                                        ends_.begin());
    }

    std::size_t begin_of_record_at(std::size_t byte) const {
        const std::size_t before = complete(byte);
        return before == 0 ? 0 : ends_[before - 1];
    }

    /// Rows of the file as it now is, as results.csv has them.
    std::string csv() const {
        return results_to_csv(result_rows(replay(read_journal(file()).records)));
    }

    /// Alters one byte in place.
    void put(std::size_t at, char value) const {
        std::fstream stream(file(), std::ios::binary | std::ios::in | std::ios::out);
        stream.seekp(static_cast<std::streamoff>(at));
        stream.put(value);
    }

    TemporaryDirectory directory_;
    std::string whole_;
    std::vector<std::size_t> ends_;            ///< byte after each record
    std::vector<std::string> csv_by_records_;  ///< rows after each number of records
};

TEST_F(JournalDamageTest, TheExampleHasRowsAndEveryTypeOfRecordThatTheyDependOn) {
    EXPECT_EQ(ends_.size(), 13U);
    EXPECT_NE(csv_by_records_.front(), csv_by_records_.back());
}

TEST_F(JournalDamageTest, CutAnywhereItsRowsAreThoseOfTheCompleteRecords) {
    for (std::size_t length = 0; length <= whole_.size(); ++length) {
        spill(file(), whole_.substr(0, length));
        const JournalContents contents = read_journal(file());
        ASSERT_EQ(contents.records.size(), complete(length)) << length;
        ASSERT_EQ(csv(), csv_by_records_[complete(length)]) << length;
    }
}

/// Every bit, and a byte that would end a line or a text.
TEST_F(JournalDamageTest, AnyByteAlteredIsRefusedWithItsOffsetOrCutOff) {
    const std::string mask = {'\x01', '\x02', '\x04', '\x08', '\x10', '\x20', '\x40', '\x80'};
    for (std::size_t at = 0; at < whole_.size(); ++at) {
        std::vector<char> values = {'\n', '\0', '"', '}'};
        for (const char bit : mask) {
            values.push_back(static_cast<char>(whole_[at] ^ bit));
        }
        for (const char value : values) {
            if (value == whole_[at]) {
                continue;
            }
            put(at, value);
            try {
                // Only the end of the last line may go unnoticed: it makes a torn tail.
                ASSERT_EQ(csv(), csv_by_records_[complete(at)]) << at;
                ASSERT_EQ(at, whole_.size() - 1) << static_cast<int>(value);
            } catch (const StorageError& error) {
                const std::string offset = "byte " + std::to_string(begin_of_record_at(at)) + " ";
                ASSERT_TRUE(contains(error.what(), offset)) << at << " " << static_cast<int>(value);
            }
        }
        put(at, whole_[at]);
    }
}

TEST_F(JournalDamageTest, AByteLostOrAddedIsNoticed) {
    for (std::size_t at = 0; at + 1 < whole_.size(); at += 5) {
        std::string shorter = whole_;
        shorter.erase(at, 1);
        std::string longer = whole_;
        longer.insert(at, 1, whole_[at]);
        for (const std::string& altered : {shorter, longer}) {
            spill(file(), altered);
            ASSERT_THROW(csv(), StorageError) << at;
        }
    }
}

}  // namespace
}  // namespace harrow::storage
