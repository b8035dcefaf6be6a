#include "analysis/continual.hpp"

#include <algorithm>
#include <cstddef>
#include <stdexcept>

namespace harrow::analysis {
namespace {

void check(const ContinualMatrix& matrix) {
    const auto tasks = static_cast<int>(matrix.values.size());
    const bool ragged =
        std::any_of(matrix.values.begin(), matrix.values.end(), [&](const auto& row) {
            return row.size() != matrix.class_task.size();
        });
    const bool outside = std::any_of(matrix.class_task.begin(),
                                     matrix.class_task.end(),
                                     [&](int task) { return task < 0 || task >= tasks; });
    if (tasks == 0 || matrix.class_task.empty() || ragged || outside) {
        throw std::invalid_argument("continual_metrics: a [tasks, classes] matrix is expected");
    }
}

// Over the classes seen by task i; 0 when there is none (tasks always bring classes).
double mean_seen(const ContinualMatrix& matrix, std::size_t i) {
    double sum = 0;
    std::size_t seen = 0;
    for (std::size_t c = 0; c < matrix.class_task.size(); ++c) {
        if (matrix.class_task[c] <= static_cast<int>(i)) {
            sum += matrix.values[i][c];
            ++seen;
        }
    }
    return seen == 0 ? 0 : sum / static_cast<double>(seen);
}

}  // namespace

ContinualMetrics continual_metrics(const ContinualMatrix& matrix) {
    check(matrix);
    const std::size_t last = matrix.values.size() - 1;
    ContinualMetrics result;
    result.acc = mean_seen(matrix, last);
    for (std::size_t i = 0; i <= last; ++i) {
        result.aia += mean_seen(matrix, i);
    }
    result.aia /= static_cast<double>(last + 1);

    double bwt = 0, fm = 0;
    std::size_t earlier = 0;
    for (std::size_t c = 0; c < matrix.class_task.size(); ++c) {
        const auto own = static_cast<std::size_t>(matrix.class_task[c]);
        result.la += matrix.values[own][c];
        if (own == last) {
            continue;
        }
        ++earlier;
        double best = matrix.values[own][c];
        for (std::size_t i = own; i < last; ++i) {
            best = std::max(best, matrix.values[i][c]);
        }
        bwt += matrix.values[last][c] - matrix.values[own][c];
        fm += best - matrix.values[last][c];
    }
    result.la /= static_cast<double>(matrix.class_task.size());
    if (earlier > 0) {
        result.bwt = bwt / static_cast<double>(earlier);
        result.fm = fm / static_cast<double>(earlier);
    }
    return result;
}

}  // namespace harrow::analysis
