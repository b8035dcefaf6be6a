#include "sweeps/sweep.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "sweeps/canonical.hpp"
#include "tests/support/fake_catalog.hpp"

namespace harrow::sweeps {
namespace {

using Names = std::vector<std::string>;
using Seeds = std::vector<std::uint64_t>;

const Cell& cell(const Sweep& sweep, const std::string& name) {
    const Cell* found = find_cell(sweep, name);
    if (found == nullptr) {
        throw std::runtime_error("no cell " + name);
    }
    return *found;
}

TEST(SweepTest, WithoutSpaceThereIsOneCellNamedBase) {
    const Sweep sweep = parse(kHead);
    ASSERT_EQ(names_of(sweep), Names{"base"});
    EXPECT_EQ(sweep.name, "a");
    EXPECT_EQ(sweep.cells[0].seeds, (Seeds{0, 1}));
    EXPECT_EQ(sweep.cells[0].tasks.size(), 5U);
    EXPECT_EQ(sweep.cells[0].tasks[1], Names{"cable"});
    EXPECT_EQ(sweep.cells[0].id.size(), 32U);
}

/// The sweep file of the documentation, with the parameters there are.
const char* const kEverything = R"(
name: mvtec-main
method: moleflow
data: {layout: mvtec, root: "${env:HARROW_TEST_ROOT}", classes: all, image_size: 224}
sequence: {scenario: "1-1", order: alphabetical}
backbone: {name: filterbank}
train: {lr: 3e-4, num_epochs: 60}
model.lora_rank: 32
seeds: [0, 42, 123, 456, 789]
space:
  - grid: {train.tail_weight: [0.55, 0.65, 0.7], score.top_k: [3, 5]}
    exclude: ["train.tail_weight == 0.55 and score.top_k == 5"]
  - zip: {model.num_coupling_layers: [8, 6], model.dia_n_blocks: [4, 2]}
  - cases:
      - {name: main}
      - {name: wo_dia, label: "w/o DIA", model.dia_n_blocks: 0}
    tags: [ablation]
    seeds: [0, 42, 7]
  - axes:
      base: {frozen: {}, trainable: {model.unfreeze_base: true}}
      module: {none: {}, plain: {model.adapter: none}}
    set: {train.num_epochs: 20}
objective: {metric: pixel_ap, goal: maximize, subject_to: ["image_auroc >= 0.98"]}
compare: {baseline: main, same: [train.lr, train.lambda_logdet], test: paired_t, adjust: holm}
)";

TEST(SweepTest, ReadsEveryConstruct) {
    setenv("HARROW_TEST_ROOT", "/data", 1);
    const Sweep sweep = parse(kEverything);
    EXPECT_EQ(names_of(sweep),
              (Names{"tail_weight=0.55",
                     "tail_weight=0.65",
                     "tail_weight=0.65,top_k=5",
                     "main",
                     "top_k=5",
                     "num_coupling_layers=6,dia_n_blocks=2",
                     "wo_dia",
                     "base=frozen,module=none",
                     "base=frozen,module=plain",
                     "base=trainable,module=none",
                     "base=trainable,module=plain"}));
    const Cell& main = cell(sweep, "main");
    EXPECT_EQ(main.names, (Names{"base", "main"}));
    EXPECT_EQ(main.tags, Names{"ablation"});
    EXPECT_EQ(main.seeds, (Seeds{0, 42, 123, 456, 789, 7}));
    EXPECT_EQ(main.config.model.lora_rank, 32);
    EXPECT_EQ(main.config.data.root, "/data");
    const Cell& wo_dia = cell(sweep, "wo_dia");
    EXPECT_EQ(wo_dia.labels, Names{"w/o DIA"});
    EXPECT_EQ(wo_dia.seeds, (Seeds{0, 42, 7}));
    EXPECT_EQ(wo_dia.config.model.dia_n_blocks, 0);
    EXPECT_EQ(cell(sweep, "base=trainable,module=plain").config.train.num_epochs, 20);
    EXPECT_TRUE(cell(sweep, "base=trainable,module=plain").config.model.unfreeze_base);
    EXPECT_EQ(sweep.objective.metric, "pixel_ap");
    EXPECT_EQ(sweep.objective.subject_to, Names{"image_auroc >= 0.98"});
    ASSERT_TRUE(sweep.compare.has_value());
    EXPECT_EQ(sweep.compare->baseline, "main");
    EXPECT_EQ(sweep.compare->same, (Names{"train.lr", "train.lambda_logdet"}));
    EXPECT_EQ(sweep.text, kEverything);
}

TEST(SweepTest, BlockIsTheProductOfItsParts) {
    const Sweep sweep = parse(std::string(kHead) + R"(
space:
  - cases: [{name: main}, {name: wo, model.dia_n_blocks: 0}]
    axes: {opt: {p: {}, w: {train.optimizer: adamw}}}
    zip: {train.lr: [1e-3, 1e-4], train.num_epochs: [5, 9]}
    grid: {score.top_k: [3, 5]}
)");
    EXPECT_EQ(sweep.cells.size(), 16U);
    EXPECT_EQ(sweep.cells[0].name, "main,opt=p,lr=0.001,num_epochs=5");
    EXPECT_EQ(sweep.cells[1].name, "main,opt=p,lr=0.001,num_epochs=5,top_k=5");
    EXPECT_EQ(sweep.cells[2].name, "main,opt=p,lr=1e-04,num_epochs=9");
    EXPECT_EQ(sweep.cells[15].name, "wo,opt=w,lr=1e-04,num_epochs=9,top_k=5");
    EXPECT_EQ(sweep.cells[15].config.train.optimizer, "adamw");
}

TEST(SweepTest, ValueEqualToTheCasesOwnIsNotInTheName) {
    const Sweep sweep = parse(std::string(kHead) +
                              "space: [{cases: [{name: main}], grid: {score.top_k: [3, 5]}}]\n");
    EXPECT_EQ(names_of(sweep), (Names{"main", "main,top_k=5"}));
}

TEST(SweepTest, EqualConfigurationsAreOneCell) {
    const Sweep sweep = parse(std::string(kHead) + R"(
space:
  - grid: {train.tail_aware_loss: [true, false], train.tail_weight: [0.5, 0.6]}
    tags: [x, y]
  - grid: {tail_aware_loss: [false]}
    tags: [y, z]
    seeds: [1, 5]
)");
    ASSERT_EQ(sweep.cells.size(), 3U);
    const Cell& off = cell(sweep, "tail_aware_loss=false");
    EXPECT_EQ(off.tags, (Names{"x", "y", "z"}));
    EXPECT_EQ(off.seeds, (Seeds{0, 1, 5}));
    EXPECT_EQ(off.names, Names{"tail_aware_loss=false"});
}

TEST(SweepTest, ParameterOfAnotherMethodIsDropped) {
    const Sweep sweep = parse(std::string(kHead) +
                              "space: [{grid: {method: [moleflow, finetune], "
                              "router.distance: [mahalanobis, euclidean]}}]\n");
    EXPECT_EQ(names_of(sweep), (Names{"base", "distance=euclidean", "method=finetune"}));
}

TEST(SweepTest, ListsMayBeSwept) {
    const Sweep sweep = parse(std::string(kHead) + R"(
space:
  - grid: {data.classes: [all, [bottle, grid]], sequence.order: [alphabetical, random]}
)");
    EXPECT_EQ(names_of(sweep),
              (Names{"base",
                     "order=random",
                     "classes=[bottle,grid]",
                     "classes=[bottle,grid],order=random"}));
    EXPECT_EQ(cell(sweep, "classes=[bottle,grid]").tasks,
              (std::vector<Names>{{"bottle"}, {"grid"}}));
}

TEST(SweepTest, GrowingASweepChangesNoKeyAndNoName) {
    const std::string grid = "space:\n  - grid: {train.tail_weight: [0.55, 0.7]";
    const Sweep before = parse(kHead + grid + "}\n");
    const std::string more[] = {
        grid + ", score.top_k: [3, 5]}\n",            // another axis
        grid + ", train.grad_clip: [0.5]}\n",         // a parameter at its default
        grid + "}\n    tags: [t]\n    seeds: [9]\n",  // tags, seeds
        grid + "}\n  - cases: [{name: wo, model.dia_n_blocks: 0}]\n",
        "space:\n  - grid: {train.tail_weight: [0.5, 0.55, 0.6, 0.7]}\n",
        grid + "}\ntrain.weight_decay: 0.01\nsequence: {order: alphabetical}\n"};
    for (const std::string& text : more) {
        const Sweep after = parse(kHead + text);
        for (const Cell& old : before.cells) {
            const Cell* same = find_cell(after, old.name);
            ASSERT_NE(same, nullptr) << old.name << " in " << text;
            EXPECT_EQ(same->id, old.id) << text;
            EXPECT_EQ(same->name, old.name) << text;
        }
    }
}

TEST(SweepTest, KeepsNamesThatAreKnown) {
    Sweep sweep = parse(std::string(kHead) +
                        "space: [{grid: {score.top_k: [3, 5]}}, "
                        "{cases: [{name: main}]}]\n");
    ASSERT_EQ(names_of(sweep), (Names{"main", "top_k=5"}));
    keep_names(sweep, {{sweep.cells[0].id, "base"}, {"0123", "gone"}});
    EXPECT_EQ(names_of(sweep), (Names{"base", "top_k=5"}));
    keep_names(sweep, {{sweep.cells[1].id, "five"}});
    EXPECT_EQ(sweep.cells[1].names, (Names{"five", "top_k=5"}));
    EXPECT_EQ(find_cell(sweep, "top_k=5"), &sweep.cells[1]);
}

TEST(SweepTest, KnownNameCannotNameAnotherCell) {
    Sweep sweep = parse(kHead);
    try {
        keep_names(sweep, {{"0123", "base"}});
        FAIL();
    } catch (const UsageError& error) {
        EXPECT_NE(std::string(error.what()).find("'base' already names another"),
                  std::string::npos);
    }
}

TEST(SweepTest, RootsWithEqualDataAreOneCell) {
    FakeCatalog catalog;
    catalog.add("/copy", {"bottle", "cable", "capsule", "carpet", "grid"});
    catalog.add("/other", {"bottle", "cable", "capsule", "carpet", "grid"}, "other");
    const Sweep sweep =
        parse_sweep(std::string(kHead) + "space: [{grid: {data.root: [/data, /copy/, /other]}}]\n",
                    "s.yaml",
                    "/specs",
                    {},
                    catalog);
    ASSERT_EQ(sweep.cells.size(), 2U);
    EXPECT_EQ(sweep.cells[0].names, (Names{"base", "root=/copy"}));
    EXPECT_EQ(sweep.cells[1].name, "root=/other");
}

class SweepFileTest : public testing::Test {
protected:
    void SetUp() override {
        directory_ =
            std::filesystem::temp_directory_path() / ("harrow-sweep-" + std::to_string(getpid()));
        std::filesystem::create_directories(directory_ / "more");
    }
    void TearDown() override { std::filesystem::remove_all(directory_); }
    std::string write(const std::string& name, const std::string& text) {
        std::ofstream(directory_ / name) << text;
        return (directory_ / name).string();
    }
    Problem first_problem(const std::string& file) {
        try {
            load_sweep(file, {}, catalog_);
        } catch (const UsageError& error) {
            return error.problems().front();
        }
        return {};
    }
    std::filesystem::path directory_;
    FakeCatalog catalog_;
};

TEST_F(SweepFileTest, LaterFilesWinOverIncludedOnes) {
    write("more/root.yaml",
          "data: {root: ../images}\ntrain: {lr: 1e-3, num_epochs: 7}\nseeds: [5]\n");
    write("more/base.yaml", "include: root.yaml\nname: base\ntrain.lr: 2e-3\n");
    const std::string file =
        write("s.yaml", "include: [more/base.yaml]\nname: mine\nscore: {top_k: 9}\nseeds: [0]\n");
    catalog_.add((directory_ / "images").string(), {"x"});
    const Sweep sweep = load_sweep(file, {}, catalog_);
    const TrialConfig& config = sweep.cells.at(0).config;
    EXPECT_EQ(sweep.name, "mine");
    EXPECT_EQ(config.train.lr, 2e-3);
    EXPECT_EQ(config.train.num_epochs, 7);
    EXPECT_EQ(config.score.top_k, 9);
    EXPECT_EQ(config.data.root, (directory_ / "images").string()) << "relative to its own file";
    EXPECT_EQ(sweep.cells[0].seeds, Seeds{0});
    EXPECT_EQ(sweep.included.size(), 2U);
}

TEST_F(SweepFileTest, ProblemsOfIncludedFilesNameThatFile) {
    write("more/base.yaml", "name: a\n\ntrain: {lr: fast}\n");
    const Problem problem = first_problem(
        write("s.yaml", "include: more/base.yaml\ndata: {root: /data}\nseeds: [0]\n"));
    EXPECT_NE(problem.file.find("more/base.yaml"), std::string::npos);
    EXPECT_EQ(problem.line, 3);
    EXPECT_EQ(problem.key, "train.lr");
}

TEST_F(SweepFileTest, IncludesThatCannotWorkAreProblems) {
    EXPECT_NE(first_problem(write("s.yaml", "include: s.yaml\nname: a\n")).message.find("itself"),
              std::string::npos);
    write("a.yaml", "include: b.yaml\n");
    EXPECT_NE(first_problem(write("b.yaml", "include: a.yaml\n")).message.find("itself"),
              std::string::npos);
    const Problem missing = first_problem(write("s.yaml", "name: a\ninclude: [none.yaml]\n"));
    EXPECT_EQ(missing.line, 2);
    EXPECT_NE(missing.message.find("no such file"), std::string::npos);
    // Two includes each of which includes two: a bound, not an exponential wait.
    for (int i = 0; i < 30; ++i) {
        const std::string next = "d" + std::to_string(i + 1) + ".yaml";
        write("d" + std::to_string(i) + ".yaml", "include: [" + next + ", " + next + "]\n");
    }
    write("d30.yaml", "name: a\n");
    EXPECT_NE(first_problem((directory_ / "d0.yaml").string()).message.find("more than"),
              std::string::npos);
}

TEST_F(SweepFileTest, FilesThatCannotBeReadAreProblems) {
    EXPECT_NE(first_problem((directory_ / "none.yaml").string()).message.find("no such file"),
              std::string::npos);
    EXPECT_NE(first_problem(directory_.string()).message.find("is a directory"), std::string::npos);
    EXPECT_NE(first_problem(write("big.yaml", std::string(5U << 20U, '#'))).message.find("4 MiB"),
              std::string::npos);
    EXPECT_NE(first_problem(write("empty.yaml", "")).message.find("holds nothing"),
              std::string::npos);
}

}  // namespace
}  // namespace harrow::sweeps
