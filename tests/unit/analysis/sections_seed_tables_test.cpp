// The tables that MoLE-Flow's authors made by hand come back with their Δ columns.

#include <algorithm>
#include <stdexcept>

#include <gtest/gtest.h>

#include "analysis/sections/sections.hpp"
#include "tests/unit/analysis/seed_tables.hpp"

namespace harrow::analysis {
namespace {

using namespace testing;

/// The one-factor table of `parameter` that has the cell.
const Table& factor_table(const Section& section,
                          const std::string& parameter,
                          const std::string& cell) {
    for (const Block& block : section.blocks) {
        const Table* table = std::get_if<Table>(&block);
        if (table != nullptr && table->columns.front().heading == parameter) {
            const Texts cells = column(*table, "cell");
            if (std::count(cells.begin(), cells.end(), cell) > 0) {
                return *table;
            }
        }
    }
    throw std::out_of_range("no table of " + parameter + " with " + cell);
}

TEST(SeedTablesTest, DiaBlocksAreFoundAmongTheTopTen) {
    const Section section = one_factor_section(seed_report("group1", "", true)).value();
    const Table& table = factor_table(section, "model.dia_n_blocks", "Baseline");
    EXPECT_EQ(column(table, "model.dia_n_blocks"), (Texts{"4", "6", "7", "8"}));
    EXPECT_EQ(column(table, "image_auroc (%)"), (Texts{"97.93", "98.20", "98.30", "98.25"}));
    EXPECT_EQ(column(table, "Δ image_auroc (%)"), (Texts{"–", "+0.27", "+0.37", "+0.32"}));
    EXPECT_EQ(column(table, "Δ pixel_ap (%)"), (Texts{"–", "-1.29", "-1.55", "-1.89"}));
    EXPECT_EQ(column(table, "common seeds"), (Texts{"–", "1", "1", "1"}));
}

TEST(SeedTablesTest, TailLossAndTopKAgainstTheBaseline) {
    const Section section = ranking_section(seed_report("group1", "", true)).value();
    const Table& auroc = table_of(section, "ranking-image-auroc");
    const auto delta = [&](const std::string& cell) {
        return entry(auroc, "cell", cell, "Δ image_auroc (%)");
    };
    EXPECT_EQ(column(auroc, "cell").front(), "DIA7");
    EXPECT_EQ(delta("TopK5-TailW0.5"), "+0.27");
    EXPECT_EQ(delta("TopK7-TailW0.5"), "+0.28");
    EXPECT_EQ(delta("TailTopK3"), "+0.08");
    const Table& ap = table_of(section, "ranking-pixel-ap");
    EXPECT_EQ(entry(ap, "cell", "TopK5-TailW0.5", "Δ pixel_ap (%)"), "+1.31");
    EXPECT_EQ(entry(ap, "cell", "TopK7-TailW0.5", "Δ pixel_ap (%)"), "+1.31");
    EXPECT_EQ(entry(ap, "cell", "TailTopK3", "Δ pixel_ap (%)"), "+0.13");
    EXPECT_EQ(entry(ap, "cell", "60ep-lr2e4-dia4", "Δ pixel_ap (%)"), "–");
}

TEST(SeedTablesTest, TopTwentyKeepsItsOrderAndItsGains) {
    const Section section = ranking_section(seed_report("top20")).value();
    const Table& table = table_of(section, "ranking-pixel-ap");
    ASSERT_EQ(table.rows.size(), 22U);  // four of 80 epochs stand between the others
    EXPECT_EQ(table.caption, "Top 18 of 18 by pixel_ap");
    const Texts cells = column(table, "cell");
    EXPECT_EQ(cells[0], "TailW0.55-TopK5-LogdetReg1e-4-ScaleCtxK5-lr3e-4");
    EXPECT_EQ(cells[7], "TailW0.5-TailTopK3-TopK5-LogdetReg1e-4");
    EXPECT_EQ(cells[19], "TopK3-TailW0.55-LogdetReg1e-4-Coupling12-lr3e-4");
    EXPECT_EQ(column(table, "pixel_ap")[19], "0.5153");
    const Texts deltas = column(table, "Δ pixel_ap"), ranks = column(table, "rank");
    EXPECT_EQ(deltas[0], "+0.0710");
    EXPECT_EQ(deltas[2], "+0.0677");
    EXPECT_EQ(deltas[9], "+0.0581");
    EXPECT_EQ(ranks[2], "3");
    EXPECT_EQ(ranks[3], "3");  // equal pixel AP
    EXPECT_EQ(ranks[4], "–");
    EXPECT_EQ(table.rows[4].cells[1].mark, "‡");
    EXPECT_EQ(ranks[5], "5");
}

TEST(SeedTablesTest, TailWeightsOfTheTopTwentyLeaveOutWhatDiffersInMore) {
    // The notes put 0.65 into this row of weights, though its run also has another tail ratio.
    const Section section = one_factor_section(seed_report("top20")).value();
    const Table& table =
        factor_table(section, "train.tail_weight", "TailW0.55-TopK5-LogdetReg1e-4");
    EXPECT_EQ(column(table, "train.tail_weight"), (Texts{"0.5", "0.55", "0.6"}));
    EXPECT_EQ(column(table, "pixel_ap"), (Texts{"0.5221", "0.5256", "0.5290"}));
}

TEST(SeedTablesTest, TailWeightAndRatio) {
    const Section section = one_factor_section(seed_report("tail", "TailW0.0")).value();
    const Table& weight = factor_table(section, "train.tail_weight", "TailW0.0");
    EXPECT_EQ(column(weight, "train.tail_weight"), (Texts{"0", "0.1", "0.3", "0.5", "0.7", "0.8"}));
    EXPECT_EQ(column(weight, "Δ pixel_ap"),
              (Texts{"–", "+4.68", "+7.08", "+8.92", "+9.94", "+10.14"}));
    const Table& ratio = factor_table(section, "train.tail_top_k_ratio", "TailTopK0.1");
    EXPECT_EQ(column(ratio, "train.tail_top_k_ratio"),
              (Texts{"0.01", "0.02", "0.03", "0.05", "0.1"}));
    // Against the default, 0.02, as the baseline is not among them.
    EXPECT_EQ(column(ratio, "Δ pixel_ap"), (Texts{"+0.05", "–", "+0.03", "-0.20", "-0.56"}));
    EXPECT_EQ(column(ratio, "image_auroc"), (Texts{"–", "98.05", "–", "–", "–"}));
}

TEST(SeedTablesTest, TheFirstAblationTableIsUnfair) {
    const Section section = ablation_section(seed_report("ablation_first")).value();
    const Table& table = table_of(section, "ablation");
    EXPECT_EQ(entry(table, "cell", "wo_DIA", "Δ image_auroc"), "-3.50");
    EXPECT_EQ(entry(table, "cell", "wo_Adapter", "Δ image_auroc"), "-2.25");
    EXPECT_EQ(entry(table, "cell", "wo_LoRA", "Δ image_auroc"), "-0.32");
    EXPECT_EQ(entry(table, "cell", "wo_DIA", "changed"), "model.dia_n_blocks 4 → 0");
    ASSERT_EQ(table.rows.size(), 8U);
    for (std::size_t row = 1; row < table.rows.size(); ++row) {
        EXPECT_EQ(table.rows[row].cells[0].text, "–") << row;  // no rank
        EXPECT_EQ(table.rows[row].cells[1].mark, "‡") << row;
    }
    EXPECT_TRUE(
        contains(notes(table),
                 "wo_LoRA, wo_Router, wo_ScaleCtx, wo_SpatialCtx, wo_PosEmbed, wo_Adapter, wo_DIA "
                 "differ from MAIN in model.scale_context_kernel 5 / 3, "
                 "train.lambda_logdet 0.0001 / 1e-05, train.lr 0.0003 / 0.0002"))
        << notes(table);
}

TEST(SeedTablesTest, AblationsWithinOneGroupAreRanked) {
    const Section section = ablation_section(seed_report("ablation_group1", "", true)).value();
    const Table& table = table_of(section, "ablation");
    EXPECT_EQ(column(table, "cell"),
              (Texts{"Full Model",
                     "wo_Adapter",
                     "wo_PosEmbed",
                     "wo_DIA",
                     "wo_SpatialCtx",
                     "wo_Router",
                     "wo_LoRA",
                     "wo_ScaleCtx"}));
    EXPECT_EQ(entry(table, "cell", "wo_Router", "Δ image_auroc (%)"), "+0.05");
    EXPECT_EQ(entry(table, "cell", "wo_Router", "Δ pixel_ap (%)"), "-0.51");
    EXPECT_EQ(entry(table, "cell", "wo_LoRA", "Δ image_auroc (%)"), "+0.04");
    EXPECT_EQ(entry(table, "cell", "wo_LoRA", "Δ pixel_ap (%)"), "+0.18");
    EXPECT_EQ(entry(table, "cell", "wo_Adapter", "importance"), "1.00");
    EXPECT_EQ(entry(table, "cell", "wo_DIA", "importance"), "0.54");   // 1.49 / 2.74
    EXPECT_EQ(entry(table, "cell", "wo_LoRA", "importance"), "0.00");  // it gains
    EXPECT_EQ(entry(table, "cell", "wo_DIA", ""), "★★★☆☆");
    EXPECT_EQ(entry(table, "cell", "wo_Router", ""), "★☆☆☆☆");
    EXPECT_EQ(entry(table, "cell", "wo_LoRA", ""), "☆☆☆☆☆");
    EXPECT_FALSE(contains(notes(table), "‡"));
}

TEST(SeedTablesTest, ModulesUnderATrainableAndAFrozenBase) {
    const Section section = interaction_section(seed_report("interaction_15")).value();
    const Table& ap = table_of(section, "modules-1-pixel-ap");
    EXPECT_EQ(
        column(ap, "module"),
        (Texts{"model.adapter whitening", "train.tail_aware_loss true", "model.dia_n_blocks 2"}));
    EXPECT_EQ(column(ap, "I"), (Texts{"-5.96", "+8.05", "+5.29"}));
    EXPECT_EQ(column(ap, "II"), (Texts{"-3.57", "+7.09", "+4.70"}));
    EXPECT_EQ(column(ap, "II / I"), (Texts{"0.60", "0.88", "0.89"}));
    EXPECT_EQ(column(ap, "verdict"), (Texts{"integral", "generic", "generic"}));
    EXPECT_TRUE(contains(ap.caption, "I: model.unfreeze_base true")) << ap.caption;
    const Table& auroc = table_of(section, "modules-1-image-auroc");
    EXPECT_EQ(column(auroc, "I"), (Texts{"-16.34", "-1.22", "+6.93"}));
    EXPECT_EQ(column(auroc, "II"), (Texts{"-1.19", "+13.04", "+11.52"}));
    EXPECT_EQ(column(auroc, "II / I"), (Texts{"0.07", "–", "1.66"}));
}

TEST(SeedTablesTest, FiveClassesGiveTheRatiosOfTheNotes) {
    const Section section = interaction_section(seed_report("interaction_5")).value();
    const Table& table = table_of(section, "modules-1-pixel-ap");
    EXPECT_EQ(column(table, "I"), (Texts{"-10.53", "+5.10", "-3.78"}));
    EXPECT_EQ(column(table, "II"), (Texts{"-4.37", "+7.52", "+4.14"}));
    EXPECT_EQ(column(table, "II / I"), (Texts{"0.42", "1.47", "–"}));
    EXPECT_EQ(column(table, "verdict"), (Texts{"integral", "integral", "integral"}));
}

TEST(SeedTablesTest, CombinationsOfTailLossAndDia) {
    const Section section = interaction_section(seed_report("group1", "", true)).value();
    const Table& table = table_of(section, "combinations-pixel-ap");
    EXPECT_EQ(entry(table, "A and B", "TopK5-TailW0.5-DIA6", "sum"), "+0.02");
    EXPECT_EQ(entry(table, "A and B", "TopK5-TailW0.5-DIA6", "together"), "-0.12");
    EXPECT_EQ(entry(table, "A and B", "TopK5-TailW0.5-DIA6", "synergy"), "-0.14");
    EXPECT_EQ(entry(table, "A and B", "TopK5-TailW0.5-DIA6", "p (Holm)"), "–");  // one seed
}

TEST(SeedTablesTest, ClassesOfTheBestAgainstTheBaseline) {
    const Section section = classes_section(seed_report("classes")).value();
    const Table& hardest = table_of(section, "class-hardest-pixel-ap");
    EXPECT_EQ(column(hardest, "class").front(), "screw");
    EXPECT_EQ(entry(hardest, "class", "carpet", "Δ pixel_ap"), "+0.2566");
    EXPECT_EQ(entry(hardest, "class", "metal_nut", "Δ pixel_ap"), "-0.0715");
    const Table& extremes = table_of(section, "class-extremes-pixel-ap");
    EXPECT_EQ(column(extremes, "best"), (Texts{"metal_nut", "pill"}));
    EXPECT_EQ(column(extremes, "worst"), (Texts{"screw", "screw"}));
    // Fifteen classes of two cells stand below each other.
    EXPECT_EQ(table_of(section, "classes-pixel-ap").rows.size(), 15U);
}

TEST(SeedTablesTest, ScenariosAreSideBySide) {
    const Section section = order_section(seed_report("scenarios")).value();
    const Table& table = table_of(section, "order-1");
    EXPECT_EQ(column(table, "scenario"), (Texts{"1-1", "14-1", "3-3", "5-5"}));
    EXPECT_EQ(column(table, "pixel_ap"), (Texts{"0.5420", "0.0806", "0.3365", "0.2640"}));
    EXPECT_FALSE(one_factor_section(seed_report("scenarios")).has_value());
}

TEST(SeedTablesTest, FiveSeeds) {
    const Report report = seed_report("five_seeds");
    const Section section = cells_section(report);
    const Table& table = table_of(section, "cells");
    std::string line;
    for (const TableCell& cell : table.rows.at(0).cells) {
        line += cell.spread.empty() ? "" : cell.text + " ± " + cell.spread + ", ";
    }
    EXPECT_EQ(line, "98.03 ± 0.19, 99.19 ± 0.06, 97.81 ± 0.03, 53.78 ± 0.73, 100.00 ± 0.00, ");
}

}  // namespace
}  // namespace harrow::analysis
