#include <ostream>

#include <gtest/gtest.h>

#include "tests/support/fake_catalog.hpp"

namespace harrow::sweeps {
namespace {

struct Mistake {
    const char* name;
    std::string text;      ///< appended to kHead
    int line;              ///< in the whole file; 0: not checked
    const char* key;       ///< of the problem
    const char* expected;  ///< part of the message
};

std::string space(const std::string& block) {
    return "space:\n  - " + block + "\n";
}

void PrintTo(const Mistake& mistake, std::ostream* stream) {
    *stream << mistake.name;
}

class SweepMistakeTest : public testing::TestWithParam<Mistake> {};

TEST_P(SweepMistakeTest, IsTheOnlyProblemAndSaysWhereAndWhat) {
    const Mistake& mistake = GetParam();
    const auto problems = problems_of(kHead + mistake.text);
    ASSERT_EQ(problems.size(), 1U) << UsageError(problems).what();
    EXPECT_EQ(problems[0].key, mistake.key) << to_string(problems[0]);
    EXPECT_EQ(problems[0].file, "s.yaml");
    if (mistake.line != 0) {
        EXPECT_EQ(problems[0].line, mistake.line) << to_string(problems[0]);
    }
    EXPECT_NE(problems[0].message.find(mistake.expected), std::string::npos)
        << to_string(problems[0]);
}

const Mistake kBaseMistakes[] = {
    {"typo",
     "train: {tail_wieght: 0.7}\n",
     4,
     "train.tail_wieght",
     "did you mean train.tail_weight?"},
    {"dottedTypo",
     "train.tail_wieght: 0.7\n",
     4,
     "train.tail_wieght",
     "did you mean train.tail_weight?"},
    {"checkpointMinutes", "checkpoint_minutes: -1\n", 4, "checkpoint_minutes", "from 0"},
    {"slotsPerGpu", "slots_per_gpu: 0\n", 4, "slots_per_gpu", "from 1 to 64"},
    {"keepWhat", "keep: {chekpoints: all}\n", 4, "keep.chekpoints", "expected checkpoints"},
    {"keepHow", "keep: {checkpoints: some}\n", 4, "keep.checkpoints", "none, last, all"},
    {"keepShape", "keep: all\n", 4, "keep", "expected a mapping"},
    {"topLevelTypo", "spaec: []\n", 4, "spaec", "did you mean space?"},
    {"nonsense", "qqqqqqqqqqqq: 1\n", 4, "qqqqqqqqqqqq", "harrow params"},
    {"type", "train: {lr: fast}\n", 4, "train.lr", "expected a number > 0 and <= 10"},
    {"range", "model: {lora_rank: -4}\n", 4, "model.lora_rank", "expected an integer >= 1"},
    {"nan", "train: {lr: .nan}\n", 4, "train.lr", "expected a number"},
    {"infinity", "train: {lr: inf}\n", 4, "train.lr", "expected a number"},
    {"evenKernel", "model: {scale_context_kernel: 4}\n", 4, "model.scale_context_kernel", "odd"},
    {"listForNumber", "train:\n  lr: [1, 2]\n", 5, "train.lr", "is a list"},
    {"mapForNumber", "train:\n  lr: {a: 1}\n", 0, "train.lr", "has a mapping"},
    {"nothingForNumber", "train:\n  lr:\n", 5, "train.lr", "has nothing"},
    {"method", "method: molefow\n", 4, "method", "did you mean moleflow?"},
    {"scenario", "sequence: {scenario: 1-x}\n", 4, "sequence.scenario", "two positive integers"},
    {"sectionIsNoMap", "train: 3\n", 4, "train", "is a section"},
    {"nestedAndDotted", "train: {lr: 1e-3}\ntrain.lr: 1e-3\n", 5, "train.lr", "first in line 4"},
    {"duplicateKey", "train: {lr: 1e-3,\n  lr: 2e-3}\n", 5, "lr", "given twice"},
    {"environment",
     "backbone: {name: \"${env:HARROW_NOT_SET}\"}\n",
     4,
     "backbone.name",
     "HARROW_NOT_SET"},
    {"openEnvironment", "backbone: {name: \"${env:HOME\"}\n", 4, "backbone.name", "not closed"},
    {"width", "backbone: {embed_dim: 128}\n", 4, "backbone.embed_dim", "64 channels"},
    {"foreignParameter",
     "method: finetune\nrouter: {distance: euclidean}\n",
     5,
     "router.distance",
     "belongs to method moleflow"},
    {"emptyClasses", "data.classes: []\n", 4, "data.classes", "the list is empty"},
    {"unknownClass", "data.classes: [bottel]\n", 4, "data.classes", "did you mean bottle?"},
    {"orderMisses",
     "sequence: {order: [grid, bottle, cable, capsule]}\n",
     4,
     "sequence.order",
     "misses the class 'carpet'"},
    {"orderRule",
     "sequence: {order: textur_first}\n",
     4,
     "sequence.order",
     "did you mean texture_first?"},
    {"largeFirstTask", "sequence: {scenario: 6-1}\n", 4, "sequence.scenario", "only 5 are used"},
    {"objectiveMetric",
     "objective: {metric: image_auroc.fmm}\n",
     4,
     "objective.metric",
     "did you mean"},
    {"objectiveGoal", "objective: {goal: max}\n", 4, "objective.goal", "maximize, minimize"},
    {"objectiveKey",
     "objective: {metrik: image_ap}\n",
     4,
     "objective.metrik",
     "did you mean metric?"},
    {"constraintMetric",
     "objective: {subject_to: [\"auroc > 1\"]}\n",
     4,
     "objective.subject_to",
     "unknown metric 'auroc'"},
    {"constraintNumber",
     "objective: {subject_to: \"image_ap > high\"}\n",
     4,
     "objective.subject_to",
     "'high' is no number"},
    {"constraintSyntax",
     "objective: {subject_to: \"image_ap\"}\n",
     4,
     "objective.subject_to",
     "expected one of =="},
    {"compareTest",
     "compare: {baseline: base, test: t}\n",
     4,
     "compare.test",
     "paired_t, wilcoxon, welch, permutation, friedman, bayes"},
    {"compareAdjust",
     "compare: {baseline: base, adjust: sidak}\n",
     4,
     "compare.adjust",
     "none, holm, bonferroni, bh"},
    {"compareBaseline",
     "compare: {baseline: main}\n",
     4,
     "compare.baseline",
     "no cell is named 'main'"},
    {"compareWithout", "compare: {test: paired_t}\n", 4, "compare.baseline", "missing"},
    {"compareSame",
     "compare: {baseline: base, same: [train.lrr]}\n",
     4,
     "train.lrr",
     "did you mean train.lr?"},
};

const Mistake kSpaceMistakes[] = {
    {"zipLengths",
     space("zip: {model.dia_n_blocks: [1, 2], train.lr: [1e-3]}"),
     5,
     "zip",
     "differ in length"},
    {"noList", "space: {grid: {lr: [1]}}\n", 4, "space", "expected a list of blocks"},
    {"emptySpace", "space: []\n", 4, "space", "has no blocks"},
    {"blockIsText", space("grid"), 5, "space", "a block is a mapping"},
    {"blockKey", space("gird: {lr: [1]}"), 5, "gird", "did you mean grid?"},
    {"emptyAxis", space("grid: {lr: []}"), 5, "train.lr", "has no values"},
    {"gridTypo", space("grid: {lrr: [1]}"), 5, "lrr", "did you mean train.lr?"},
    {"gridTwice",
     space("grid: {lr: [1], train.lr: [2]}"),
     5,
     "train.lr",
     "given twice in one grid"},
    {"gridAndZip",
     space("grid: {lr: [1]}\n    zip: {train.lr: [2]}"),
     6,
     "train.lr",
     "by grid and by zip"},
    {"gridAndCase",
     space("grid: {lr: [1]}\n    cases: [{name: x, lr: 2}]"),
     6,
     "train.lr",
     "by grid and by cases"},
    {"emptyProduct",
     space("grid: {lr: [1, 2]}\n    exclude: [\"lr > 0\"]"),
     5,
     "space",
     "leaves nothing"},
    {"excludeSyntax",
     space("grid: {lr: [1]}\n    exclude: [\"lr = 1\"]"),
     6,
     "exclude",
     "found '='"},
    {"excludeName",
     space("grid: {lr: [1]}\n    exclude: [\"lrr == 1\"]"),
     6,
     "lrr",
     "did you mean train.lr?"},
    {"excludeType",
     space("grid: {lr: [1]}\n    exclude: [\"lr == fast\"]"),
     6,
     "train.lr",
     "is no number"},
    {"excludeOrder",
     space("grid: {lr: [1]}\n    exclude: [\"method < moleflow\"]"),
     6,
     "exclude",
     "== or !="},
    {"caseTwice", space("cases: [{name: x}, {name: x, lr: 1}]"), 5, "cases", "given twice"},
    {"caseNoMap", space("cases: [main]"), 5, "cases", "expected a mapping"},
    {"noCases", space("cases: []"), 5, "cases", "not empty"},
    {"caseTypo",
     space("cases: [{name: x, model.dia_blocks: 1}]"),
     5,
     "model.dia_blocks",
     "did you mean model.dia_n_blocks?"},
    {"axisNoMap", space("axes: {base: [frozen]}"), 5, "axes.base", "expected a mapping"},
    {"axisEmpty", space("axes: {base: {}}"), 5, "axes.base", "no alternatives"},
    {"oneNameTwoCells",
     space("cases: [{name: x}]") + "  - cases: [{name: x, lr: 1}]\n",
     6,
     "name",
     "'x' names two configurations, here with lr=1"},
    {"generatedName",
     space("grid: {lr: [1, 3e-4]}") + "  - cases: [{name: base, lr: 2}]\n",
     6,
     "name",
     "'base' names two configurations"},
    {"blockSeeds", space("{seeds: [], grid: {lr: [1]}}"), 5, "seeds", "the list is empty"},
    {"setTypo", space("set: {lrr: 1}"), 5, "lrr", "did you mean train.lr?"},
    {"tooMany",
     "space:\n  - grid: {lr: [1,2,3,4,5,6,7,8,9,10], num_epochs: [1,2,3,4,5,6,7,8,9,10], top_k: "
     "[1,2,3,4,5,6,7,8,9,10],\n      batch_size: [1,2,3,4,5,6,7,8,9,10], lora_rank: "
     "[1,2,3,4,5,6,7,8,9,10], map_size: [8,9]}\n",
     5,
     "space",
     "more than 100000"},
    {"largeBatch",
     space("grid: {batch_size: [16, 41]}"),
     5,
     "train.batch_size",
     "task 0 (bottle) has 40 training images"},
};

std::string mistake_name(const testing::TestParamInfo<Mistake>& info) {
    return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Base, SweepMistakeTest, testing::ValuesIn(kBaseMistakes), mistake_name);
INSTANTIATE_TEST_SUITE_P(Space, SweepMistakeTest, testing::ValuesIn(kSpaceMistakes), mistake_name);

TEST(SweepProblemsTest, AllAreListedInTheOrderOfTheFile) {
    const auto problems = problems_of(R"(name: [x]
method: molefow
data: {root: /nowhere, classes: all}
train: {lr: fast, batch_size: 0, momentum: 0.9}
model: {lora_rank: -4, use_lora: perhaps}
sequence: {scenario: 1-x}
seeds: []
space: [{zip: {model.dia_n_blocks: [1, 2], train.lr: [1e-3]}}]
objective: {metric: accuracy}
)");
    std::vector<int> lines;
    for (const Problem& problem : problems) {
        lines.push_back(problem.line);
    }
    EXPECT_EQ(lines, (std::vector<int>{1, 2, 3, 4, 4, 4, 5, 5, 6, 7, 8, 9}))
        << UsageError(problems).what();
}

TEST(SweepProblemsTest, MissingKeysAreNamed) {
    const auto problems = problems_of("train: {lr: 1e-3}\n");
    std::vector<std::string> keys;
    for (const Problem& problem : problems) {
        keys.push_back(problem.key);
    }
    EXPECT_EQ(keys, (std::vector<std::string>{"name", "seeds", "data.root"}));
}

TEST(SweepProblemsTest, SeedsMustBeDistinctIntegersFromZero) {
    for (const char* seeds :
         {"[]", "[-1]", "[1.5]", "[x]", "[0, 0]", "{a: 1}", "3..1", "[[1]]", "~"}) {
        const auto problems =
            problems_of("name: a\ndata: {root: /data}\nseeds: " + std::string(seeds) + "\n");
        ASSERT_EQ(problems.size(), 1U) << seeds;
        EXPECT_EQ(problems[0].key, "seeds") << seeds;
        EXPECT_EQ(problems[0].line, 3) << seeds;
    }
    EXPECT_EQ(parse("name: a\ndata: {root: /data}\nseeds: 0..2\n").cells[0].seeds.size(), 3U);
}

TEST(SweepProblemsTest, ProblemsOfTheDatasetStandAtItsRoot) {
    const auto problems = problems_of("name: a\nseeds: [0]\ndata:\n  root: /nonexistent-root\n");
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(to_string(problems[0]), "s.yaml:4: data.root: '/nonexistent-root' does not exist");
    EXPECT_EQ(UsageError(problems).exit_code(), ExitCode::Usage);
}

TEST(SweepProblemsTest, ManyProblemsEndInACount) {
    std::string text = kHead;
    for (int i = 0; i < 500; ++i) {
        text += "unknown_key_" + std::to_string(i) + ": 1\n";
    }
    const auto problems = problems_of(text);
    ASSERT_EQ(problems.size(), 101U);
    EXPECT_EQ(problems.back().message, "and 400 more problems");
}

}  // namespace
}  // namespace harrow::sweeps
