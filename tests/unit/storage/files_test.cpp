#include "storage/files.hpp"

#include <cerrno>
#include <chrono>
#include <utility>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sweeps/error.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::storage {
namespace {

using sweeps::StorageError;
using namespace testing;

TEST(FilesTest, AtomicWriteReplacesTheContentAndLeavesNothingElse) {
    const TemporaryDirectory directory;
    write_file_atomic(directory / "status", "first");
    write_file_atomic(directory / "status", std::string("second\0bytes", 12));
    EXPECT_EQ(read_file(directory / "status"), std::string("second\0bytes", 12));
    EXPECT_EQ(entries_in(directory.path()), 1U);
}

TEST(FilesTest, FullDiskKeepsTheOldContentAndLeavesNoTemporaryFile) {
    const TemporaryDirectory directory;
    write_file_atomic(directory / "status", "old");
    const std::string message = message_of<StorageError>([&] {
        const FileSizeLimit full(100);
        write_file_atomic(directory / "status", std::string(5000, 'x'));
    });
    EXPECT_TRUE(contains(message, (directory / "status").string()));
    EXPECT_EQ(read_file(directory / "status"), "old");
    EXPECT_EQ(entries_in(directory.path()), 1U);
}

TEST(FilesTest, FailedRenameLeavesNoTemporaryFile) {
    const TemporaryDirectory directory;
    std::filesystem::create_directory(directory / "status");
    EXPECT_THROW(write_file_atomic(directory / "status", "x"), StorageError);
    EXPECT_EQ(entries_in(directory.path()), 1U);
}

TEST(FilesTest, MessagesNamePathReasonAndCure) {
    const std::string full = io_error_text("write", "/runs/a/journal.jsonl", ENOSPC);
    EXPECT_TRUE(contains(full, "/runs/a/journal.jsonl"));
    EXPECT_TRUE(contains(full, "No space left on device"));
    EXPECT_TRUE(contains(full, "free some space"));
    EXPECT_TRUE(contains(io_error_text("create", "/runs", EROFS), "choose another directory"));
    EXPECT_TRUE(contains(io_error_text("create", "/runs", EACCES), "permissions"));
}

TEST(FilesTest, DirectoryUnderAFileIsRefused) {
    const TemporaryDirectory directory;
    spill(directory / "file", "x");
    EXPECT_THROW(storage::create_directories(directory / "file/below"), StorageError);
    EXPECT_THROW(storage::create_directories(directory / "file"), StorageError);
    EXPECT_THROW(read_file(directory / "missing"), StorageError);
}

TEST(FilesTest, OnlyWhatIsSurelyNotThereIsAbsent) {
    using Presence = FileLook::Presence;
    namespace fs = std::filesystem;
    const TemporaryDirectory directory;
    spill(directory / "file", "x");
    fs::create_symlink("loop", directory / "loop");
    fs::create_symlink("nowhere", directory / "dangling");
    EXPECT_EQ(look_at_file(directory / "file").presence, Presence::Regular);
    for (const char* absent : {"none", "none/below/it"}) {
        EXPECT_EQ(look_at_file(directory / absent).presence, Presence::Absent) << absent;
    }
    EXPECT_EQ(look_at_file("surely-not-here").presence, Presence::Absent);
    EXPECT_EQ(look_at_file("").presence, Presence::Absent);
    for (const auto& [path, why] : {std::make_pair("loop", "symbolic links"),
                                    std::make_pair("loop/below", "symbolic links"),
                                    std::make_pair("dangling", "is a symbolic link to nowhere"),
                                    std::make_pair("dangling/a/b", "dangling is a symbolic link"),
                                    std::make_pair("file/below", "file is no folder"),
                                    std::make_pair("", "is a folder")}) {
        const FileLook look = look_at_file(directory / path);
        EXPECT_EQ(look.presence, Presence::Other) << path;
        EXPECT_TRUE(contains(look.why, why)) << path << ": " << look.why;
    }
}

TEST(FilesTest, PendingFileIsInvisibleUntilPublishedAndGoesWhenDropped) {
    const TemporaryDirectory directory;
    {
        PendingFile first(directory / "a");
        PendingFile second(directory / "a");
        EXPECT_NE(first.temporary(), second.temporary());
        write_all(second.descriptor(), "second", second.target());
        PendingFile moved(std::move(second));
        moved.publish();
        EXPECT_EQ(slurp(directory / "a"), "second");
    }
    EXPECT_EQ(entries_in(directory.path()), 1U);
}

TEST(FilesTest, OldTemporariesOfDeadProcessesAreRemovedAndNoOthers) {
    const TemporaryDirectory directory;
    const pid_t dead = ::fork();
    if (dead == 0) {
        ::_exit(0);
    }
    ::waitpid(dead, nullptr, 0);
    const std::string stem = ".x.h5.tmp." + host_name() + ".";
    const auto make = [&directory](const std::string& name, int hours_old) {
        spill(directory / name, "x");
        std::filesystem::last_write_time(
            directory / name,
            std::filesystem::file_time_type::clock::now() - std::chrono::hours(hours_old));
    };
    make(stem + std::to_string(dead) + ".0", 30);
    make(stem + std::to_string(dead) + ".1", 1);
    make(stem + std::to_string(::getpid()) + ".0", 30);
    make(".x.h5.tmp.elsewhere." + std::to_string(dead) + ".0", 30);
    make("x.h5", 30);
    remove_stale_temporaries(directory.path());
    EXPECT_EQ(entries_in(directory.path()), 4U);
    EXPECT_FALSE(std::filesystem::exists(directory / (stem + std::to_string(dead) + ".0")));
}

}  // namespace
}  // namespace harrow::storage
