#include "analysis/validation_scoring.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "analysis/statistics/bootstrap.hpp"

namespace harrow::analysis {
namespace {

constexpr double kUpperShare = 0.95;

void add_normals(std::vector<double> scores, ValidationValues& values) {
    if (scores.empty()) {
        return;
    }
    std::sort(scores.begin(), scores.end());
    values[0] =
        std::accumulate(scores.begin(), scores.end(), 0.0) / static_cast<double>(scores.size());
    values[1] = quantile_of_sorted(scores, kUpperShare);
}

}  // namespace

ClassValidation validate_class(ClassScorer& scorer,
                               const sweeps::ScoreConfig& config,
                               int first_task,
                               int num_tasks) {
    ClassValidation result;
    ClassValues scored = scorer.score(config);
    if (scored.invalid_scores) {
        result.invalid_scores = std::move(scored.invalid_scores);
        return result;
    }
    result.values.resize(static_cast<std::size_t>(num_tasks));
    for (auto after = static_cast<std::size_t>(first_task); after < result.values.size(); ++after) {
        for (const Routing routing : {Routed, Oracle}) {
            ValidationValues& values = result.values[after][routing];
            add_normals(scorer.normal_image_scores(after, routing, config), values);
            const TestValues& curves = scored.values[after][routing];
            std::copy_n(curves.begin(), kNumCurveMetrics, values.begin() + 2);
        }
    }
    return result;
}

}  // namespace harrow::analysis
