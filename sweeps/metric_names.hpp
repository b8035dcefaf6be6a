#pragma once

#include <string>
#include <vector>

namespace harrow::sweeps {

/// Measured per class and after every task: image_auroc, image_ap, …, routing_acc.
const std::vector<std::string>& basic_metric_names();

/// Of the whole sequence, written after a basic metric's name (but routing_acc): acc aia la bwt fm.
const std::vector<std::string>& continual_metric_suffixes();

/// Every name a `metric` column, an objective or a constraint may hold.
const std::vector<std::string>& metric_names();

bool is_metric(const std::string& name);

/// False for `.fm`, where less is better.
bool is_higher_better(const std::string& metric);

}  // namespace harrow::sweeps
