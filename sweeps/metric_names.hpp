#pragma once

#include <string>
#include <vector>

namespace harrow::sweeps {

/// Measured on images and on pixels, in the order of every table.
const std::vector<std::string>& curve_metric_names();

/// Measured per class and after every task: image_auroc, image_ap, …, routing_acc.
const std::vector<std::string>& basic_metric_names();

/// Of the whole sequence, written after a basic metric's name (but routing_acc): acc aia la bwt fm.
const std::vector<std::string>& continual_metric_suffixes();

/// Measured on images and on pixels, in the order of every table.
const std::vector<std::string>& curve_metric_names();

/// Measured per class and after every task on training images that were held out: of their scores
/// (val_normal.*), and with anomalies pasted into them (val_synth.*).
const std::vector<std::string>& validation_metric_names();

/// Every name a `metric` column, an objective or a constraint may hold.
const std::vector<std::string>& metric_names();

bool is_metric(const std::string& name);

/// False for `.fm` and for val_normal.*, where less is better.
bool is_higher_better(const std::string& metric);

}  // namespace harrow::sweeps
