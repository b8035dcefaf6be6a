#include "storage/run_directory.hpp"

#include <gtest/gtest.h>

#include "storage/journal.hpp"
#include "sweeps/error.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::storage {
namespace {

using sweeps::StorageError;
using sweeps::UsageError;
using namespace testing;

class RunDirectoryTest : public ::testing::Test {
protected:
    RunDirectoryTest() : run_(parent_ / "runs/one") {}
    void write_first_record() const {
        Journal journal = Journal::open(run_.journal_file());
        journal.append("sweep", "{}");
        journal.commit();
    }
    TemporaryDirectory parent_;
    RunDirectory run_;
};

TEST_F(RunDirectoryTest, NothingIsCreatedBeforePrepare) {
    EXPECT_EQ(run_.content(), DirectoryContent::Missing);
    EXPECT_THROW(run_.require_run(), UsageError);
    EXPECT_EQ(entries_in(parent_.path()), 0U);
}

TEST_F(RunDirectoryTest, MissingDirectoryIsCreatedEmpty) {
    run_.prepare();
    EXPECT_EQ(run_.content(), DirectoryContent::Fresh);
    EXPECT_EQ(entries_in(run_.path()), 0U);
}

TEST_F(RunDirectoryTest, AFirstRecordMakesItARun) {
    run_.prepare();
    write_first_record();
    EXPECT_EQ(run_.content(), DirectoryContent::Run);
    EXPECT_NO_THROW(run_.require_run());
    EXPECT_NO_THROW(run_.prepare());
}

TEST_F(RunDirectoryTest, ATornFirstRecordIsStartedAnew) {
    run_.prepare();
    write_first_record();
    const std::string bytes = slurp(run_.journal_file());
    spill(run_.journal_file(), bytes.substr(0, bytes.size() / 2));
    spill(run_.sweep_file(), "name: x\n");
    EXPECT_EQ(run_.content(), DirectoryContent::Fresh);
    EXPECT_NO_THROW(run_.prepare());
}

TEST_F(RunDirectoryTest, JobScriptsMayWaitForTheRun) {
    std::filesystem::create_directories(run_.path() / "slurm");
    EXPECT_EQ(run_.content(), DirectoryContent::Fresh);
    EXPECT_NO_THROW(run_.prepare());
}

TEST_F(RunDirectoryTest, ForeignContentIsRefusedAndUntouched) {
    run_.prepare();
    spill(run_.path() / "thesis.tex", "years of work");
    const std::string message = message_of<UsageError>([this] { run_.prepare(); });
    EXPECT_TRUE(contains(message, run_.path().string()));
    EXPECT_EQ(entries_in(run_.path()), 1U);
}

TEST_F(RunDirectoryTest, AFileInItsPlaceIsRefused) {
    spill(parent_ / "file", "x");
    EXPECT_THROW(RunDirectory(parent_ / "file").prepare(), UsageError);
    EXPECT_THROW(RunDirectory(parent_ / "file/run").prepare(), StorageError);
}

TEST_F(RunDirectoryTest, UnwritablePlaceNamesReasonAndCure) {
    // /proc refuses new entries to everybody, root included.
    const std::string message =
        message_of<StorageError>([] { RunDirectory("/proc/harrow-run").prepare(); });
    EXPECT_TRUE(contains(message, "/proc/harrow-run"));
    EXPECT_TRUE(contains(message, "; "));
    EXPECT_THROW(RunDirectory("/proc/self/fdinfo").prepare(), sweeps::Error);
}

TEST_F(RunDirectoryTest, PublishesWholeFilesOnly) {
    run_.prepare();
    run_.publish_sweep("name: x\n");
    run_.publish_manifest("{}\n");
    run_.publish_status("done\n");
    run_.publish_results({{"c.s0", "c", "main", 0, 0, "mean", "routed", "image_auroc", 0.5}});
    run_.publish_cells({"train.lr"}, {{"c", "main", {"main"}, {}, {0}, {"0.1"}}});
    EXPECT_EQ(entries_in(run_.path()), 5U);
    EXPECT_EQ(slurp(run_.status_file()), "done\n");
    EXPECT_EQ(parse_results_csv(slurp(run_.results_file()), "results.csv").size(), 1U);
    EXPECT_EQ(run_.training_directory("0123"), run_.path() / "trainings/0123");
    EXPECT_EQ(run_.scores_file("0123"), run_.path() / "trainings/0123/scores.h5");
}

}  // namespace
}  // namespace harrow::storage
