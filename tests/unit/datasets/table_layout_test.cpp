// Layout csv: what a file may look like, and every mistake with its line.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "storage/datasets/dataset.hpp"
#include "storage/datasets/image.hpp"
#include "sweeps/error.hpp"
#include "tests/unit/datasets/picture_files.hpp"

namespace harrow::tests {
namespace {

namespace fs = std::filesystem;
using storage::DatasetListing;

constexpr const char* kHeader = "path,class,split,label,mask\n";
constexpr const char* kRows =
    "a.png,bolt,train,good,\n"
    "sub/b.png,bolt,test,normal,\n"
    "sub/c.png,bolt,test,rust,masks/c.png\n";

class TableLayoutTest : public ::testing::Test {
protected:
    TableLayoutTest() {
        const std::string picture = storage::encode_png(make_picture(10, 8, 3));
        for (const char* name : {"a.png", "sub/b.png", "sub/c.png", "sub/d.png"}) {
            write_bytes(root() / name, picture);
        }
        storage::Image mask{10, 8, 1, std::vector<std::uint8_t>(80, 0)};
        mask.pixels[3] = 255;
        write_bytes(root() / "masks/c.png", storage::encode_png(mask));
    }
    fs::path root() const { return folder_.path() / "data"; }
    DatasetListing list(const std::string& text, const std::vector<std::string>& wanted = {}) {
        write_bytes(root() / "dataset.csv", text);
        return storage::list_dataset("csv", root(), wanted);
    }
    /// Whether these rows, after the good ones, give exactly one problem, with these words.
    ::testing::AssertionResult problem_of(const std::string& rows,
                                          const std::vector<std::string>& words) {
        return only_problem(list(kHeader + std::string(kRows) + rows), words);
    }
    static ::testing::AssertionResult only_problem(const DatasetListing& listing,
                                                   const std::vector<std::string>& words) {
        if (listing.problems.size() != 1) {
            return ::testing::AssertionFailure() << ::testing::PrintToString(listing.problems);
        }
        for (const std::string& word : words) {
            if (listing.problems[0].find(word) == std::string::npos) {
                return ::testing::AssertionFailure() << listing.problems[0] << " lacks " << word;
            }
        }
        return ::testing::AssertionSuccess();
    }
    static bool is_the_example(const DatasetListing& listing) {
        if (!listing.problems.empty() || listing.dataset.classes.size() != 1) {
            ADD_FAILURE() << ::testing::PrintToString(listing.problems);
            return false;
        }
        const storage::DatasetClass& bolt = listing.dataset.classes[0];
        return bolt.name == "bolt" && bolt.train.size() == 1 && bolt.test.size() == 2 &&
               bolt.train[0].relative_path == "a.png" && !bolt.test[0].defective &&
               bolt.test[0].defect_type == "good" && bolt.test[1].defect_type == "rust" &&
               bolt.test[1].mask_path == "masks/c.png";
    }

    TemporaryFolder folder_;
};

TEST_F(TableLayoutTest, ReadsPlainCrlfBomQuotedAndReorderedFiles) {
    EXPECT_TRUE(is_the_example(list(kHeader + std::string(kRows))));
    std::string crlf;
    for (const char c : kHeader + std::string(kRows)) {
        crlf += c == '\n' ? "\r\n" : std::string(1, c);
    }
    EXPECT_TRUE(is_the_example(list(crlf)));
    EXPECT_TRUE(is_the_example(list("\xef\xbb\xbf" + crlf + "\r\n")));
    EXPECT_TRUE(
        is_the_example(list("\"mask\", Label ,note,SPLIT,Class,path\n"
                            ",0,\"one, two\",Train,bolt,a.png\n"
                            ",GOOD,\"say \"\"x\"\"\",test, bolt,\"sub/b.png\"\n"
                            "\n"
                            "masks/c.png,rust,\"two\nlines\",test,bolt,./sub/../sub/c.png")));
}

TEST_F(TableLayoutTest, TakesTheFileItself) {
    list(kHeader + std::string(kRows));
    fs::rename(root() / "dataset.csv", root() / "fold 2.csv");
    const DatasetListing listing = storage::list_dataset("csv", root() / "fold 2.csv");
    EXPECT_TRUE(is_the_example(listing));
    EXPECT_EQ(listing.dataset.root, root());
    EXPECT_TRUE(only_problem(storage::list_dataset("csv", root()), {"dataset.csv"}));
}

TEST_F(TableLayoutTest, FileNamesMayHoldCommasAndQuotes) {
    fs::rename(root() / "a.png", root() / "a, \"b\".png");
    std::string rows = kRows;
    rows.replace(0, 5, "\"a, \"\"b\"\".png\"");
    EXPECT_EQ(list(kHeader + rows).dataset.classes.at(0).train.at(0).relative_path, "a, \"b\".png");
}

TEST_F(TableLayoutTest, AbsolutePathsIntoTheFolderBecomeRelative) {
    std::string rows = kRows;
    rows.replace(0, 5, (root() / "sub/../a.png").string());
    EXPECT_TRUE(is_the_example(list(kHeader + rows)));
}

TEST_F(TableLayoutTest, AFileThatCannotBeReachedIsNotCalledMissing) {
    fs::create_symlink("loop.png", root() / "loop.png");
    EXPECT_TRUE(problem_of("loop.png,bolt,test,good,\n",
                           {"dataset.csv:5: ", "'loop.png'", "Too many levels"}));
}

TEST_F(TableLayoutTest, PathsOutOfTheFolderAreRefusedEvenWhenTheyExist) {
    write_bytes(folder_.path() / "out.png", read_bytes(root() / "a.png"));
    EXPECT_TRUE(problem_of("../out.png,bolt,test,good,\n",
                           {"dataset.csv:5: ", "outside", "symbolic link"}));
    EXPECT_TRUE(problem_of((folder_.path() / "out.png").string() + ",bolt,test,good,\n",
                           {"dataset.csv:5: ", "outside"}));
    EXPECT_TRUE(problem_of(".,bolt,test,good,\n", {"dataset.csv:5: ", "outside"}));
    fs::create_directory_symlink(folder_.path(), root() / "link");
    EXPECT_TRUE(
        list(kHeader + std::string(kRows) + "link/out.png,bolt,test,good,\n").problems.empty());
}

TEST_F(TableLayoutTest, MissingAndRepeatedColumnsAreNamed) {
    EXPECT_TRUE(only_problem(list("path,class,label,mask\n" + std::string(kRows)),
                             {"dataset.csv:1: ", "lacks the column split", "path, class, split"}));
    for (const char* nothing : {"", "\xef\xbb\xbf", "\r\n  \n\t\n"}) {
        EXPECT_TRUE(only_problem(list(nothing),
                                 {"dataset.csv", "is empty", "path, class, split, label, mask"}));
    }
    EXPECT_TRUE(only_problem(list("path,class,split,label,mask,PATH\n"), {"path twice"}));
}

TEST_F(TableLayoutTest, OtherSeparatorsAndEncodingsAreSaid) {
    EXPECT_TRUE(only_problem(list("path;class;split;label;mask\n"),
                             {"dataset.csv:1: ", "parted by ';'", "commas"}));
    EXPECT_TRUE(only_problem(list("path\tclass\tsplit\tlabel\tmask\n"), {"by tabs", "commas"}));
    std::string wide;
    for (const char* c = kHeader; *c != '\0'; ++c) {
        wide += *c + std::string(1, '\0');
    }
    for (const std::string& text : {wide, "\xff\xfe" + wide, "\xfe\xff" + std::string(1, '\0')}) {
        EXPECT_TRUE(only_problem(list(text), {"dataset.csv", "UTF-16", "UTF-8"}));
    }
}

TEST_F(TableLayoutTest, BlankLinesTakeNoMemory) {
    const auto peak_kib = [] {
        rusage usage{};
        ::getrusage(RUSAGE_SELF, &usage);
        return usage.ru_maxrss;
    };
    const std::string blanks(16U << 20, '\n');
    const long before = peak_kib();
    EXPECT_TRUE(is_the_example(list(kHeader + blanks + kRows + blanks)));
    EXPECT_LT(peak_kib() - before, 256L << 10) << "32 MiB of text";
}

TEST_F(TableLayoutTest, TooManyRowsOrFieldsAreRefused) {
    std::string rows;
    for (int i = 0; i <= 10'000'000; ++i) {
        rows += ",nut,,,\n";
    }
    EXPECT_TRUE(
        only_problem(list(kHeader + rows, {"bolt"}), {"dataset.csv:10000002: ", "10000000 rows"}));
    EXPECT_TRUE(only_problem(list(std::string(70000, ',')), {"dataset.csv", "65536 fields"}));
}

TEST_F(TableLayoutTest, EveryWrongRowIsNamedWithItsLine) {
    EXPECT_TRUE(
        problem_of("sub/d.png,bolt,val,good,\n", {"dataset.csv:5: ", "'val'", "train or test"}));
    EXPECT_TRUE(problem_of("sub/d.png,bolt,test,,\n", {"dataset.csv:5: ", "label"}));
    EXPECT_TRUE(problem_of("sub/d.png,bolt,train,rust,\n", {"dataset.csv:5: ", "train", "'rust'"}));
    EXPECT_TRUE(problem_of("sub/d.png,bolt,test,rust,\n", {"dataset.csv:5: ", "no mask"}));
    EXPECT_TRUE(problem_of("sub/d.png,bolt,test,rust, \t\n", {"dataset.csv:5: ", "no mask"}));
    EXPECT_TRUE(problem_of("sub/d.png,bolt,test,rust,m.png\n", {"dataset.csv:5: ", "'m.png'"}));
    EXPECT_TRUE(problem_of("sub/x.png,bolt,test,good,\n",
                           {"dataset.csv:5: ", "'sub/x.png'", "does not exist"}));
    EXPECT_TRUE(problem_of("sub,bolt,test,good,\n", {"dataset.csv:5: ", "is a folder"}));
    EXPECT_TRUE(problem_of(",bolt,test,good,\n", {"dataset.csv:5: ", "no path"}));
    EXPECT_TRUE(problem_of("./a.png,bolt,test,good,\n", {"dataset.csv:5: ", "'a.png'", "line 2"}));
    EXPECT_TRUE(problem_of("sub/d.png,bolt,test\n", {"dataset.csv:5: ", "3 fields", "5"}));
    EXPECT_TRUE(problem_of("\"sub/d.png,bolt,test,good,\n", {"dataset.csv:5: ", "never closed"}));
    write_bytes(root() / "sub/d.png", "no picture");
    EXPECT_TRUE(
        problem_of("sub/d.png,bolt,test,good,\n", {"dataset.csv:5: ", "sub/d.png", "neither"}));
    write_bytes(root() / "sub/d.png", storage::encode_png(make_picture(9, 9, 3)));
    EXPECT_TRUE(problem_of("sub/d.png,bolt,test,rust,masks/c.png\n",
                           {"dataset.csv:5: ", "10 x 8", "9 x 9"}));
}

TEST_F(TableLayoutTest, ClassesNeedBothSplitsAndAName) {
    EXPECT_TRUE(problem_of("sub/d.png,nut,train,good,\n", {"class nut", "split test"}));
    EXPECT_TRUE(problem_of("sub/d.png,,test,good,\n", {"dataset.csv:5: ", "class is empty"}));
    EXPECT_TRUE(only_problem(list(kHeader), {"lists no images"}));
    std::string rows = kRows;
    for (std::size_t at = 0; (at = rows.find("bolt")) != std::string::npos;) {
        rows.replace(at, 4, "mean");
    }
    EXPECT_TRUE(only_problem(list(kHeader + rows), {"dataset.csv:2: ", "mean", "rename"}));
}

TEST_F(TableLayoutTest, ManyMistakesOfAKindAreSummedUp) {
    std::string rows;
    for (int i = 0; i < 1000; ++i) {
        rows += "lost" + std::to_string(i) + ".png,bolt,test,good,\n";
    }
    const DatasetListing listing = list(kHeader + std::string(kRows) + rows);
    ASSERT_EQ(listing.problems.size(), 11U);
    EXPECT_NE(listing.problems.back().find("990 more"), std::string::npos);
}

TEST_F(TableLayoutTest, ProblemsOfOtherClassesAreNobodysBusiness) {
    const std::string others = "gone.png,nut,val,,\nsub/d.png,mean,test,rust,\n";
    EXPECT_TRUE(is_the_example(list(kHeader + std::string(kRows) + others, {"bolt"})));
    EXPECT_TRUE(list(kHeader + std::string(kRows), {"nut"}).dataset.classes.empty());
}

TEST_F(TableLayoutTest, TheMaskOfANormalImageIsIgnored) {
    const DatasetListing listing =
        list(kHeader + std::string(kRows) + "sub/d.png,bolt,test,good,masks/none.png\n");
    EXPECT_TRUE(listing.problems.empty()) << ::testing::PrintToString(listing.problems);
    EXPECT_TRUE(listing.dataset.classes[0].test[2].mask_path.empty());
}

}  // namespace
}  // namespace harrow::tests
