#include "storage/imports/read_import.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "storage/imports/experiment_name.hpp"
#include "storage/results.hpp"
#include "sweeps/error.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::storage {
namespace {

namespace fs = std::filesystem;
using testing::contains;

/// One seed's value in a line: "main 42 mean image_auroc 0.98", after task t with " @t".
std::vector<std::string> lines_of(const ImportTable& table) {
    std::vector<std::string> lines;
    for (const ImportValue& value : table.values()) {
        const ImportTrial& trial = table.trials()[value.trial];
        const sweeps::MetricRow row = table.row(value);
        lines.push_back(table.cells()[trial.cell].name + " " + std::to_string(trial.seed) + " " +
                        row.class_name + " " + row.metric + " " + shortest_text(row.value) +
                        (row.after_task > 0 ? " @" + std::to_string(row.after_task) : "") +
                        (row.routing == "oracle" ? " oracle" : ""));
    }
    return lines;
}

using Lines = std::vector<std::string>;

class ReadImportTest : public ::testing::Test {
protected:
    std::string file(const std::string& name, const std::string& text) {
        fs::create_directories((folder_ / name).parent_path());
        testing::spill(folder_ / name, text);
        return (folder_ / name).string();
    }
    Import read(const std::string& text, const std::string& cells = "") {
        ImportRequest request{{file("t.csv", text)}, "", std::nullopt};
        if (!cells.empty()) {
            request.cells = file("cells.csv", cells);
        }
        return read_import(request);
    }
    /// Without the folder's name.
    std::string refusal(const std::string& text, const std::string& cells = "") {
        std::string all = testing::message_of<sweeps::UsageError>([&] { read(text, cells); });
        const std::string folder = folder_.path().string() + "/";
        for (std::size_t at = all.find(folder); at != std::string::npos; at = all.find(folder)) {
            all.erase(at, folder.size());
        }
        return all;
    }

    testing::TemporaryDirectory folder_;
};

TEST_F(ReadImportTest, LongTablesInAnyOrderOfColumns) {
    const Import import = read(
        "value,metric,class,seed,cell\n"
        "0.98,image_auroc,bottle,0,main\n"
        "0.96,image_auroc,,0,main\n"
        "0.5,pixel_ap,mean,1,\"a, b\"\n");
    EXPECT_EQ(lines_of(import.table),
              (Lines{"main 0 bottle image_auroc 0.98",
                     "main 0 mean image_auroc 0.96",
                     "a, b 1 mean pixel_ap 0.5"}));
}

TEST_F(ReadImportTest, WideTablesWithSettingsAndPublishedRows) {
    const Import import = read(
        "cell;lr;seed;image_auroc;train.tail_weight;note_metric\r\n"
        "main;0,0003;0;98,1;0,70;-\r\n"
        "main;3e-4;1;98,3;;7\r\n"
        "paper;;;97,2 ± 0,4;;\r\n");
    EXPECT_EQ(lines_of(import.table),
              (Lines{"main 0 mean image_auroc 98.1",
                     "main 1 mean image_auroc 98.3",
                     "main 1 mean note_metric 7"}));
    const ImportCell& main = import.table.cells()[0];
    EXPECT_EQ(main.settings.at("train.lr"), "3e-04");
    EXPECT_EQ(main.settings.at("train.tail_weight"), "0.7");
    const ImportCell& paper = import.table.cells()[1];
    ASSERT_EQ(paper.published.size(), 1U);
    EXPECT_EQ(paper.published[0].value, 97.2);
    EXPECT_EQ(paper.published[0].std, 0.4);
}

TEST_F(ReadImportTest, HarrowsOwnRowsComeBack) {
    const Import import = read(
        "trial,cell,cell_name,seed,after_task,class,routing,metric,value\n"
        "ab.s3,ab,main,3,1,bottle,oracle,image_auroc,0.9\n"
        "ab.s3,ab,main,3,0,mean,routed,image_auroc,0.8\n");
    EXPECT_EQ(lines_of(import.table),
              (Lines{"main 3 mean image_auroc 0.8", "main 3 bottle image_auroc 0.9 @1 oracle"}));
}

TEST_F(ReadImportTest, ATableOfCellsDescribesThem) {
    const Import import = read("cell,seed,image_auroc\nmain,0,0.9\nother,0,0.8\n",
                               "cell,label,tags,dataset,lambda_logdet,optimiser of theirs\n"
                               "main,Ours,\"a; b\",mvtec,1e-4,lion\n");
    const ImportCell& main = import.table.cells()[0];
    EXPECT_EQ(main.label, "Ours");
    EXPECT_EQ(main.tags, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(main.dataset, "mvtec");
    EXPECT_EQ(main.settings.at("train.lambda_logdet"), "1e-04");
    EXPECT_EQ(main.settings.at("optimiser of theirs"), "lion");
    EXPECT_TRUE(contains(refusal("cell,seed,image_auroc\nmain,0,0.9\n", "cell,label\nmian,x\n"),
                         "cells.csv:2: no result is of a cell 'mian'; did you mean 'main'?"));
}

TEST_F(ReadImportTest, EveryProblemIsListedWithItsLine) {
    const std::string all = refusal(
        "cell,seed,image_auroc,lr\n"
        "a,0,98.1,3e-4\n"
        "a,1.0,98.2,\n"
        "a,2,nan,\n"
        "a,0,98.3,\n"
        "a,4,0.98,\n"
        "a,5,98.1,5e-4\n"
        "b,7\n"
        ",7,98,\n");
    EXPECT_TRUE(contains(all,
                         "t.csv:2: metric 'image_auroc' mixes fractions and percentages: "
                         "0.98 (t.csv:6) and 98.1 (t.csv:2)"));
    EXPECT_TRUE(contains(all, "t.csv:3: seed '1.0' is not a whole number: write 1"));
    EXPECT_TRUE(contains(all, "t.csv:4: image_auroc: 'nan': NaN"));
    EXPECT_TRUE(contains(all,
                         "t.csv:5: cell 'a', seed 0, class 'mean', metric 'image_auroc' has "
                         "a value already, in line 2"));
    EXPECT_TRUE(contains(all, "t.csv:7: cell 'a' has train.lr '5e-04' here and '3e-04' in line 2"));
    EXPECT_TRUE(contains(all, "t.csv:8: 2 fields where the header has 4"));
    EXPECT_TRUE(contains(all, "t.csv:9: the name of the cell is missing"));
    EXPECT_TRUE(contains(all, "nothing was imported"));
}

TEST_F(ReadImportTest, HeadersThatCannotBeUsed) {
    EXPECT_TRUE(
        contains(refusal("cell,metric,value\na,b,1\n"), "t.csv:1: columns are missing: seed"));
    EXPECT_TRUE(contains(refusal("cell,seed\na,1\n"), "columns are missing: one of a metric"));
    EXPECT_TRUE(
        contains(refusal("cell,seed,metric,value,foo\n"), "column 'foo' is none of a long"));
    EXPECT_TRUE(contains(refusal("cell,seed,ap,ap\na,1,1,1\n"), "column 'ap' is there twice"));
    EXPECT_TRUE(
        contains(refusal("cell,seed,lr,train.lr,ap\n"), "column 'train.lr' is there twice"));
    EXPECT_TRUE(contains(refusal(",cell,seed,ap\n0,a,1,1\n"), "column 1 has no name"));
    EXPECT_TRUE(contains(refusal("x,y\n1,2\n"), "t.csv:1: this header is not known"));
    EXPECT_TRUE(contains(refusal("cell,seed,ap\n"), "t.csv:1: there is no row behind the header"));
    EXPECT_TRUE(contains(refusal(""), "t.csv:1: the file is empty"));
    EXPECT_TRUE(contains(refusal("cell,seed,ap\na,1,\n"), "there is not one value"));
}

TEST_F(ReadImportTest, NamesThatWouldMislead) {
    EXPECT_TRUE(contains(refusal("cell,seed,class,metric,value\na,0,Average,ap,1\n"),
                         "class 'Average' seems to be a mean over classes; call it mean"));
    EXPECT_TRUE(contains(refusal("cell,seed,metric,value\n\"a\x1b[2J\",0,ap,1\n"), "control"));
    EXPECT_TRUE(contains(refusal("cell,seed,metric,value\na\xff,0,ap,1\n"), "not UTF-8"));
    EXPECT_TRUE(contains(refusal("cell,seed,after_task,metric,value\na,,1,ap,1\n"),
                         "a published value is one of the whole sequence"));
}

TEST_F(ReadImportTest, ProblemsAreCountedAndTheFirstOnesShown) {
    std::string text = "cell,seed,ap\n";
    for (int i = 0; i < 50; ++i) {
        text += "a,x,1\n";
    }
    const std::string all = refusal(text);
    EXPECT_TRUE(contains(all, "t.csv:21: "));
    EXPECT_EQ(all.find("t.csv:22: "), std::string::npos);
    EXPECT_TRUE(contains(all, "and 30 more"));
}

TEST(ImportTableTest, PublishedValuesAreBounded) {
    ImportTable table;
    table.add_file("t.csv");
    const std::uint32_t cell = *table.cell("a", {0, 2});
    for (std::size_t i = 0; i < ImportTable::kMaxPublished; ++i) {
        table.add_published({cell, "mean", "ap"}, 1, std::nullopt, {0, 2});
    }
    EXPECT_FALSE(table.problems().is_full());
    table.add_published({cell, "mean", "ap"}, 1, std::nullopt, {0, 3});
    EXPECT_TRUE(table.problems().is_full());
    EXPECT_EQ(table.cells()[0].published.size(), ImportTable::kMaxPublished);
    table.finish();  // nearly all are duplicates
    EXPECT_TRUE(contains(
        testing::message_of<sweeps::UsageError>([&] { table.problems().refuse(); }), "t.csv:3: "));
}

TEST_F(ReadImportTest, DuplicatesOfPublishedValuesAreNotAllListed) {
    std::string text = "cell,seed,metric,value\n";
    for (int i = 0; i < 3000; ++i) {
        text += "a,,ap,1\n";
    }
    EXPECT_TRUE(contains(refusal(text), "and at least 980 more"));
}

TEST_F(ReadImportTest, UsualNamesOfSettingsAreSettings) {
    const Import import = read("cell,seed,epochs,bs,learning_rate,ap\na,0,60,16,3e-4,0.5\n");
    EXPECT_EQ(lines_of(import.table), (Lines{"a 0 mean ap 0.5"}));
    const ImportCell& cell = import.table.cells()[0];
    EXPECT_EQ(cell.settings.at("train.num_epochs"), "60");
    EXPECT_EQ(cell.settings.at("train.batch_size"), "16");
    EXPECT_EQ(cell.settings.at("train.lr"), "3e-04");
}

TEST_F(ReadImportTest, MetricsThatNoSeedChangesAreTold) {
    const Import import = read(
        "cell,seed,patience,steps,image_auroc,loss\n"
        "a,0,7,100,1,0.5\n"
        "a,1,7,100,1,0.25\n"
        "b,0,9,200,1,0.5\n");
    EXPECT_EQ(import.table.constant_metrics(), (std::vector<std::string>{"patience", "steps"}));
    EXPECT_TRUE(read("cell,seed,patience\na,0,7\nb,0,7\n").table.constant_metrics().empty());
}

TEST_F(ReadImportTest, AValueThatNoAurocHasIsRefused) {
    EXPECT_TRUE(contains(refusal("cell,seed,image_auroc\na,0,0.5\na,1,1.2\nb,,-3\n"),
                         "t.csv:3: metric 'image_auroc' is 1.2, which no AUROC is"));
}

TEST_F(ReadImportTest, ASeedThatNothingUsesIsRefused) {
    const auto refusal_of = [](const std::string& path) {
        return testing::message_of<sweeps::UsageError>([&] {
            read_import({{path}, "", std::uint64_t{77}});
        });
    };
    EXPECT_TRUE(contains(refusal_of(file("t.csv", "cell,seed,ap\na,0,1\n")),
                         "--seed is of experiment folders"));
    const std::string results = "Task ID,Class Name,Image AUC\n0,leather,0.8500\n";
    EXPECT_TRUE(contains(refusal_of(file("main_s1/final_results.csv", results)),
                         "the folder's name says seed 1, --seed 77"));
    const std::string own = file("main_s77/final_results.csv", results);
    EXPECT_EQ(read_import({{own}, "", std::uint64_t{77}}).table.trials()[0].seed, 77U);
}

TEST_F(ReadImportTest, ExperimentFoldersBecomeCellsWithASequence) {
    const char* const header =
        "class_name,task_id,img_auc,pixel_auc,is_current_task,routing_accuracy\n";
    const std::string at = "exps/main_seed42/";
    file(at + "continual_results_after_task_0.csv",
         std::string(header) + "leather,0,0.9,0.95,True,1.0\nAverage,,0.9,0.95,,1.0\n");
    file(at + "continual_results_after_task_1.csv",
         std::string(header) +
             "leather,0,0.85,0.94,False,0.5\ngrid,1,0.7,0.8,True,1.0\nAverage,,0.775,0.87,,0.75\n"
             "Task_0_Average,0,0.85,0.94,,0.5\nTask_1_Average,1,0.7,0.8,,1.0\n");
    const std::string final =
        file(at + "final_results.csv",
             "Task ID,Class Name,Routing Acc (%),Image AUC,Pixel AUC,Image AP,Pixel AP\n"
             "0,leather,50.00,0.8500,0.9400,0.9900,0.4000\n"
             "1,grid,N/A,0.7000,0.8000,0.9800,0.3000\n"
             "Mean,Overall,50.00*,0.7750*,0.8700*,0.9850*,0.3500*\n");
    const Import import = read_import({{(folder_ / "exps").string()}, "", std::nullopt});
    EXPECT_EQ(import.table.values().size(), 13U);
    const Lines lines = lines_of(import.table);
    for (const char* line : {"main 42 leather image_auroc 0.9",
                             "main 42 leather image_auroc 0.85 @1",
                             "main 42 grid pixel_ap 0.3 @1",
                             "main 42 leather routing_acc 0.5 @1"}) {
        EXPECT_EQ(std::count(lines.begin(), lines.end(), line), 1) << line;
    }
    const Import alone = read_import({{final}, "", std::nullopt});
    EXPECT_EQ(alone.table.values().size(), 9U);  // one N/A
}

TEST_F(ReadImportTest, ExperimentFilesThatContradictEachOther) {
    const std::string at = "main_s1/";
    file(at + "continual_results_after_task_0.csv",
         "class_name,task_id,img_auc\nleather,0,0.9\ngrid,1,0.8\n");
    file(at + "final_results.csv", "Task ID,Class Name,Image AUC\n0,leather,0.5\n1,leather,0.5\n");
    const std::string all = testing::message_of<sweeps::UsageError>([&] {
        read_import({{(folder_ / "main_s1").string()}, "", std::nullopt});
    });
    EXPECT_TRUE(contains(all, "class 'grid' of task 1 has values after task 0"));
    EXPECT_TRUE(contains(all, "class 'leather' is of task 1 here and of task 0 before"));
    file(at + "continual_results_after_task_0.csv", "class_name,task_id,img_auc\nleather,0,0.9\n");
    file(at + "final_results.csv", "Task ID,Class Name,Image AUC\n0,leather,0.8500\n");
    EXPECT_TRUE(contains(testing::message_of<sweeps::UsageError>([&] {
                             read_import({{(folder_ / "main_s1").string()}, "", std::nullopt});
                         }),
                         "final_results.csv:2: class 'leather': image_auroc does not agree with"));
    fs::rename(folder_ / "main_s1", folder_ / "main");
    EXPECT_TRUE(contains(testing::message_of<sweeps::UsageError>([&] {
                             read_import({{(folder_ / "main").string()}, "", std::nullopt});
                         }),
                         "say it with --seed"));
}

TEST(ExperimentNameTest, SeedsEndTheName) {
    const auto text = [](const std::string& folder) {
        const ExperimentName name = parse_experiment_name(folder);
        return name.cell + "|" + (name.seed ? std::to_string(*name.seed) : "");
    };
    EXPECT_EQ(text("main_seed42"), "main|42");
    EXPECT_EQ(text("main-Seed_7"), "main|7");
    EXPECT_EQ(text("main_s42"), "main|42");
    EXPECT_EQ(text("seed42"), "|42");
    EXPECT_EQ(text("lr3e-4_dia4"), "lr3e-4_dia4|");
    EXPECT_EQ(text("layers2"), "layers2|");
    EXPECT_EQ(text("123"), "123|");
    EXPECT_FALSE(parse_experiment_name("a_seed99999999999999999999").problem.empty());
}

}  // namespace
}  // namespace harrow::storage
