#include <filesystem>

#include <gtest/gtest.h>

#include "tests/support/fake_catalog.hpp"

namespace harrow::sweeps {
namespace {

using Names = std::vector<std::string>;

const std::string kSpace = std::string(kHead) + R"(
space:
  - grid: {train.tail_weight: [0.55, 0.7], score.top_k: [3, 5]}
    seeds: [9]
  - cases: [{name: wo_dia, model.dia_n_blocks: 0}]
    set: {score.top_k: 7}
)";

TEST(OverridesTest, OneValueSetsAndReplacesAnAxis) {
    const Sweep sweep = parse(kSpace, {"score.top_k=4", "lr=1e-3"});
    EXPECT_EQ(names_of(sweep), (Names{"tail_weight=0.55", "base", "wo_dia"}));
    for (const Cell& cell : sweep.cells) {
        EXPECT_EQ(cell.config.score.top_k, 4);
        EXPECT_EQ(cell.config.train.lr, 1e-3);
    }
}

TEST(OverridesTest, HowToRunIsSetByFileAndCommandLineAndIsNoPartOfACell) {
    const Sweep plain = parse(kHead);
    EXPECT_EQ(plain.run.checkpoint_minutes, 10);
    EXPECT_EQ(plain.run.keep_checkpoints, KeepCheckpoints::None);
    EXPECT_EQ(plain.run.slots_per_gpu, 1);
    const std::string text =
        std::string(kHead) +
        "checkpoint_minutes: 0.5\nkeep: {checkpoints: all}\nslots_per_gpu: 2\n";
    const Sweep filed = parse(text);
    EXPECT_EQ(filed.run.checkpoint_minutes, 0.5);
    EXPECT_EQ(filed.run.keep_checkpoints, KeepCheckpoints::All);
    EXPECT_EQ(filed.run.slots_per_gpu, 2);
    EXPECT_EQ(filed.cells[0].id, plain.cells[0].id);
    const Sweep typed = parse(text, {"checkpoint_minutes=0", "keep.checkpoints=last"});
    EXPECT_EQ(typed.run.checkpoint_minutes, 0);
    EXPECT_EQ(typed.run.keep_checkpoints, KeepCheckpoints::Last);
    EXPECT_EQ(typed.run.slots_per_gpu, 2);
}

TEST(OverridesTest, ManyValuesAreAGridAxisOfEveryBlock) {
    const Sweep sweep = parse(kSpace, {"score.top_k=1,2"});
    EXPECT_EQ(names_of(sweep),
              (Names{"tail_weight=0.55,top_k=1",
                     "tail_weight=0.55,top_k=2",
                     "top_k=1",
                     "top_k=2",
                     "wo_dia,top_k=1",
                     "wo_dia,top_k=2"}));
    EXPECT_EQ(names_of(parse(kHead, {"score.top_k=3,4"})), (Names{"base", "top_k=4"}));
}

TEST(OverridesTest, CaseKeepsWhatItIsAbout) {
    const Sweep sweep = parse(kSpace, {"model.dia_n_blocks=1,2"});
    const Cell* cell = find_cell(sweep, "wo_dia");
    ASSERT_NE(cell, nullptr);
    EXPECT_EQ(cell->config.model.dia_n_blocks, 0);
    EXPECT_EQ(sweep.cells.size(), 9U);
    EXPECT_EQ(find_cell(parse(kSpace, {"dia=1"}), "wo_dia")->config.model.dia_n_blocks, 0);
}

TEST(OverridesTest, BracketsAreAList) {
    const Sweep sweep =
        parse(kHead, {"data.classes=[grid, bottle]", "sequence.order=[grid,bottle]"});
    EXPECT_EQ(sweep.cells[0].tasks, (std::vector<Names>{{"grid"}, {"bottle"}}));
    EXPECT_EQ(parse(kHead, {"data.classes=[grid],[bottle,cable]"}).cells.size(), 2U);
    EXPECT_EQ(parse(kHead, {"data.classes=grid,bottle"}).cells.size(), 2U);
}

TEST(OverridesTest, SeedsNameAndMethod) {
    const Sweep sweep = parse(kSpace, {"seeds=0..4", "name=other", "method=finetune"});
    EXPECT_EQ(sweep.name, "other");
    for (const Cell& cell : sweep.cells) {
        EXPECT_EQ(cell.seeds, (std::vector<std::uint64_t>{0, 1, 2, 3, 4}));
        EXPECT_EQ(cell.config.method, "finetune");
    }
    EXPECT_EQ(parse(kHead, {"seeds=0,2,7..8"}).cells[0].seeds,
              (std::vector<std::uint64_t>{0, 2, 7, 8}));
    EXPECT_EQ(parse(kHead, {"seeds=[3]"}).cells[0].seeds, (std::vector<std::uint64_t>{3}));
    EXPECT_EQ(parse("name: a\ndata: {root: /data}\n", {"seeds=1"}).cells.size(), 1U);
}

TEST(OverridesTest, PathsAreRelativeToTheWorkingDirectory) {
    FakeCatalog catalog;
    const std::string here = (std::filesystem::current_path() / "images").string();
    catalog.add(here, {"x"});
    const Sweep sweep = parse_sweep(kHead, "s.yaml", "/specs", {"data.root=./images/"}, catalog);
    EXPECT_EQ(sweep.cells[0].config.data.root, here);
}

TEST(OverridesTest, MistakesNameTheCommandLine) {
    const std::pair<const char*, const char*> cases[] = {
        {"lr", "expected KEY=VALUE"},
        {"=1", "expected KEY=VALUE"},
        {"lr=", "has no value"},
        {"train.tail_wieght=1", "did you mean train.tail_weight?"},
        {"sedes=1", "did you mean seeds?"},
        {"lr=fast", "expected a number"},
        {"lr=1,", "expected a number"},
        {"lr=[1,2]", "is a list"},
        {"data.classes=[a", "no valid YAML"},
        {"seeds=4..0", "is no seed"},
        {"seeds=-1", "is no seed"},
        {"seeds=1,1", "given twice"},
        {"seeds=0..99999999999999", "is no seed"},
        {"name=a\nb", "control characters"},
        {"data.root=\xff", "no UTF-8"},
        {"method=molefow", "did you mean moleflow?"}};
    for (const auto& [override_text, expected] : cases) {
        const auto problems = problems_of(kHead, {override_text});
        ASSERT_EQ(problems.size(), 1U) << override_text;
        EXPECT_EQ(problems[0].file, "command line") << override_text;
        EXPECT_NE(problems[0].message.find(expected), std::string::npos) << problems[0].message;
    }
    EXPECT_EQ(problems_of(kHead, {"lr=1e-3", "train.lr=1e-4"}).size(), 1U);
}

}  // namespace
}  // namespace harrow::sweeps
