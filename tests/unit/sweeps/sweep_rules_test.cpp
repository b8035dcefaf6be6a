#include <cstdlib>

#include <gtest/gtest.h>

#include "tests/support/fake_catalog.hpp"

namespace harrow::sweeps {
namespace {

using Names = std::vector<std::string>;

const char* const kNoRoot = "name: a\nseeds: [0, 1]\n";

Names keys_of(const std::vector<Problem>& problems) {
    Names keys;
    for (const Problem& problem : problems) {
        keys.push_back(problem.key);
    }
    return keys;
}

TEST(SweepRulesTest, UnknownKeyHidesNoProblemOfTheSpace) {
    const std::string typo = kHead + std::string("train: {tail_wieght: 0.7}\n");
    EXPECT_EQ(keys_of(problems_of(typo + "space: [{grid: {lr: [1]}, exclude: \"lr > 0\"}]\n")),
              (Names{"train.tail_wieght", "space"}));
    EXPECT_EQ(keys_of(problems_of(typo + "space: [{cases: [{name: x}]},\n"
                                         "  {cases: [{name: x, lr: 1}]}]\n"
                                         "compare: {baseline: y}\n")),
              (Names{"train.tail_wieght", "name", "compare.baseline"}));
}

TEST(SweepRulesTest, ProblemsOfTheSpaceHideWhatMayFollow) {
    const std::string baseline = "compare: {baseline: top_k=5}\n";
    EXPECT_EQ(
        keys_of(problems_of(kHead + std::string("space: [{grid: {top_k: [5, x]}}]\n") + baseline)),
        Names{"score.top_k"});
    EXPECT_EQ(keys_of(problems_of(kHead + baseline, {"score.top_k=5,x"})), Names{"score.top_k"});
    EXPECT_EQ(keys_of(problems_of(kHead + std::string("train: {lr: fast}\nspace: [{grid: {top_k: "
                                                      "[5]}, exclude: \"lr != 1\"}]\n"))),
              Names{"train.lr"});
}

TEST(SweepRulesTest, EmptySpaceHidesNoProblemOfTheBase) {
    const std::string nothing = "space: [{grid: {lr: [1]}, exclude: \"lr > 0\"}]\n";
    EXPECT_EQ(keys_of(problems_of(kHead + ("train: {batch_size: 41}\n" + nothing))),
              (Names{"train.batch_size", "space"}));
    EXPECT_EQ(keys_of(problems_of(kHead + ("sequence: {scenario: 6-1}\n" + nothing))),
              (Names{"sequence.scenario", "space"}));
    EXPECT_EQ(keys_of(problems_of(kHead + ("sequence: {order: alfabetical}\n" + nothing))),
              (Names{"sequence.order", "space"}));
    EXPECT_EQ(keys_of(problems_of(kHead +
                                  ("method: finetune\nrouter: {distance: euclidean}\n" + nothing))),
              (Names{"router.distance", "space"}));
    // What the space would have changed is not judged.
    EXPECT_EQ(
        keys_of(problems_of(kHead + std::string("train: {batch_size: 41}\nspace: [{grid: {lr: [1], "
                                                "batch_size: [16]}, exclude: \"lr > 0\"}]\n"))),
        Names{"space"});
    EXPECT_EQ(
        keys_of(problems_of(
            kNoRoot + std::string("space: [{grid: {data.root: [/data]}, exclude: \"lr > 0\"}]\n"))),
        Names{"space"});
}

TEST(SweepRulesTest, MistypedRuleIsSeenWithoutData) {
    const auto problems = problems_of(kNoRoot + std::string("sequence: {order: alfabetical}\n"));
    EXPECT_EQ(keys_of(problems), (Names{"data.root", "sequence.order"}));
    EXPECT_NE(problems.back().message.find("did you mean alphabetical?"), std::string::npos);
    EXPECT_EQ(keys_of(problems_of(kNoRoot + std::string("sequence: {order: [screw]}\n"))),
              Names{"data.root"});
}

TEST(SweepRulesTest, OverriddenValuesOfTheFileAreNotLookedAt) {
    unsetenv("HARROW_NOT_SET");
    const std::string unset = kNoRoot + std::string("data: {root: \"${env:HARROW_NOT_SET}\"}\n");
    EXPECT_EQ(keys_of(problems_of(unset)).front(), "data.root");
    EXPECT_EQ(parse(unset, {"data.root=/data"}).cells.size(), 1U);
    EXPECT_EQ(parse(unset, {"root=/data"}).cells[0].config.data.root, "/data");

    const std::string bad = R"(name: [x]
seeds: [x]
data: {root: /data}
train: {lr: fast}
space:
  - grid: {train.lr: [fast], top_k: [3, 5]}
    seeds: []
  - zip: {train.lr: [1], top_k: [4, 6]}
  - set: {train.lr: fast}
)";
    const Sweep sweep = parse(bad, {"lr=1e-3", "seeds=7", "name=b"});
    EXPECT_EQ(sweep.name, "b");
    EXPECT_EQ(names_of(sweep), (Names{"base", "top_k=5", "top_k=4", "top_k=6"}));
    for (const Cell& cell : sweep.cells) {
        EXPECT_EQ(cell.config.train.lr, 1e-3);
        EXPECT_EQ(cell.seeds, std::vector<std::uint64_t>{7});
    }
    // A case keeps its value, so that its mistake stays one.
    EXPECT_EQ(keys_of(problems_of(kHead + std::string("space: [{cases: [{lr: fast}, {}]}]\n"),
                                  {"lr=1e-3"})),
              Names{"train.lr"});
}

TEST(SweepRulesTest, OverrideWithoutEffectIsAProblem) {
    const std::string cases = kHead + std::string(R"(space:
  - cases:
      - {name: a, lr: 1e-3}
      - {name: b, lr: 2e-3}
  - axes: {speed: {slow: {lr: 1e-4}, fast: {lr: 3e-3}}}
)");
    for (const char* override_text : {"lr=1", "lr=1,2"}) {
        const auto problems = problems_of(cases, {override_text});
        ASSERT_EQ(problems.size(), 1U);
        EXPECT_EQ(to_string(problems[0]),
                  "command line: train.lr: has no effect: every cell sets it itself, first in line "
                  "6");
    }
    EXPECT_EQ(parse(cases, {"top_k=5"}).cells.size(), 4U);
    const Sweep sweep = parse(cases + "  - grid: {top_k: [7]}\n", {"lr=1"});
    EXPECT_EQ(find_cell(sweep, "a")->config.train.lr, 1e-3);
    EXPECT_EQ(find_cell(sweep, "speed=slow")->config.train.lr, 1e-4);
    EXPECT_EQ(find_cell(sweep, "top_k=7")->config.train.lr, 1);
}

TEST(SweepRulesTest, EnvironmentIsExpandedInEveryScalar) {
    setenv("HARROW_TEST_WORD", "x", 1);
    setenv("HARROW_TEST_NUMBER", "5", 1);
    const Sweep sweep = parse(R"(name: "mvtec-${env:HARROW_TEST_WORD}"
data: {root: /data}
train: {num_epochs: "${env:HARROW_TEST_NUMBER}"}
seeds: ["0..${env:HARROW_TEST_NUMBER}"]
space:
  - cases: [{name: "${env:HARROW_TEST_WORD}"}]
    grid: {top_k: ["${env:HARROW_TEST_NUMBER}", 6]}
    exclude: "top_k > ${env:HARROW_TEST_NUMBER}"
    tags: ["t-${env:HARROW_TEST_WORD}"]
objective: {subject_to: "image_ap > 0.${env:HARROW_TEST_NUMBER}"}
compare: {baseline: "${env:HARROW_TEST_WORD},top_k=5"}
)");
    EXPECT_EQ(sweep.name, "mvtec-x");
    EXPECT_EQ(names_of(sweep), Names{"x,top_k=5"});
    EXPECT_EQ(sweep.cells[0].config.train.num_epochs, 5);
    EXPECT_EQ(sweep.cells[0].seeds.size(), 6U);
    EXPECT_EQ(sweep.cells[0].tags, Names{"t-x"});
    EXPECT_EQ(sweep.objective.subject_to, Names{"image_ap > 0.5"});

    unsetenv("HARROW_NOT_SET");
    const std::string unset = "\"${env:HARROW_NOT_SET}\"";
    EXPECT_EQ(keys_of(problems_of("data: {root: /data}\nname: " + unset + "\nseeds: " + unset +
                                  "\ntrain: {lr: " + unset + "}\ncompare: {baseline: " + unset +
                                  "}\nobjective: {goal: " + unset + "}\n")),
              (Names{"name", "seeds", "train.lr", "compare.baseline", "objective.goal"}));
    EXPECT_EQ(keys_of(problems_of(kHead + ("include: [" + unset + "]\n"))), Names{"include"});
}

TEST(SweepRulesTest, GridAndZipMayBeNestedBySection) {
    const std::string flat =
        "grid: {train.lr: [1, 2], score.top_k: [4]}, zip: {model.dia_n_blocks: "
        "[1, 2], model.lora_rank: [8, 16]}";
    const std::string nested =
        "grid: {train: {lr: [1, 2]}, score: {top_k: [4]}}, zip: {model: "
        "{dia: [1, 2], lora_rank: [8, 16]}}";
    EXPECT_EQ(names_of(parse(kHead + ("space: [{" + nested + "}]\n"))),
              names_of(parse(kHead + ("space: [{" + flat + "}]\n"))));
    EXPECT_EQ(keys_of(problems_of(kHead + std::string("space: [{grid: {train: {lrr: [1]}}}]\n"))),
              Names{"train.lrr"});
    EXPECT_EQ(keys_of(problems_of(
                  kHead + std::string("space: [{grid: {train.lr: [1], train: {lr: [2]}}}]\n"))),
              Names{"train.lr"});
}

TEST(SweepRulesTest, ClassesAreASet) {
    const Sweep sweep = parse(
        kHead + std::string("space: [{grid: {data.classes: [[grid, bottle], [bottle, grid]]}}]\n"));
    ASSERT_EQ(sweep.cells.size(), 1U);
    EXPECT_EQ(sweep.cells[0].config.data.classes, (Names{"bottle", "grid"}));
    EXPECT_EQ(keys_of(problems_of(kHead + std::string("data.classes: [grid, grid]\n"))),
              Names{"data.classes"});
}

TEST(SweepRulesTest, TagsAreHeldOnce) {
    const Sweep sweep = parse(kHead + std::string("space: [{tags: [a, b, a]}]\n"));
    EXPECT_EQ(sweep.cells[0].tags, (Names{"a", "b"}));
}

TEST(SweepRulesTest, EveryProblemOfTheSeedsIsListed) {
    EXPECT_EQ(problems_of("name: a\ndata: {root: /data}\nseeds: [0, 0, -1, x]\n").size(), 3U);
}

TEST(SweepRulesTest, OnlyNamedCasesGoBeforeAnEarlierName) {
    const std::string base_first = kHead + std::string("space:\n  - grid: {top_k: [3, 5]}\n");
    const Sweep axes = parse(base_first + "  - axes: {module: {none: {}, five: {top_k: 5}}}\n");
    EXPECT_EQ(names_of(axes), (Names{"base", "top_k=5"}));
    EXPECT_EQ(axes.cells[0].names, (Names{"base", "module=none"}));
    EXPECT_EQ(names_of(parse(base_first + "  - cases: [{name: main}]\n")),
              (Names{"main", "top_k=5"}));
}

}  // namespace
}  // namespace harrow::sweeps
