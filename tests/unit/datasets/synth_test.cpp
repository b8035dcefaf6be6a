#include "storage/datasets/synth.hpp"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "storage/datasets/dataset.hpp"
#include "storage/datasets/image.hpp"
#include "sweeps/error.hpp"
#include "tests/unit/datasets/picture_files.hpp"

namespace harrow::tests {
namespace {

namespace fs = std::filesystem;
using storage::SynthOptions;

/// Relative path to content, of every file below `root`.
std::map<std::string, std::string> contents(const fs::path& root) {
    std::map<std::string, std::string> files;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root)) {
        if (entry.is_regular_file()) {
            files[fs::relative(entry.path(), root).string()] = read_bytes(entry.path());
        }
    }
    return files;
}

class SynthTest : public ::testing::Test {
protected:
    fs::path make(const std::string& name, SynthOptions options) const {
        storage::write_synthetic_dataset(folder_.path() / name, options);
        return folder_.path() / name;
    }
    TemporaryFolder folder_;
};

TEST_F(SynthTest, EveryKindIsAValidDataSetWithVisibleDefects) {
    for (const std::uint64_t seed : {0U, 1U}) {
        const fs::path root = make("data" + std::to_string(seed), {10, 64, seed, "mvtec"});
        const storage::DatasetListing listing = storage::list_dataset("mvtec", root);
        EXPECT_TRUE(listing.problems.empty()) << ::testing::PrintToString(listing.problems);
        ASSERT_EQ(listing.dataset.classes.size(), 10U);
        for (const storage::DatasetClass& one : listing.dataset.classes) {
            EXPECT_EQ(one.train.size(), 30U) << one.name;
            EXPECT_EQ(one.test.size(), 12U + 3U * 6U) << one.name;
            for (const storage::ImageEntry& image : one.test) {
                const std::vector<std::uint8_t> mask =
                    storage::load_mask(listing.dataset, image, 64, storage::Resize::ShorterSide);
                const auto pixels = std::count(mask.begin(), mask.end(), 1);
                EXPECT_EQ(pixels > 0, image.defective) << image.relative_path;
                EXPECT_LT(pixels, 64 * 64 / 2) << image.relative_path;
            }
        }
    }
}

TEST_F(SynthTest, SameSeedSamePicturesAndAnotherSeedOthers) {
    const auto first = contents(make("first", {2, 32, 7, "mvtec"}));
    EXPECT_EQ(contents(make("again", {2, 32, 7, "mvtec"})), first);
    const auto other = contents(make("other", {2, 32, 8, "mvtec"}));
    ASSERT_EQ(other.size(), first.size());
    for (const auto& [name, bytes] : other) {
        if (name.find("ground_truth") == std::string::npos) {
            EXPECT_NE(bytes, first.at(name)) << name;
        }
    }
}

TEST_F(SynthTest, AClassDoesNotDependOnHowManyThereAre) {
    const auto few = contents(make("few", {2, 32, 0, "mvtec"}));
    const auto many = contents(make("many", {9, 32, 0, "mvtec"}));
    for (const auto& [name, bytes] : few) {
        ASSERT_TRUE(many.count(name)) << name;
        EXPECT_EQ(many.at(name), bytes) << name;
    }
}

TEST_F(SynthTest, RefusesOptionsOutOfRangeAllAtOnce) {
    try {
        make("data", {0, 2000, 0, "mvtec"});
        FAIL() << "expected UsageError";
    } catch (const sweeps::UsageError& error) {
        EXPECT_EQ(error.problems().size(), 2U);
    }
    EXPECT_FALSE(fs::exists(folder_.path() / "data"));
}

TEST_F(SynthTest, RefusesAnUnknownLayout) {
    EXPECT_THROW(make("data", {1, 32, 0, "cubes"}), sweeps::UsageError);
    EXPECT_FALSE(fs::exists(folder_.path() / "data"));
}

TEST_F(SynthTest, FillsAnEmptyDirectoryAndRefusesAFullOne) {
    fs::create_directory(folder_.path() / "data");
    make("data/", {1, 32, 0, "mvtec"});
    const auto before = contents(folder_.path());
    EXPECT_THROW(make("data", {1, 32, 1, "mvtec"}), sweeps::UsageError);
    EXPECT_THROW(make("data/capsule/train/good/000.png", {1, 32, 1, "mvtec"}), sweeps::UsageError);
    EXPECT_EQ(contents(folder_.path()), before);
}

TEST_F(SynthTest, LeavesNothingBehindWhenItCannotPublish) {
    write_bytes(folder_.path() / "file", "in the way");
    EXPECT_THROW(make("file/data", {1, 32, 0, "mvtec"}), sweeps::StorageError);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 1);
}

}  // namespace
}  // namespace harrow::tests
