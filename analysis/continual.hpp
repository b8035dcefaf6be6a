#pragma once

#include <optional>
#include <vector>

namespace harrow::analysis {

/// One metric of classes over a sequence: R[i][c] = class c after task i. Cells before the class's
/// own task are not read: transfer to unseen classes is not part of these metrics.
struct ContinualMatrix {
    std::vector<std::vector<double>> values;  ///< [tasks][classes]
    std::vector<int> class_task;              ///< [classes], 0 .. tasks - 1
};

/// With one class per task these are the usual formulas on tasks; a task of several classes weighs
/// as many times, as in the reported means.
struct ContinualMetrics {
    double acc = 0;             ///< mean of the last row
    double aia = 0;             ///< mean over i of the mean over classes seen by i
    double la = 0;              ///< mean of each class right after its task
    std::optional<double> bwt;  ///< mean of R[T-1][c] - R[task(c)][c] over classes of earlier tasks
    /// Mean of max over task(c) <= l < T-1 of R[l][c], minus R[T-1][c] (Chaudhry et al., ECCV
    /// 2018).
    std::optional<double> fm;  ///< bwt and fm are absent when there is one task
};

/// Throws std::invalid_argument on an empty or ragged matrix or a class_task out of range.
ContinualMetrics continual_metrics(const ContinualMatrix& matrix);

}  // namespace harrow::analysis
