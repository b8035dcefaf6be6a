#include "storage/datasets/dataset.hpp"

#include <algorithm>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/datasets/image.hpp"
#include "storage/datasets/preprocess.hpp"
#include "sweeps/error.hpp"
#include "sweeps/parameters.hpp"
#include "tests/unit/datasets/picture_files.hpp"

namespace harrow::tests {
namespace {

namespace fs = std::filesystem;
using storage::DatasetListing;
constexpr storage::Resize kShorterSide = storage::Resize::ShorterSide;

class DatasetTest : public ::testing::Test {
protected:
    DatasetTest() { make_class("bolt"); }

    void make_class(const std::string& name) {
        const std::string picture = storage::encode_png(make_picture(10, 8, 3));
        storage::Image mask{10, 8, 1, std::vector<std::uint8_t>(80, 0)};
        mask.pixels[44] = 3;
        write_bytes(root() / name / "train/good/b.png", picture);
        write_bytes(root() / name / "train/good/a.JPG", encode_flat_jpeg(10, 8, 3, 90));
        write_bytes(root() / name / "test/good/000.png", picture);
        write_bytes(root() / name / "test/scratch/000.png", picture);
        write_bytes(root() / name / "ground_truth/scratch/000_mask.png", storage::encode_png(mask));
    }
    fs::path root() const { return folder_.path() / "data"; }
    DatasetListing list() const { return storage::list_dataset("mvtec", root()); }

    /// Whether the problems are exactly one, which holds every one of these texts.
    ::testing::AssertionResult only_problem_says(std::vector<std::string> texts) const {
        const std::vector<std::string> problems = list().problems;
        if (problems.size() != 1) {
            return ::testing::AssertionFailure()
                   << problems.size() << " problems: " << ::testing::PrintToString(problems);
        }
        for (const std::string& text : texts) {
            if (problems[0].find(text) == std::string::npos) {
                return ::testing::AssertionFailure() << problems[0] << " lacks " << text;
            }
        }
        return ::testing::AssertionSuccess();
    }

    TemporaryFolder folder_;
};

TEST_F(DatasetTest, ListsClassesSplitsAndMasksSorted) {
    make_class("anchor");
    write_bytes(root() / "bolt/train/good/.hidden.png", "");
    write_bytes(root() / "bolt/train/good/notes.txt", "no picture");
    write_bytes(root() / "readme.txt", "no class");
    write_bytes(root() / "licenses/text.txt", "no class either");
    const DatasetListing listing = list();
    EXPECT_TRUE(listing.problems.empty()) << ::testing::PrintToString(listing.problems);
    ASSERT_EQ(listing.dataset.classes.size(), 2U);
    EXPECT_EQ(listing.dataset.classes[0].name, "anchor");
    const storage::DatasetClass& bolt = listing.dataset.classes[1];
    ASSERT_EQ(bolt.train.size(), 2U);
    EXPECT_EQ(bolt.train[0].relative_path, "bolt/train/good/a.JPG");
    EXPECT_EQ(bolt.train[1].relative_path, "bolt/train/good/b.png");
    ASSERT_EQ(bolt.test.size(), 2U);
    EXPECT_FALSE(bolt.test[0].defective);
    EXPECT_TRUE(bolt.test[0].mask_path.empty());
    EXPECT_TRUE(bolt.test[1].defective);
    EXPECT_EQ(bolt.test[1].defect_type, "scratch");
    EXPECT_EQ(bolt.test[1].mask_path, "bolt/ground_truth/scratch/000_mask.png");
}

TEST_F(DatasetTest, NamesARootThatIsMissingOrNoDirectory) {
    const DatasetListing missing = storage::list_dataset("mvtec", root() / "nowhere");
    ASSERT_EQ(missing.problems.size(), 1U);
    EXPECT_NE(missing.problems[0].find("does not exist"), std::string::npos);
    const DatasetListing file = storage::list_dataset("mvtec", root() / "bolt/test/good/000.png");
    ASSERT_EQ(file.problems.size(), 1U);
    EXPECT_NE(file.problems[0].find("not a directory"), std::string::npos);
    EXPECT_EQ(storage::list_dataset("mvtec", "").problems.size(), 1U);
}

TEST_F(DatasetTest, NamesTheKnownLayoutsForAnUnknownOne) {
    const DatasetListing listing = storage::list_dataset("cubes", root());
    ASSERT_EQ(listing.problems.size(), 1U);
    for (const std::string& layout : storage::layouts()) {
        EXPECT_NE(listing.problems[0].find(layout), std::string::npos) << listing.problems[0];
    }
}

TEST_F(DatasetTest, ParametersOfferWhatIsImplemented) {
    EXPECT_EQ(sweeps::find_parameter("data.layout")->choices, storage::layouts());
    for (const std::string& name : sweeps::find_parameter("data.resize")->choices) {
        EXPECT_NO_THROW(storage::resize_named(name));
    }
    EXPECT_EQ(storage::resize_named(sweeps::TrialConfig().data.resize), kShorterSide);
}

TEST_F(DatasetTest, ListsOnlyTheWantedClasses) {
    make_class("anchor");
    make_class("clip");
    write_bytes(root() / "bolt/test/good/000.png", "");  // a problem nobody asked for
    const DatasetListing listing = storage::list_dataset("mvtec", root(), {"clip", "anchor", "x"});
    EXPECT_TRUE(listing.problems.empty()) << ::testing::PrintToString(listing.problems);
    ASSERT_EQ(listing.dataset.classes.size(), 2U);
    EXPECT_EQ(listing.dataset.classes[0].name, "anchor");
    EXPECT_EQ(listing.dataset.classes[1].name, "clip");
    EXPECT_EQ(listing.dataset.classes[1].test.size(), 2U);
}

TEST_F(DatasetTest, ReportsEmptyFolders) {
    fs::remove_all(root() / "bolt/train/good");
    EXPECT_TRUE(only_problem_says({"bolt", "train/good"}));
    fs::create_directories(root() / "bolt/train/good");
    EXPECT_TRUE(only_problem_says({"bolt", "train/good"}));
    fs::remove_all(root() / "bolt");
    EXPECT_TRUE(only_problem_says({"no classes", root().string()}));
}

TEST_F(DatasetTest, ReportsAClassWhoseNameRowsNeed) {
    make_class("mean");
    EXPECT_TRUE(only_problem_says({"mean", "rename"}));
}

TEST_F(DatasetTest, ReportsAClassWhoseNameNoReportCouldShow) {
    for (const char* name : {"b\xffolt", "two\nlines"}) {
        make_class(name);
        EXPECT_TRUE(only_problem_says({name, "UTF-8", "rename"}));
        fs::remove_all(root() / name);
    }
    make_class("Schraube ½");
    EXPECT_TRUE(list().problems.empty());
}

TEST_F(DatasetTest, SkippingHeadersStillSeesWhatIsMissing) {
    write_bytes(root() / "bolt/train/good/b.png", "");
    fs::remove(root() / "bolt/ground_truth/scratch/000_mask.png");
    const DatasetListing listing =
        storage::list_dataset("mvtec", root(), {}, storage::Headers::Skip);
    ASSERT_EQ(listing.problems.size(), 1U);
    EXPECT_NE(listing.problems[0].find("no mask"), std::string::npos);
}

TEST_F(DatasetTest, LeavesPipesAlone) {
    ASSERT_EQ(::mkfifo((root() / "bolt/test/good/pipe.png").c_str(), 0600), 0);
    EXPECT_TRUE(list().problems.empty());
    EXPECT_EQ(list().dataset.classes[0].test.size(), 2U);
}

TEST_F(DatasetTest, ReportsAClassWithoutTestImages) {
    fs::remove_all(root() / "bolt/test");
    EXPECT_TRUE(only_problem_says({"bolt", "test"}));
}

TEST_F(DatasetTest, ReportsAMissingMaskWithItsExpectedPath) {
    fs::remove(root() / "bolt/ground_truth/scratch/000_mask.png");
    EXPECT_TRUE(only_problem_says({"test/scratch/000.png", "ground_truth/scratch/000_mask.png"}));
}

TEST_F(DatasetTest, ReportsFilesThatAreNoPicturesByTheirFirstBytes) {
    write_bytes(root() / "bolt/train/good/b.png", "");
    EXPECT_TRUE(only_problem_says({"train/good/b.png", "empty"}));
    write_bytes(root() / "bolt/train/good/b.png", "<html>404</html>");
    EXPECT_TRUE(only_problem_says({"train/good/b.png", "neither PNG nor JPEG"}));
}

TEST_F(DatasetTest, ReportsAllProblemsAtOnce) {
    make_class("anchor");
    fs::remove_all(root() / "anchor/train/good");
    fs::remove(root() / "bolt/ground_truth/scratch/000_mask.png");
    write_bytes(root() / "bolt/test/good/000.png", "");
    EXPECT_EQ(list().problems.size(), 3U);
}

TEST_F(DatasetTest, ReportsADirectoryThatCannotBeRead) {
    if (::geteuid() == 0) {
        GTEST_SKIP() << "root reads everything";
    }
    fs::permissions(root() / "bolt/train/good", fs::perms::none);
    const std::vector<std::string> problems = list().problems;
    fs::permissions(root() / "bolt/train/good", fs::perms::owner_all);
    ASSERT_FALSE(problems.empty());
    EXPECT_NE(problems[0].find("cannot be read"), std::string::npos);
}

TEST_F(DatasetTest, MaskOfTheWrongSizeIsNamedWithBothSizes) {
    const storage::Image small{9, 8, 1, std::vector<std::uint8_t>(72, 255)};
    const DatasetListing before = list();
    storage::write_png(root() / "bolt/ground_truth/scratch/000_mask.png", small);
    EXPECT_TRUE(only_problem_says({"9 x 8", "10 x 8", "000_mask.png", "test/scratch/000.png"}));
    try {
        storage::load_mask(before.dataset, before.dataset.classes[0].test[1], 8, kShorterSide);
        FAIL() << "expected DataError";
    } catch (const sweeps::DataError& error) {
        const std::string text = error.what();
        EXPECT_NE(text.find("9 x 8"), std::string::npos) << text;
        EXPECT_NE(text.find("10 x 8"), std::string::npos) << text;
    }
}

TEST_F(DatasetTest, LoadsMasksBinaryAndZeroForNormalImages) {
    const DatasetListing listing = list();
    const std::vector<storage::ImageEntry>& test = listing.dataset.classes[0].test;
    EXPECT_EQ(storage::load_mask(listing.dataset, test[0], 8, kShorterSide),
              std::vector<std::uint8_t>(64, 0));
    // The defect is pixel (4, 4) of 10 x 8: column 3 of the central square, column 3.6 of a square.
    const auto mask = storage::load_mask(listing.dataset, test[1], 8, kShorterSide);
    EXPECT_EQ(std::count(mask.begin(), mask.end(), 1), 1);
    EXPECT_EQ(mask[4 * 8 + 3], 1);
    EXPECT_EQ(storage::load_mask(listing.dataset, test[1], 16, storage::Resize::Square),
              storage::preprocess_mask(
                  storage::read_image(root() / test[1].mask_path), 16, storage::Resize::Square));
}

TEST_F(DatasetTest, SmallValuesOfA16BitMaskAreDefect) {
    const DatasetListing listing = list();
    const storage::ImageEntry& image = listing.dataset.classes[0].test[1];
    std::string ones;
    for (int i = 0; i < 10 * 8; ++i) {
        ones += std::string("\x00\x01", 2);
    }
    write_bytes(root() / image.mask_path, encode_raw_png(10, 8, 0, 16, false, ones));
    EXPECT_EQ(storage::load_mask(listing.dataset, image, 8, kShorterSide),
              std::vector<std::uint8_t>(64, 1));
}

class DigestTest : public DatasetTest {
protected:
    struct Digests {
        std::string train, test, labels;
        bool operator==(const Digests& other) const {
            return train == other.train && test == other.test && labels == other.labels;
        }
    };
    static Digests digests_of(const fs::path& root) {
        const storage::Dataset dataset = storage::list_dataset("mvtec", root).dataset;
        const storage::DatasetClass& bolt = dataset.classes.at(0);
        return {storage::images_digest(dataset, bolt.train),
                storage::images_digest(dataset, bolt.test),
                storage::labels_digest(dataset, bolt.test)};
    }
    Digests digests() const { return digests_of(root()); }
};

TEST_F(DigestTest, DoNotDependOnWhereTheDataLie) {
    const Digests before = digests();
    fs::rename(root(), folder_.path() / "elsewhere");
    EXPECT_EQ(digests_of(folder_.path() / "elsewhere"), before);
    EXPECT_EQ(digests_of(folder_.path() / "elsewhere/../elsewhere/"), before);
}

TEST_F(DigestTest, DoNotDependOnTheNamesOfClassAndSplit) {
    EXPECT_EQ(storage::path_in_split("mvtec", "bolt/train/good/b.png"), "good/b.png");
    const Digests before = digests();
    fs::rename(root() / "bolt", root() / "clip");
    EXPECT_EQ(digests(), before);
    fs::rename(root() / "clip/test", root() / "clip/held");
    fs::rename(root() / "clip/train", root() / "clip/test");
    EXPECT_EQ(digests().test, before.train);
}

TEST_F(DigestTest, ReactToOneChangedByte) {
    const Digests before = digests();
    const fs::path image = root() / "bolt/train/good/b.png";
    std::string bytes = read_bytes(image);
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    write_bytes(image, bytes);
    const Digests after = digests();
    EXPECT_NE(after.train, before.train);
    EXPECT_EQ(after.test, before.test);
    EXPECT_EQ(after.labels, before.labels);
}

TEST_F(DigestTest, ReactToARenamedFile) {
    const Digests before = digests();
    fs::rename(root() / "bolt/train/good/b.png", root() / "bolt/train/good/c.png");
    EXPECT_NE(digests().train, before.train);
}

TEST_F(DigestTest, LabelsReactToTheMaskAlone) {
    const Digests before = digests();
    const storage::Image all{10, 8, 1, std::vector<std::uint8_t>(80, 255)};
    storage::write_png(root() / "bolt/ground_truth/scratch/000_mask.png", all);
    EXPECT_EQ(digests().test, before.test);
    EXPECT_NE(digests().labels, before.labels);
}

TEST_F(DigestTest, GiveEveryImageItsOwn) {
    const storage::Dataset dataset = list().dataset;
    std::vector<sweeps::Digest> each;
    storage::images_digest(dataset, dataset.classes[0].test, &each);
    ASSERT_EQ(each.size(), 2U);
    EXPECT_EQ(each[0], each[1]);  // the same picture twice
    EXPECT_EQ(each[0], sweeps::hash_text(read_bytes(root() / "bolt/test/good/000.png")));
}

TEST_F(DigestTest, NameTheFileThatCannotBeRead) {
    const storage::Dataset dataset = list().dataset;
    fs::remove(root() / "bolt/train/good/b.png");
    EXPECT_THROW(storage::images_digest(dataset, dataset.classes[0].train), sweeps::DataError);
}

}  // namespace
}  // namespace harrow::tests
