#include "analysis/paper/column_ranking.hpp"

#include <algorithm>
#include <cstddef>

#include "analysis/comparison/fairness.hpp"
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

std::string seeds_of(const PaperValue& value) {
    std::string text = "seeds";
    for (const auto& [seed, number] : value.summary->values) {
        text += " " + std::to_string(seed);
    }
    return text;
}

/// What keeps `value` from being compared with `reference`; empty: nothing.
std::string difference_from(const PaperValue& reference,
                            const PaperValue& value,
                            const std::vector<std::string>& same) {
    std::string text;
    const auto add = [&](const std::string& what) { text += (text.empty() ? "" : ", ") + what; };
    if (seeds_of(value) != seeds_of(reference)) {
        add(seeds_of(value));
    }
    if (data_text(*value.cell) != data_text(*reference.cell)) {
        add("other data");
    }
    std::vector<SettingDifference> unfair;
    for (const SettingDifference& difference : setting_differences(*value.cell, *reference.cell)) {
        if (std::find(same.begin(), same.end(), difference.name) != same.end()) {
            unfair.push_back(difference);
        }
    }
    if (!unfair.empty()) {
        add(difference_text(unfair));
    }
    return text;
}

/// Sets of rows that may be compared, each represented by its first.
std::vector<Indices> comparable_sets(const std::vector<PaperValue>& column,
                                     const std::vector<std::string>& same) {
    std::vector<Indices> sets;
    for (std::size_t i = 0; i < column.size(); ++i) {
        if (column[i].summary == nullptr || !column[i].mean) {
            continue;
        }
        const auto found = std::find_if(sets.begin(), sets.end(), [&](const Indices& set) {
            return difference_from(column[set.front()], column[i], same).empty();
        });
        if (found == sets.end()) {
            sets.push_back({i});
        } else {
            found->push_back(i);
        }
    }
    return sets;
}

class ColumnRanking {
public:
    ColumnRanking(const std::vector<PaperValue>& column, const RankingRules& rules)
        : column_(column), rules_(rules), ranks_(column.size()) {}

    std::vector<RankedValue> rank() {
        const std::vector<Indices> sets = comparable_sets(column_, rules_.same);
        if (sets.empty() && !rules_.rank_published) {
            return ranks_;
        }
        Indices ranked;
        if (!sets.empty()) {
            ranked =
                *std::max_element(sets.begin(), sets.end(), [](const Indices& a, const Indices& b) {
                    return a.size() < b.size();
                });
        }
        for (const Indices& set : sets) {
            if (set.front() == ranked.front()) {
                continue;
            }
            for (const std::size_t i : set) {
                ranks_[i].why_not =
                    difference_from(column_[ranked.front()], column_[i], rules_.same);
            }
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
            if (rank.emphasis == Emphasis::None && p[k] && *p[k] >= rules_.alpha) {
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
