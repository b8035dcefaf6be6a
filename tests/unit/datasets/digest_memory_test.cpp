#include "storage/datasets/digest_memory.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "storage/datasets/dataset.hpp"
#include "storage/datasets/synth.hpp"
#include "sweeps/error.hpp"
#include "tests/unit/datasets/picture_files.hpp"

namespace harrow::tests {
namespace {

namespace fs = std::filesystem;
using storage::DigestMemory;
using storage::FileFacts;

const FileFacts kFacts{1, 2, 3, 4'000'000'000, 5'000'000'000};
const std::string kDigest(32, 'a');

/// Found, remembered and written, then read again.
DigestMemory reread(const DigestMemory& memory) {
    return DigestMemory::parse(memory.to_text());
}

TEST(DigestMemoryTest, KnowsAFileByAllItsFacts) {
    DigestMemory memory;
    memory.remember("a b.png", kFacts, kDigest);
    DigestMemory again = reread(memory);
    EXPECT_FALSE(again.has_changed());
    EXPECT_EQ(again.find("a b.png", kFacts), kDigest);
    EXPECT_FALSE(again.find("b.png", kFacts));
    for (int field = 0; field < 5; ++field) {
        FileFacts other = kFacts;
        other.device += field == 0;
        other.inode += field == 1;
        other.bytes += field == 2;
        other.modified_ns += field == 3;
        other.changed_ns += field == 4;
        EXPECT_FALSE(again.find("a b.png", other)) << field;
    }
}

TEST(DigestMemoryTest, ForgetsWhatNobodyAskedFor) {
    DigestMemory memory;
    memory.remember("old", kFacts, kDigest);
    memory.remember("new", kFacts, kDigest);
    DigestMemory second = reread(memory);
    second.find("new", kFacts);
    DigestMemory third = reread(second);
    EXPECT_TRUE(third.find("new", kFacts));
    EXPECT_FALSE(third.find("old", kFacts));
}

TEST(DigestMemoryTest, KeepsWhatNobodyAskedForAfterALookAtAPart) {
    DigestMemory memory;
    memory.remember("other", kFacts, kDigest);
    DigestMemory second = reread(memory);
    second.remember("mine", kFacts, kDigest);
    second.keep_all();
    EXPECT_TRUE(reread(second).find("other", kFacts));
}

TEST(DigestMemoryTest, DamagedTextIsAnEmptyMemory) {
    DigestMemory memory;
    memory.remember("a", kFacts, kDigest);
    memory.remember("line\nbreak", kFacts, kDigest);  // not kept: lines end there
    const std::string text = memory.to_text();
    EXPECT_FALSE(DigestMemory::parse(text).find("line\nbreak", kFacts));
    for (std::size_t i = 0; i < text.size(); ++i) {
        EXPECT_FALSE(DigestMemory::parse(text.substr(0, i)).find("a", kFacts)) << i;
        std::string damaged = text;
        damaged[i] ^= 1;
        EXPECT_FALSE(DigestMemory::parse(damaged).find("a", kFacts)) << i;
    }
}

TEST(DigestMemoryTest, FreshFilesAreNotSettled) {
    EXPECT_TRUE(storage::is_settled(kFacts, 7'000'000'001));
    EXPECT_FALSE(storage::is_settled(kFacts, 7'000'000'000));  // changed 2 s ago
    EXPECT_FALSE(storage::is_settled({1, 2, 3, 9'000'000'000, 0}, 7'000'000'001));  // in the future
}

class DigestFilesTest : public ::testing::Test {
protected:
    void write(const std::string& text) const { write_bytes(file_, text); }
    /// Facts that any digest of the file would be remembered under, had it settled.
    FileFacts facts() const { return *storage::file_facts(file_); }

    TemporaryFolder folder_;
    fs::path file_ = folder_.path() / "picture.png";
};

TEST_F(DigestFilesTest, AKnownFileIsNotRead) {
    write("some bytes");
    DigestMemory memory;
    memory.remember(file_.string(), facts(), kDigest);  // which only the memory can say
    EXPECT_EQ(storage::file_digest(file_, &memory), kDigest);
    EXPECT_EQ(storage::file_digest(file_, nullptr), sweeps::hash_text("some bytes"));
}

TEST_F(DigestFilesTest, AChangedFileIsReadEvenWithItsOldTimeAndSize) {
    write("some bytes");
    const FileFacts before = facts();
    DigestMemory memory;
    memory.remember(file_.string(), before, kDigest);
    do {  // until the clock of the file system has moved on
        write("SOME BYTES");
        const timespec old = {before.modified_ns / 1'000'000'000,
                              before.modified_ns % 1'000'000'000};
        const timespec times[] = {old, old};
        ASSERT_EQ(::utimensat(AT_FDCWD, file_.c_str(), times, 0), 0);
    } while (facts().changed_ns == before.changed_ns);
    EXPECT_EQ(facts().modified_ns, before.modified_ns);
    EXPECT_EQ(storage::file_digest(file_, &memory), sweeps::hash_text("SOME BYTES"));
}

TEST_F(DigestFilesTest, AFreshFileIsNotRemembered) {
    write("some bytes");
    DigestMemory memory;
    EXPECT_EQ(storage::file_digest(file_, &memory), sweeps::hash_text("some bytes"));
    EXPECT_FALSE(memory.has_changed());
}

TEST_F(DigestFilesTest, AMissingFileIsNamed) {
    DigestMemory memory;
    EXPECT_THROW(storage::file_digest(file_, &memory), sweeps::DataError);
}

TEST_F(DigestFilesTest, SavingAndLoadingNeedNoDirectoryAndNeverThrow) {
    DigestMemory memory;
    memory.remember("a", kFacts, kDigest);
    const fs::path file = folder_.path() / "cache/digests/x";
    storage::save_digest_memory(file, memory);
    EXPECT_EQ(storage::load_digest_memory(file).find("a", kFacts), kDigest);
    EXPECT_FALSE(storage::load_digest_memory(folder_.path()).find("a", kFacts));
    storage::save_digest_memory(file / "below a file", memory);
}

TEST_F(DigestFilesTest, DigestsOfADataSetDoNotDependOnTheMemory) {
    const fs::path root = folder_.path() / "data";
    storage::write_synthetic_dataset(root, {1, 32, 3, "mvtec"});
    const storage::Dataset dataset = storage::list_dataset("mvtec", root).dataset;
    const storage::DatasetClass& found = dataset.classes.at(0);
    DigestMemory memory;
    for (const storage::ImageEntry& image : found.test) {  // as if they had settled
        for (const std::string& path : {image.relative_path, image.mask_path}) {
            const fs::path file = root / path;
            if (!path.empty()) {
                memory.remember(
                    file.string(), *storage::file_facts(file), storage::file_digest(file, nullptr));
            }
        }
    }
    EXPECT_EQ(storage::images_digest(dataset, found.test, nullptr, &memory),
              storage::images_digest(dataset, found.test));
    EXPECT_EQ(storage::labels_digest(dataset, found.test, &memory),
              storage::labels_digest(dataset, found.test));
}

}  // namespace
}  // namespace harrow::tests
