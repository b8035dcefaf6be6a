#pragma once

#include <string>
#include <vector>

#include "sweeps/result_row.hpp"

namespace harrow::analysis {

/// What follows from one trial's rows and is not among them: `mean` at every stage, unweighted over
/// the classes seen by then, where each of them has a value; and of metrics that were measured for
/// every class after each task from its own on, acc aia la bwt fm over a sequence of two tasks or
/// more (routing_acc aside, and metrics that are not known to be better when higher: see
/// sweeps::known_goal()). A class is seen from the first stage at which the trial has a value of
/// it; one of `classes` that it has no value of counts as seen by the last.
///
/// `classes`: of the cell, over all of its trials, "mean" not among them.
std::vector<sweeps::MetricRow> derived_rows(const std::vector<sweeps::MetricRow>& rows,
                                            const std::vector<std::string>& classes);

}  // namespace harrow::analysis
