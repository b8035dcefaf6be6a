#include <gtest/gtest.h>

#include "sweeps/random.hpp"
#include "tests/support/fake_catalog.hpp"

namespace harrow::sweeps {
namespace {

const std::string kValid = R"yaml(name: fuzz
method: moleflow
data: {layout: mvtec, root: /data, classes: all, image_size: 224}
sequence: {scenario: "1-1", order: [grid, bottle, cable, capsule, carpet]}
train: {lr: 3e-4, num_epochs: 60, tail_aware_loss: true}
model.lora_rank: &rank 32
seeds: [0, 42, "5..7"]
space:
  - grid: {train.tail_weight: [0.55, 0.65], score.top_k: [3, 5]}
    exclude: ["not (train.tail_weight == 0.55 and score.top_k >= 5)"]
  - zip: {model: {num_coupling_layers: [8, 6], dia_n_blocks: [4, 2]}}
    set: {train: {batch_size: 8}}
  - cases:
      - {name: main}
      - {name: wo_dia, label: "w/o DIA", model.dia_n_blocks: 0, lora_rank: *rank}
    tags: [ablation]
    seeds: 0..2
  - axes:
      base: {frozen: {}, trainable: {model.unfreeze_base: true}}
      module: {none: , wa: {model.adapter: none}}
objective: {metric: pixel_ap, goal: maximize, subject_to: ["image_auroc >= 0.98"]}
compare: {baseline: main, same: [train.lr], test: wilcoxon, adjust: bh}
)yaml";

/// A sweep with cells, or a UsageError with problems: anything else fails the test. Answers whether
/// the text was accepted.
bool accepts(const std::string& text, const std::vector<std::string>& overrides = {}) {
    FakeCatalog catalog;
    try {
        const Sweep sweep = parse_sweep(text, "f.yaml", "/specs", overrides, catalog);
        EXPECT_FALSE(sweep.cells.empty());
        return true;
    } catch (const UsageError& error) {
        EXPECT_FALSE(error.problems().empty());
        for (const Problem& problem : error.problems()) {
            EXPECT_FALSE(problem.message.empty());
        }
        return false;
    }
}

TEST(SweepFileFuzzTest, ValidFileIsAccepted) {
    EXPECT_TRUE(accepts(kValid));
}

TEST(SweepFileFuzzTest, RandomBytesAreRefused) {
    RandomStream random(1);
    for (int i = 0; i < 300; ++i) {
        std::string text(i == 0 ? 4000 : 1 + random.below(400), '\0');
        for (char& c : text) {
            c = static_cast<char>(random.below(256));
        }
        EXPECT_FALSE(accepts(text));
    }
}

TEST(SweepFileFuzzTest, RandomYamlCharactersNeverCrash) {
    const std::string alphabet = "{}[]:,&*!|>'\"%@`#-?<= \n\t~ab0.1\\$";
    RandomStream random(2);
    for (int i = 0; i < 700; ++i) {
        std::string text;
        for (std::uint64_t n = random.below(120); n > 0; --n) {
            text += alphabet[random.below(alphabet.size())];
        }
        accepts(text);
        accepts(kHead + text);
    }
}

TEST(SweepFileFuzzTest, MutatedFilesNeverCrash) {
    const std::string pieces[] = {
        "{",     "}",   "[",         "]",        ": ",    ", ", "- ",   "\n",       "  ",
        "*rank", "&x ", "<<: *rank", "!!int ",   "---\n", "..", "0..9", "null",     "1e400",
        "-",     "''",  "\"",        "${env:X}", "|\n",   "?",  "name", "space:\n", "\xff"};
    RandomStream random(3);
    int accepted = 0;
    for (int i = 0; i < 1000; ++i) {
        std::string text = kValid;
        for (std::uint64_t n = 1 + random.below(4); n > 0; --n) {
            const std::size_t at = random.below(text.size());
            switch (random.below(4)) {
                case 0:
                    text.erase(at, 1 + random.below(30));
                    break;
                case 1:
                    text.insert(at, pieces[random.below(std::size(pieces))]);
                    break;
                case 2:
                    text[at] = static_cast<char>(32 + random.below(95));
                    break;
                default:
                    text += text.substr(at, random.below(200));
            }
            if (text.empty()) {
                break;
            }
        }
        accepted += accepts(text) ? 1 : 0;
        accepts(text, {"train.lr=1e-3", "top_k=4,5", "seeds=0..1"});
    }
    EXPECT_GT(accepted, 0);
    EXPECT_LT(accepted, 900);
}

TEST(SweepFileFuzzTest, EveryCutOfAFileIsHandled) {
    for (std::size_t length = 0; length < kValid.size(); length += 5) {
        accepts(kValid.substr(0, length));
    }
}

}  // namespace
}  // namespace harrow::sweeps
