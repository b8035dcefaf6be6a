// Damaged CSV files of layouts csv and visa: a listing whose entries hold, or problems.
#include <set>

#include <gtest/gtest.h>

#include "storage/datasets/dataset.hpp"
#include "storage/datasets/image.hpp"
#include "tests/fuzz/fuzzing.hpp"
#include "tests/unit/datasets/picture_files.hpp"

namespace harrow::tests {
namespace {

namespace fs = std::filesystem;
using sweeps::RandomStream;

constexpr int kShortCount = 4000;

const char* const kCsv =
    "path,class,split,label,mask\r\n"
    "a.png,bolt,train,good,\r\n"
    "\"b.png\",bolt,test,0,\r\n"
    "c.png,bolt,test,\"rust, deep\",m.png\r\n"
    "d/a.png,nut,train,normal,m.png\r\n"
    "d/b.png,nut,test,scratch,d/m.png\r\n";
const char* const kVisa =
    "object,split,label,image,mask\n"
    "bolt,train,normal,a.png,\n"
    "bolt,test,normal,b.png,\n"
    "bolt,test,anomaly,c.png,m.png\n"
    "nut,train,normal,d/a.png,\n"
    "nut,test,anomaly,d/b.png,d/m.png\n";

class TablesFuzzTest : public ::testing::Test {
protected:
    TablesFuzzTest() {
        refuse_large_allocations();
        for (const char* name :
             {"a.png", "b.png", "c.png", "m.png", "d/a.png", "d/b.png", "d/m.png"}) {
            write_bytes(root() / name, storage::encode_png(make_picture(4, 4, 1)));
        }
    }
    fs::path root() const { return folder_.path() / "data"; }

    /// What every listing promises. Answers whether there were no problems.
    bool list(const std::string& layout, const std::string& text) const {
        const fs::path csv = root() / (layout == "visa" ? "split_csv/1cls.csv" : "dataset.csv");
        fs::remove(csv);  // overwriting makes some file systems wait for the disk
        write_bytes(csv, text);
        const storage::DatasetListing listing = storage::list_dataset(layout, root());
        std::set<std::string> seen;
        for (const storage::DatasetClass& found : listing.dataset.classes) {
            EXPECT_FALSE(found.name.empty() && listing.problems.empty());
            EXPECT_FALSE((found.train.empty() || found.test.empty()) && listing.problems.empty());
            for (const auto* split : {&found.train, &found.test}) {
                for (const storage::ImageEntry& image : *split) {
                    EXPECT_TRUE(seen.insert(image.relative_path).second) << image.relative_path;
                    EXPECT_TRUE(fs::is_regular_file(root() / image.relative_path));
                    EXPECT_NE(image.relative_path.substr(0, 2), "..");
                    EXPECT_FALSE(image.defective && split == &found.train);
                    EXPECT_EQ(image.defective, !image.mask_path.empty());
                }
            }
        }
        for (const std::string& problem : listing.problems) {
            EXPECT_FALSE(problem.empty());
        }
        EXPECT_FALSE(listing.problems.empty() && listing.dataset.classes.empty());
        return listing.problems.empty();
    }

    TemporaryFolder folder_;
};

TEST_F(TablesFuzzTest, DamagedTables) {
    const std::string pieces[] = {",",
                                  "\"",
                                  "\n",
                                  "\r",
                                  "\r\n",
                                  "\"\"",
                                  ",,,,",
                                  "..",
                                  "../",
                                  "/",
                                  "//",
                                  "/etc/passwd",
                                  "./d/../",
                                  "\xff",
                                  "\xef\xbb\xbf",
                                  "mean",
                                  "train",
                                  "test",
                                  "val",
                                  "good",
                                  std::string(1, '\0'),
                                  ";",
                                  "a.png,",
                                  "d",
                                  "~",
                                  "path,",
                                  "\\",
                                  std::string(5000, 'x'),
                                  "%s%n",
                                  "0",
                                  " ",
                                  "\t",
                                  "class",
                                  "nut",
                                  "m.png",
                                  "\"\n\"",
                                  "label"};
    const int count = fuzz_count(kShortCount);
    int accepted = 0;
    for (int i = 0; i < count; ++i) {
        RandomStream random(static_cast<std::uint64_t>(i), "table");
        const bool is_visa = random.below(2) == 0;
        std::string text = is_visa ? kVisa : kCsv;
        for (std::uint64_t n = 1 + random.below(3); n > 0; --n) {
            if (random.below(2) == 0) {
                mutate(text, 0, random);
            } else {
                text.insert(random.below(text.size() + 1), pieces[random.below(std::size(pieces))]);
            }
        }
        accepted += list(is_visa ? "visa" : "csv", text) ? 1 : 0;
        if (HasFailure()) {
            FAIL() << "input " << i << ":\n" << text;
        }
    }
    std::printf("%d inputs: %d accepted\n", count, accepted);
    EXPECT_GT(accepted, count / 100);
    EXPECT_LT(accepted, count * 9 / 10);
}

TEST_F(TablesFuzzTest, ValidTablesAreAccepted) {
    EXPECT_TRUE(list("csv", kCsv));
    EXPECT_TRUE(list("visa", kVisa));
}

TEST_F(TablesFuzzTest, EveryCutOfATableIsHandled) {
    const std::string text = kCsv;
    for (std::size_t length = 0; length < text.size(); ++length) {
        list("csv", text.substr(0, length));
    }
}

}  // namespace
}  // namespace harrow::tests
