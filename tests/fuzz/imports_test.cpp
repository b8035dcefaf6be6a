// Damaged tables of results: an import whose rows hold, or problems with places.
#include <cmath>
#include <set>
#include <tuple>

#include <gtest/gtest.h>

#include "storage/imports/read_import.hpp"
#include "sweeps/error.hpp"
#include "tests/fuzz/fuzzing.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::tests {
namespace {

namespace fs = std::filesystem;
using storage::testing::spill;
using sweeps::RandomStream;

constexpr int kShortCount = 4000;

struct Kind {
    const char* path;  ///< of the damaged file
    const char* text;
};
const Kind kKinds[] = {
    {"long.csv",
     "cell,seed,metric,value,class\r\nmain,0,image_auroc,98.1,bottle\r\nmain,0,image_auroc,97.2,"
     "cable\r\nmain,1,pixel_ap,53.01,mean\r\n\"a, \"\"b\"\"\",,image_auroc,93.0 ± 0.4,mean\r\n"},
    {"wide.csv",
     "cell;seed;image_auroc;pixel_ap;lr;after_task;routing\nmain;0;98,1;53;3e-4;0;routed\nmain;1;"
     "98,2;;0,0003;0;oracle\nb;42;97;51,5;;3;\n"},
    {"results.csv",
     "trial,cell,cell_name,seed,after_task,class,routing,metric,value\nab.s3,ab,main,3,1,bottle,"
     "oracle,image_auroc,0.9\nab.s3,ab,main,3,0,mean,routed,image_auroc,0.8\n"},
    {"main_seed7/final_results.csv",
     "Task ID,Class Name,Routing Acc (%),Image AUC,Pixel AUC,Image AP,Pixel AP\n0,leather,50.00,"
     "0.8500,0.9400,0.9900,0.4000\n1,grid,N/A,0.7000,0.8000,0.9800,0.3000\nMean,Overall,50.00*,"
     "0.7750*,0.8700*,0.9850*,0.3500*\n"},
    {"main_seed7/continual_results_after_task_1.csv",
     "class_name,task_id,img_auc,pixel_auc,is_current_task,routing_accuracy\nleather,0,0.85,0.94,"
     "False,0.5\ngrid,1,0.7,0.8,True,1.0\nAverage,,0.775,0.87,,0.75\n"},
};
const char* const kCells = "cell,label,tags,dataset,lr,theirs\nmain,Ours,\"a;b\",mvtec,3e-4,x y\n";

class ImportsFuzzTest : public ::testing::Test {
protected:
    ImportsFuzzTest() {
        refuse_large_allocations();
        fs::create_directories(folder_ / "main_seed7");
    }

    /// What every import promises. Answers whether it was accepted.
    bool import(const std::string& file, const std::string& cells) {
        try {
            const storage::Import read = storage::read_import({{file}, cells, std::nullopt});
            std::set<std::tuple<std::uint32_t, int, bool, std::uint32_t, int>> seen;
            for (const storage::ImportValue& value : read.table.values()) {
                EXPECT_TRUE(std::isfinite(value.value));
                EXPECT_TRUE(seen.emplace(value.trial,
                                         value.after_task,
                                         value.is_oracle,
                                         value.class_name,
                                         value.metric)
                                .second);
                EXPECT_LT(value.trial, read.table.trials().size());
                EXPECT_FALSE(read.table.row(value).metric.empty());
                EXPECT_FALSE(read.table.row(value).class_name.empty());
            }
            std::size_t published = 0;
            for (const storage::ImportCell& cell : read.table.cells()) {
                EXPECT_FALSE(cell.name.empty());
                published += cell.published.size();
            }
            EXPECT_GT(read.table.values().size() + published, 0U);
            return true;
        } catch (const sweeps::UsageError& refusal) {
            const std::string text = refusal.what();
            EXPECT_NE(text.find("nothing was imported"), std::string::npos) << text;
            EXPECT_NE(text.find(": "), std::string::npos) << text;
            return false;
        }
    }

    void damage(std::string& text, RandomStream& random) {
        static const std::string kPieces[] = {",",
                                              ";",
                                              "\t",
                                              "\"",
                                              "\n",
                                              "\r",
                                              "\r\n",
                                              "\"\"",
                                              ",,,,",
                                              "\xff",
                                              "\xef\xbb\xbf",
                                              std::string(1, '\0'),
                                              "nan",
                                              "inf",
                                              "-1",
                                              "1e999",
                                              "98,1",
                                              "0.98",
                                              " ± 0.1",
                                              "±",
                                              "mean",
                                              "Average",
                                              "main",
                                              "seed",
                                              "cell",
                                              "42.0",
                                              "18446744073709551616",
                                              std::string(5000, '9'),
                                              std::string(3000, ','),
                                              "%",
                                              "*",
                                              "N/A",
                                              "\x1b[2J",
                                              "\xfe\xff",
                                              "999",
                                              "Task_1_Average",
                                              "oracle",
                                              "-0"};
        for (std::uint64_t n = 1 + random.below(3); n > 0; --n) {
            if (random.below(2) == 0) {
                mutate(text, 0, random);
            } else {
                text.insert(random.below(text.size() + 1),
                            kPieces[random.below(std::size(kPieces))]);
            }
        }
    }

    storage::testing::TemporaryDirectory folder_;
};

TEST_F(ImportsFuzzTest, DamagedTables) {
    const int count = fuzz_count(kShortCount);
    int accepted = 0;
    for (int i = 0; i < count; ++i) {
        RandomStream random(static_cast<std::uint64_t>(i), "imports");
        const Kind& kind = kKinds[random.below(std::size(kKinds))];
        std::string text = kind.text, cells = kCells;
        const bool with_cells = random.below(4) == 0;
        damage(with_cells ? cells : text, random);
        const fs::path file = folder_ / kind.path;
        fs::remove(file);  // overwriting makes some file systems wait for the disk
        spill(file, text);
        fs::remove(folder_ / "cells.csv");
        spill(folder_ / "cells.csv", cells);
        accepted +=
            import(file.string(), with_cells ? (folder_ / "cells.csv").string() : "") ? 1 : 0;
        if (HasFailure()) {
            FAIL() << "input " << i << ", " << kind.path << ":\n" << text;
        }
    }
    std::printf("%d inputs: %d accepted\n", count, accepted);
    EXPECT_GT(accepted, count / 100);
    EXPECT_LT(accepted, count * 9 / 10);
}

TEST_F(ImportsFuzzTest, ValidTablesAreAccepted) {
    for (const Kind& kind : kKinds) {
        spill(folder_ / kind.path, kind.text);
        EXPECT_TRUE(import((folder_ / kind.path).string(), "")) << kind.path;
    }
}

TEST_F(ImportsFuzzTest, EveryCutOfATableIsHandled) {
    for (const Kind& kind : kKinds) {
        const std::string text = kind.text;
        for (std::size_t length = 0; length < text.size(); ++length) {
            spill(folder_ / kind.path, text.substr(0, length));
            import((folder_ / kind.path).string(), "");
        }
    }
}

}  // namespace
}  // namespace harrow::tests
