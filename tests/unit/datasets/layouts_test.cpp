// Every layout against the same synthetic pictures, and what is particular to each.
#include <algorithm>
#include <set>
#include <tuple>

#include <gtest/gtest.h>

#include "storage/datasets/dataset.hpp"
#include "storage/datasets/image.hpp"
#include "storage/datasets/synth.hpp"
#include "sweeps/error.hpp"
#include "tests/unit/datasets/picture_files.hpp"

namespace harrow::tests {
namespace {

namespace fs = std::filesystem;
using storage::DatasetListing;
using storage::list_dataset;

/// Content, defective or not, mask.
using Fact = std::tuple<std::string, bool, std::vector<std::uint8_t>>;

std::multiset<Fact> facts_of(const storage::Dataset& dataset,
                             const std::vector<storage::ImageEntry>& images) {
    std::multiset<Fact> facts;
    for (const storage::ImageEntry& image : images) {
        facts.emplace(read_bytes(dataset.root / image.relative_path),
                      image.defective,
                      storage::load_mask(dataset, image, 32, storage::Resize::ShorterSide));
    }
    return facts;
}

class LayoutsTest : public ::testing::Test {
protected:
    fs::path make(const std::string& layout) const {
        storage::write_synthetic_dataset(folder_.path() / layout, {2, 32, 3, layout});
        return folder_.path() / layout;
    }
    /// No problems, or the test fails.
    static storage::Dataset listed(const std::string& layout, const fs::path& root) {
        DatasetListing listing = list_dataset(layout, root);
        EXPECT_TRUE(listing.problems.empty()) << ::testing::PrintToString(listing.problems);
        return std::move(listing.dataset);
    }
    static std::vector<std::string> paths(const std::vector<storage::ImageEntry>& images) {
        std::vector<std::string> found;
        for (const storage::ImageEntry& image : images) {
            found.push_back(image.relative_path);
        }
        return found;
    }
    static bool mentions(const std::vector<std::string>& texts, const std::string& words) {
        return std::any_of(texts.begin(), texts.end(), [&words](const std::string& text) {
            return text.find(words) != std::string::npos;
        });
    }
    static std::string digests(const storage::Dataset& dataset) {
        std::string all;
        for (const storage::DatasetClass& found : dataset.classes) {
            all += storage::images_digest(dataset, found.train) +
                   storage::images_digest(dataset, found.test) +
                   storage::labels_digest(dataset, found.test);
        }
        return all;
    }

    TemporaryFolder folder_;
};

/// What mvtec_ad2 calls the synthetic classes of the other layouts.
std::string ad2_name(const std::string& drawn) {
    return drawn == "capsule" ? "fruit_jelly" : "fabric";
}

TEST_F(LayoutsTest, AllHoldTheSameImagesLabelsAndMasks) {
    const storage::Dataset expected = listed("mvtec", make("mvtec"));
    ASSERT_EQ(expected.classes.size(), 2U);
    for (const std::string& layout : storage::layouts()) {
        SCOPED_TRACE(layout);
        const fs::path root = layout == "mvtec" ? expected.root : make(layout);
        const storage::Dataset dataset = listed(layout, root);
        ASSERT_EQ(dataset.classes.size(), expected.classes.size());
        const bool is_ad2 = layout == "mvtec_ad2";
        for (std::size_t i = 0; i < expected.classes.size(); ++i) {
            const storage::DatasetClass& drawn = expected.classes[is_ad2 ? 1 - i : i];
            const storage::DatasetClass& found = dataset.classes[i];
            EXPECT_EQ(found.name, is_ad2 ? ad2_name(drawn.name) : drawn.name);
            EXPECT_EQ(facts_of(dataset, found.train), facts_of(expected, drawn.train));
            EXPECT_EQ(facts_of(dataset, found.test), facts_of(expected, drawn.test));
            EXPECT_EQ(found.validation.size(), is_ad2 ? 6U : 0U);
            const DatasetListing one = list_dataset(layout, root, {found.name});
            ASSERT_EQ(one.dataset.classes.size(), 1U);
            EXPECT_EQ(paths(one.dataset.classes[0].test), paths(found.test));
        }
    }
}

TEST_F(LayoutsTest, DigestsDoNotDependOnWhereTheDataLie) {
    for (const std::string& layout : storage::layouts()) {
        SCOPED_TRACE(layout);
        const fs::path root = make(layout);
        const std::string before = digests(listed(layout, root));
        fs::rename(root, folder_.path() / "elsewhere");
        EXPECT_EQ(digests(listed(layout, folder_.path() / "elsewhere/")), before);
        fs::remove_all(folder_.path() / "elsewhere");
    }
}

TEST_F(LayoutsTest, PathsInsideASplitNameNeitherClassNorSplit) {
    using storage::path_in_split;
    EXPECT_EQ(path_in_split("mpdd", "tubes/test/rust/1.png"), "rust/1.png");
    EXPECT_EQ(path_in_split("mvtec_ad2", "can/can/test_public/bad/1.png"), "bad/1.png");
    EXPECT_EQ(path_in_split("mvtec_ad2", "can/test_public/bad/1.png"), "bad/1.png");
    EXPECT_EQ(path_in_split("mvtec_ad2", "can/test_public/ground_truth/bad/1_mask.png"),
              "ground_truth/bad/1_mask.png");
    EXPECT_EQ(path_in_split("mvtec_ad2", "can/can/validation/good/1.png"), "good/1.png");
    EXPECT_EQ(path_in_split("mvtec_ad2", "can/validation/good/1.png"), "good/1.png");
    EXPECT_EQ(path_in_split("mvtec_ad2", "validation/validation/good/1.png"), "good/1.png");
    EXPECT_EQ(path_in_split("mvtec_ad2", "train/train/good/1.png"), "good/1.png");
    EXPECT_EQ(path_in_split("mvtec_ad2", "train/train/train/good/1.png"), "good/1.png");
    EXPECT_EQ(path_in_split("visa", "candle/Data/Images/Normal/1.JPG"), "Data/Images/Normal/1.JPG");
    EXPECT_EQ(path_in_split("csv", "a/b/c.png"), "a/b/c.png");
    for (const std::string& layout : storage::layouts()) {
        EXPECT_EQ(path_in_split(layout, "1.png"), "1.png");
    }
}

TEST_F(LayoutsTest, EmptyRootsAreProblemsThatSayWhatIsExpected) {
    fs::create_directory(folder_.path() / "empty");
    for (const auto& [layout, expected] : {std::make_pair("mvtec", "train/good"),
                                           std::make_pair("mpdd", "train/good"),
                                           std::make_pair("mvtec_ad2", "test_public"),
                                           std::make_pair("visa", "split_csv/1cls.csv"),
                                           std::make_pair("csv", "dataset.csv")}) {
        for (const char* name : {"empty", "nowhere", ""}) {
            const fs::path root = *name == '\0' ? fs::path() : folder_.path() / name;
            const DatasetListing listing = list_dataset(layout, root);
            ASSERT_EQ(listing.problems.size(), 1U) << layout << " " << name;
            if (std::string(name) == "empty") {
                EXPECT_TRUE(mentions(listing.problems, expected)) << listing.problems[0];
            }
        }
    }
}

// mpdd

TEST_F(LayoutsTest, MpddReadsAMissingMaskAsZeroAndSaysSoOncePerClass) {
    const fs::path root = make("mpdd");
    fs::remove_all(root / "capsule/ground_truth/scratch");
    const DatasetListing listing = list_dataset("mpdd", root);
    EXPECT_TRUE(listing.problems.empty()) << ::testing::PrintToString(listing.problems);
    ASSERT_EQ(listing.notes.size(), 1U);
    EXPECT_TRUE(mentions(listing.notes, "capsule: 6 defective images"));
    const storage::ImageEntry& image = listing.dataset.classes[0].test.back();
    EXPECT_TRUE(image.defective);
    EXPECT_EQ(image.defect_type, "scratch");
    EXPECT_EQ(storage::load_mask(listing.dataset, image, 8, storage::Resize::ShorterSide),
              std::vector<std::uint8_t>(64, 0));
    EXPECT_EQ(list_dataset("mvtec", root).problems.size(), 6U);
}

TEST_F(LayoutsTest, AMaskThatCannotBeReachedIsNoZeroMask) {
    const fs::path root = make("mpdd");
    const fs::path masks = root / "capsule/ground_truth/scratch";
    fs::remove_all(masks);
    fs::create_symlink("scratch", masks);
    const DatasetListing loop = list_dataset("mpdd", root);
    EXPECT_EQ(loop.problems.size(), 6U);
    EXPECT_TRUE(mentions(loop.problems, "Too many levels of symbolic links"));
    EXPECT_TRUE(loop.notes.empty());
    EXPECT_TRUE(mentions(list_dataset("mvtec", root).problems, "Too many levels"));
    fs::remove(masks);
    fs::create_symlink("/mnt/unplugged", masks);
    EXPECT_EQ(list_dataset("mpdd", root).problems.size(), 6U);
    fs::remove(masks);
    fs::create_directories(masks / "000_mask.png");
    EXPECT_TRUE(mentions(list_dataset("mpdd", root).problems, "is a folder"));
    fs::remove_all(masks);
    fs::create_directories(masks);
    fs::create_symlink("gone.png", masks / "000_mask.png");
    const DatasetListing one = list_dataset("mpdd", root);
    EXPECT_EQ(one.problems.size(), 1U);
    EXPECT_TRUE(mentions(one.problems, "000_mask.png is a symbolic link to gone.png"));
}

TEST_F(LayoutsTest, Ad2SaysWhyAMaskIsUnusable) {
    const fs::path root = make("mvtec_ad2");
    fs::path masks;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root)) {
        const bool is_mask_folder = entry.path().parent_path().filename() == "ground_truth";
        masks = is_mask_folder ? entry.path() : masks;
    }
    ASSERT_FALSE(masks.empty());
    fs::remove_all(masks);
    fs::create_symlink(masks.filename(), masks);
    EXPECT_TRUE(mentions(list_dataset("mvtec_ad2", root).problems, "Too many levels"));
}

TEST_F(LayoutsTest, AListThatCannotBeReachedSaysWhy) {
    const fs::path visa = make("visa");
    fs::remove_all(visa / "split_csv");
    fs::create_symlink("split_csv", visa / "split_csv");
    EXPECT_TRUE(mentions(list_dataset("visa", visa).problems, "Too many levels"));
    const fs::path csv = make("csv");
    fs::remove(csv / "dataset.csv");
    fs::create_symlink("dataset.csv", csv / "dataset.csv");
    EXPECT_TRUE(mentions(list_dataset("csv", csv).problems, "Too many levels"));
}

TEST_F(LayoutsTest, MpddLabelsReactToAMaskThatDisappears) {
    const fs::path root = make("mpdd");
    const std::string before = digests(listed("mpdd", root));
    fs::remove(root / "capsule/ground_truth/scratch/000_mask.png");
    EXPECT_NE(digests(listed("mpdd", root)), before);
}

// mvtec_ad2

TEST_F(LayoutsTest, Ad2TakesCategoriesThatAreNotDoubled) {
    const fs::path root = make("mvtec_ad2");
    const std::string before = digests(listed("mvtec_ad2", root));
    for (const char* name : {"fabric", "fruit_jelly"}) {
        fs::rename(root / name / name, root / "inner");
        fs::remove_all(root / name);
        fs::rename(root / "inner", root / name);
    }
    const storage::Dataset dataset = listed("mvtec_ad2", root);
    EXPECT_EQ(dataset.classes[0].train[0].relative_path, "fabric/train/good/000.png");
    EXPECT_EQ(dataset.classes[0].validation[5].relative_path, "fabric/validation/good/005.png");
    EXPECT_EQ(digests(dataset), before);
}

TEST_F(LayoutsTest, Ad2ListsNormalImagesFirstAndJpegBeforePng) {
    const fs::path root = make("mvtec_ad2");
    const fs::path category = root / "fabric/fabric";
    write_bytes(category / "test_public/good/zzz.jpg", encode_flat_jpeg(32, 32, 3, 90));
    write_bytes(category / "test_public/bad/zzz.jpg", encode_flat_jpeg(32, 32, 3, 91));
    fs::copy_file(category / "test_public/ground_truth/bad/000_mask.png",
                  category / "test_public/ground_truth/bad/zzz_mask.png");
    write_bytes(category / "validation/good/zzz.jpg", encode_flat_jpeg(32, 32, 3, 92));
    write_bytes(category / "test_private/1.png", "unused");
    write_bytes(category / "test_private_mixed/1.png", "unused");
    const storage::Dataset dataset = listed("mvtec_ad2", root);
    EXPECT_EQ(paths(dataset.classes[0].validation),
              (std::vector<std::string>{"fabric/fabric/validation/good/zzz.jpg",
                                        "fabric/fabric/validation/good/000.png",
                                        "fabric/fabric/validation/good/001.png",
                                        "fabric/fabric/validation/good/002.png",
                                        "fabric/fabric/validation/good/003.png",
                                        "fabric/fabric/validation/good/004.png",
                                        "fabric/fabric/validation/good/005.png"}));
    const std::vector<std::string> order = paths(dataset.classes[0].test);
    ASSERT_EQ(order.size(), 32U);
    EXPECT_EQ(order[0], "fabric/fabric/test_public/good/zzz.jpg");
    EXPECT_EQ(order[1], "fabric/fabric/test_public/good/000.png");
    EXPECT_EQ(order[12], "fabric/fabric/test_public/good/011.png");
    EXPECT_EQ(order[13], "fabric/fabric/test_public/bad/zzz.jpg");
    EXPECT_EQ(order[14], "fabric/fabric/test_public/bad/000.png");
}

TEST_F(LayoutsTest, Ad2ReportsMissingMasksAndImages) {
    const fs::path root = make("mvtec_ad2");
    fs::remove(root / "fruit_jelly/fruit_jelly/test_public/ground_truth/bad/003_mask.png");
    fs::remove_all(root / "fabric/fabric/train/good");
    const DatasetListing listing = list_dataset("mvtec_ad2", root);
    EXPECT_EQ(listing.problems.size(), 2U);
    EXPECT_TRUE(mentions(listing.problems, "ground_truth/bad/003_mask.png"));
    EXPECT_TRUE(mentions(listing.problems, "class fabric has no images"));
}

TEST_F(LayoutsTest, Ad2NeedsNoValidationAndKeepsItApart) {
    const fs::path root = make("mvtec_ad2");
    const std::string before = digests(listed("mvtec_ad2", root));
    fs::remove_all(root / "fabric/fabric/validation");
    fs::rename(root / "fruit_jelly/fruit_jelly", root / "inner");
    fs::remove(root / "fruit_jelly");
    fs::rename(root / "inner", root / "fruit_jelly");
    const storage::Dataset dataset = listed("mvtec_ad2", root);
    EXPECT_EQ(digests(dataset), before);
    EXPECT_TRUE(dataset.classes[0].validation.empty());
    EXPECT_EQ(dataset.classes[1].validation.size(), 6U);
}

TEST_F(LayoutsTest, Ad2HasAnyNumberOfCategories) {
    const fs::path root = folder_.path() / "nine";
    storage::write_synthetic_dataset(root, {9, 32, 3, "mvtec_ad2"});
    std::vector<std::string> names;
    for (const storage::DatasetClass& found : listed("mvtec_ad2", root).classes) {
        names.push_back(found.name);
    }
    EXPECT_EQ(names,
              (std::vector<std::string>{"can",
                                        "fabric",
                                        "fruit_jelly",
                                        "fruit_jelly_2",
                                        "rice",
                                        "sheet_metal",
                                        "vial",
                                        "wallplugs",
                                        "walnuts"}));
}

// visa

TEST_F(LayoutsTest, VisaTakesTheFolderOfTheSplitFileToo) {
    const fs::path root = make("visa");
    const storage::Dataset whole = listed("visa", root);
    const storage::Dataset inner = listed("visa", root / "split_csv");
    EXPECT_EQ(inner.root, root);
    EXPECT_EQ(paths(inner.classes[0].test), paths(whole.classes[0].test));
    EXPECT_EQ(digests(listed("visa", root / "split_csv/")), digests(whole));
    EXPECT_EQ(whole.classes[0].test.front().relative_path, "capsule/Data/Images/Anomaly/000.png");
    EXPECT_EQ(whole.classes[0].test.front().defect_type, "anomaly");
}

TEST_F(LayoutsTest, VisaMasksOfAnyValueAreDefects) {
    const fs::path root = make("visa");
    storage::Image mask{32, 32, 1, std::vector<std::uint8_t>(1024, 0)};
    mask.pixels[5] = 1;
    mask.pixels[6] = 4;
    storage::write_png(root / "capsule/Data/Masks/Anomaly/000.png", mask);
    const storage::Dataset dataset = listed("visa", root);
    const auto binary = storage::load_mask(
        dataset, dataset.classes[0].test.front(), 32, storage::Resize::ShorterSide);
    EXPECT_EQ(std::count(binary.begin(), binary.end(), 1), 2);
}

TEST_F(LayoutsTest, VisaIgnoresTheOrderOfRowsAndColumns) {
    const fs::path root = make("visa");
    const std::string before = digests(listed("visa", root));
    std::istringstream lines(read_bytes(root / "split_csv/1cls.csv"));
    std::string line;
    std::string reversed;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
        std::vector<std::string> fields;
        std::istringstream row(line + ",");
        for (std::string field; std::getline(row, field, ',');) {
            fields.push_back(field);
        }
        reversed = fields.at(4) + "," + fields[3] + ",x," + fields[2] + "," + fields[1] + "," +
                   fields[0] + "\n" + reversed;
    }
    write_bytes(root / "split_csv/1cls.csv", "mask,image,extra,label,split,object\n" + reversed);
    EXPECT_EQ(digests(listed("visa", root)), before);
}

}  // namespace
}  // namespace harrow::tests
