#pragma once

#include <string>

namespace harrow::sweeps {

/// One measured value of a trial; a value that is undefined has no row.
struct MetricRow {
    int after_task = 0;      ///< from 0: measured when this task had been learned
    std::string class_name;  ///< a class, or "mean": unweighted over the classes seen
    std::string routing;     ///< "routed": the router chose the expert; "oracle": the class's own
    std::string metric;      ///< one of metric_names()
    double value = 0.0;      ///< a fraction in [0, 1]; bwt may be negative
};

}  // namespace harrow::sweeps
