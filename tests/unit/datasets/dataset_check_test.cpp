#include "storage/datasets/dataset_check.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "storage/datasets/dataset.hpp"
#include "storage/datasets/image.hpp"
#include "storage/datasets/synth.hpp"
#include "tests/unit/datasets/picture_files.hpp"

namespace harrow::tests {
namespace {

namespace fs = std::filesystem;
using storage::CheckFinding;
using Level = CheckFinding::Level;

class DatasetCheckTest : public ::testing::Test {
protected:
    DatasetCheckTest() { storage::write_synthetic_dataset(root(), {2, 32, 3, "mvtec"}); }
    fs::path root() const { return folder_.path() / "data"; }
    storage::DatasetCheck check() const { return storage::check_dataset("mvtec", root(), 2); }
    /// The only finding, or one of kind "" when there is another number of them.
    CheckFinding only_finding() const {
        const storage::DatasetCheck done = check();
        if (done.findings.size() != 1) {
            for (const CheckFinding& finding : done.findings) {
                ADD_FAILURE() << finding.kind << ": " << finding.message;
            }
            return {};
        }
        return done.findings[0];
    }
    void copy(const char* from, const char* to) const {
        fs::copy_file(root() / from, root() / to, fs::copy_options::overwrite_existing);
    }

    TemporaryFolder folder_;
};

TEST_F(DatasetCheckTest, CountsClassesSplitsTypesAndMasks) {
    for (const std::string& layout : storage::layouts()) {
        const fs::path other = folder_.path() / layout;
        storage::write_synthetic_dataset(other, {2, 32, 3, layout});
        const bool is_ad2 = layout == "mvtec_ad2";
        const std::int64_t images = is_ad2 ? 132 : 120;
        std::int64_t calls = 0;
        const storage::DatasetCheck done = storage::check_dataset(
            layout, other, 3, [&calls, images](std::int64_t number, std::int64_t total) {
                EXPECT_EQ(number, ++calls);
                EXPECT_EQ(total, images);
            });
        EXPECT_EQ(calls, images);
        EXPECT_TRUE(done.findings.empty()) << layout << ": " << done.findings[0].message;
        EXPECT_FALSE(done.has_problems());
        EXPECT_EQ(done.images, images);
        ASSERT_EQ(done.classes.size(), 2U);
        EXPECT_EQ(done.classes[0].name, is_ad2 ? "fabric" : "capsule");
        EXPECT_EQ(done.classes[0].train, 30);
        EXPECT_EQ(done.classes[0].test, 30);
        EXPECT_EQ(done.classes[0].validation, is_ad2 ? 6 : 0);
        EXPECT_EQ(done.classes[0].masks, 18);
        EXPECT_EQ(done.classes[0].types.at("good"), 12);
    }
    EXPECT_EQ(check().classes[0].types.at("scratch"), 6);
}

TEST_F(DatasetCheckTest, FindsATruncatedImageThatListingCannotSee) {
    const fs::path victim = root() / "weave/train/good/007.png";
    fs::resize_file(victim, fs::file_size(victim) - 100);
    EXPECT_TRUE(storage::list_dataset("mvtec", root()).problems.empty());
    const CheckFinding found = only_finding();
    EXPECT_EQ(found.level, Level::Problem);
    EXPECT_EQ(found.kind, "unreadable");
    EXPECT_EQ(found.paths, std::vector<std::string>{"weave/train/good/007.png"});
    EXPECT_NE(found.message.find(victim.string()), std::string::npos);
    EXPECT_EQ(check().images, 119);
}

TEST_F(DatasetCheckTest, FindsMasksThatAreEmptyBrokenOrOfTheWrongSize) {
    const char* const mask = "capsule/ground_truth/scratch/002_mask.png";
    const char* const image = "capsule/test/scratch/002.png";
    const std::vector<std::string> both = {mask, image};
    storage::write_png(root() / mask, {32, 32, 1, std::vector<std::uint8_t>(1024, 0)});
    EXPECT_EQ(only_finding().kind, "mask_empty");
    EXPECT_EQ(only_finding().level, Level::Problem);
    EXPECT_EQ(only_finding().paths, both);
    storage::write_png(root() / mask, {31, 32, 1, std::vector<std::uint8_t>(31 * 32, 9)});
    EXPECT_EQ(only_finding().kind, "mask_size");
    EXPECT_NE(only_finding().message.find("31 x 32"), std::string::npos);
    fs::resize_file(root() / mask, 60);
    EXPECT_EQ(only_finding().kind, "mask_unreadable");
    fs::remove(root() / mask);
    EXPECT_EQ(only_finding().kind, "layout");
    EXPECT_TRUE(check().has_problems());
}

TEST_F(DatasetCheckTest, TheSamePictureInTrainAndTestIsAProblemElsewhereAWarning) {
    copy("capsule/train/good/001.png", "capsule/train/good/100.png");
    CheckFinding found = only_finding();
    EXPECT_EQ(found.kind, "duplicate");
    EXPECT_EQ(found.level, Level::Warning);
    EXPECT_FALSE(check().has_problems());
    copy("capsule/train/good/001.png", "weave/test/good/100.png");
    found = only_finding();
    EXPECT_EQ(found.kind, "train_test_duplicate");
    EXPECT_EQ(found.level, Level::Problem);
    EXPECT_EQ(found.paths,
              (std::vector<std::string>{"capsule/train/good/001.png",
                                        "capsule/train/good/100.png",
                                        "weave/test/good/100.png"}));
}

TEST_F(DatasetCheckTest, ValidationIsCheckedLikeTheRestAndMissedWhereItCouldBe) {
    const fs::path other = folder_.path() / "ad2";
    storage::write_synthetic_dataset(other, {2, 32, 3, "mvtec_ad2"});
    const auto findings = [&other] {
        return storage::check_dataset("mvtec_ad2", other, 2).findings;
    };
    const fs::path validation = other / "fabric/fabric/validation/good";
    fs::copy_file(validation / "000.png", other / "fabric/fabric/train/good/100.png");
    fs::resize_file(validation / "001.png", 60);
    std::vector<CheckFinding> found = findings();
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].kind, "unreadable");
    EXPECT_EQ(found[0].paths, std::vector<std::string>{"fabric/fabric/validation/good/001.png"});
    EXPECT_EQ(found[1].kind, "validation_duplicate");
    EXPECT_EQ(found[1].level, Level::Problem);
    EXPECT_NE(found[1].message.find("validation and train"), std::string::npos);

    fs::remove_all(validation);
    found = findings();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].kind, "no_validation");
    EXPECT_EQ(found[0].level, Level::Warning);
    EXPECT_NE(found[0].message.find("class fabric"), std::string::npos);
}

TEST_F(DatasetCheckTest, BrokenFilesAreNotDuplicatesOfEachOther) {
    write_bytes(root() / "capsule/train/good/001.png", "");
    write_bytes(root() / "capsule/test/good/001.png", "");
    const storage::DatasetCheck done = check();
    ASSERT_EQ(done.findings.size(), 2U);
    EXPECT_EQ(done.findings[0].kind, "unreadable");
    EXPECT_EQ(done.findings[1].kind, "unreadable");
}

TEST_F(DatasetCheckTest, NotesSizesAndWhatIsNotUsed) {
    storage::write_png(root() / "capsule/test/good/100.png", make_picture(40, 32, 3));
    CheckFinding found = only_finding();
    EXPECT_EQ(found.kind, "image_sizes");
    EXPECT_EQ(found.level, Level::Note);
    EXPECT_NE(found.message.find("40 x 32 (1)"), std::string::npos) << found.message;
    fs::remove(root() / "capsule/test/good/100.png");

    write_bytes(root() / "capsule/train/scratch/000.png", "not used");
    write_bytes(root() / "capsule/train/scratch/001.png", "not used");
    write_bytes(root() / ".hidden", "");
    found = only_finding();
    EXPECT_EQ(found.kind, "ignored_files");
    EXPECT_NE(found.message.find("2 entries"), std::string::npos);
    EXPECT_EQ(found.paths.size(), 2U);
    write_bytes(root() / "licence.txt", "");
    EXPECT_EQ(check().findings.size(), 2U);
    EXPECT_FALSE(check().has_problems());
}

TEST_F(DatasetCheckTest, ProblemsComeFirst) {
    write_bytes(root() / "licence.txt", "");
    copy("capsule/train/good/001.png", "capsule/train/good/100.png");
    fs::resize_file(root() / "weave/test/good/000.png", 100);
    const storage::DatasetCheck done = check();
    ASSERT_EQ(done.findings.size(), 3U);
    EXPECT_EQ(done.findings[0].level, Level::Problem);
    EXPECT_EQ(done.findings[1].level, Level::Warning);
    EXPECT_EQ(done.findings[2].level, Level::Note);
}

TEST_F(DatasetCheckTest, SaysWhenThereIsNothingToCheck) {
    const storage::DatasetCheck done = storage::check_dataset("visa", root() / "nowhere");
    ASSERT_EQ(done.findings.size(), 1U);
    EXPECT_EQ(done.findings[0].kind, "layout");
    EXPECT_TRUE(done.has_problems());
}

}  // namespace
}  // namespace harrow::tests
