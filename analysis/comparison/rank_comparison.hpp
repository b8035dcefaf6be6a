#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "analysis/comparison/pair_tests.hpp"
#include "analysis/statistics/friedman.hpp"
#include "analysis/summary.hpp"
#include "analysis/units.hpp"

namespace harrow::analysis {

/// Friedman's test of one metric over all cells of a baseline's data, with Nemenyi's p of each
/// pair; computed once for every set of seeds that is asked for.
class RankComparison {
public:
    RankComparison(const Summary& summary, std::string metric, std::size_t baseline, double alpha);

    /// `cell` against the baseline over `seeds`, which both have. Effect: the difference of their
    /// mean ranks, positive where the cell's values are larger. No interval.
    PairOutcome compare(std::size_t cell, const std::vector<std::uint64_t>& seeds);

private:
    struct Ranking {
        std::vector<std::size_t> cells;
        FriedmanResult result;
        std::map<double, double> pair_p;  ///< by difference of mean ranks
    };
    Ranking& ranking(std::size_t cell, const std::vector<std::uint64_t>& seeds);

    const Summary& summary_;
    std::string metric_;
    std::size_t baseline_;
    double alpha_;
    Units units_;
    std::map<std::vector<std::uint64_t>, Ranking> rankings_;
    std::map<std::pair<std::size_t, std::vector<std::uint64_t>>, Ranking> strangers_;
};

}  // namespace harrow::analysis
