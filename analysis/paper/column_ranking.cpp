#include "analysis/paper/column_ranking.hpp"

#include <algorithm>
#include <cstddef>

#include "analysis/comparison/comparable.hpp"
#include "analysis/statistics/multiplicity.hpp"
#include "analysis/statistics/t_tests.hpp"

namespace harrow::analysis {
namespace {

using Indices = std::vector<std::size_t>;

std::vector<double> values_of(const PaperValue& value) {
    std::vector<double> values;
    for (const auto& [seed, number] : value.summary->values) {
        values.push_back(number * value.factor);
    }
    return values;
}

/// The values of seeds, with their places in the column.
struct Measured {
    Indices rows;
    std::vector<Contender> contenders;
};

Measured measured_of(const std::vector<PaperValue>& column) {
    Measured measured;
    for (std::size_t i = 0; i < column.size(); ++i) {
        if (column[i].summary != nullptr && column[i].mean) {
            measured.rows.push_back(i);
            measured.contenders.push_back({column[i].cell, {}});
            for (const auto& [seed, value] : column[i].summary->values) {
                measured.contenders.back().seeds.push_back(seed);
            }
        }
    }
    return measured;
}

class ColumnRanking {
public:
    ColumnRanking(const std::vector<PaperValue>& column, const RankingRules& rules)
        : column_(column), rules_(rules), ranks_(column.size()) {}

    std::vector<RankedValue> rank() {
        const Measured measured = measured_of(column_);
        const ComparableGroup group = comparable_group(measured.contenders, rules_.same);
        Indices ranked;
        for (const std::size_t member : group.members) {
            ranked.push_back(measured.rows[member]);
        }
        for (std::size_t i = 0; i < measured.rows.size(); ++i) {
            ranks_[measured.rows[i]].why_not = unlike_text(group.unlike[i]);
        }
        const Indices tested = ranked;
        for (std::size_t i = 0; rules_.rank_published && i < column_.size(); ++i) {
            if (column_[i].summary == nullptr && column_[i].mean) {
                ranked.push_back(i);
            }
        }
        if (ranked.size() > 1) {
            emphasise(ranked, tested);
        }
        return ranks_;
    }

private:
    bool is_better(std::size_t a, std::size_t b) const {
        return rules_.is_higher_better ? *column_[a].mean > *column_[b].mean
                                       : *column_[a].mean < *column_[b].mean;
    }
    std::size_t best_of(const Indices& rows) const {
        return *std::min_element(rows.begin(), rows.end(), [&](std::size_t a, std::size_t b) {
            return is_better(a, b);
        });
    }

    void emphasise(const Indices& ranked, const Indices& tested) {
        const std::size_t best = best_of(ranked);
        Indices others;
        for (const std::size_t i : ranked) {
            const bool is_best = i == best || column_[i].text == column_[best].text;
            if (!is_best) {
                others.push_back(i);
            } else if (rules_.bold) {
                ranks_[i].emphasis = Emphasis::Best;
            }
        }
        if (rules_.underline == sweeps::Underline::Second && !others.empty()) {
            const std::size_t second = best_of(others);
            for (const std::size_t i : others) {
                if (column_[i].text == column_[second].text) {
                    ranks_[i].emphasis = Emphasis::Tie;
                }
            }
        } else if (rules_.underline == sweeps::Underline::Ties &&
                   column_[best].summary != nullptr) {
            underline_ties(best, tested);
        }
    }

    void underline_ties(std::size_t best, const Indices& tested) {
        Indices rivals;
        std::vector<std::optional<double>> p;
        for (const std::size_t i : tested) {
            if (i != best) {
                rivals.push_back(i);
                p.push_back(paired_t(values_of(column_[best]), values_of(column_[i])).p);
            }
        }
        p = adjust_p_values(p, Adjustment::Holm);
        for (std::size_t k = 0; k < rivals.size(); ++k) {
            RankedValue& rank = ranks_[rivals[k]];
            if (rank.emphasis == Emphasis::None && p[k] && *p[k] > rules_.alpha) {
                rank.emphasis = Emphasis::Tie;
            }
        }
    }

    const std::vector<PaperValue>& column_;
    const RankingRules& rules_;
    std::vector<RankedValue> ranks_;
};

}  // namespace

std::vector<RankedValue> rank_column(const std::vector<PaperValue>& column,
                                     const RankingRules& rules) {
    return ColumnRanking(column, rules).rank();
}

}  // namespace harrow::analysis
