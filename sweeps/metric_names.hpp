#pragma once

#include <string>
#include <vector>

namespace harrow::sweeps {

/// Measured on images and on pixels, in the order of every table.
const std::vector<std::string>& curve_metric_names();

/// Those, and what only some trainings can or are asked to measure: segf1_local and classf1_local
/// (F1 at a threshold from normal images, computed here and not by MVTec AD 2's server) and
/// aucpro_compat (AnomalyVFM's AUC-PRO).
const std::vector<std::string>& test_metric_names();

/// Measured per class and after every task: image_auroc, image_ap, …, routing_acc.
const std::vector<std::string>& basic_metric_names();

/// Of the whole sequence, written after a basic metric's name (but routing_acc): acc aia la bwt fm.
const std::vector<std::string>& continual_metric_suffixes();

/// Measured per class and after every task on training images that were held out: of their scores
/// (val_normal.*), and with anomalies pasted into them (val_synth.*).
const std::vector<std::string>& validation_metric_names();

/// Every name a `metric` column, an objective or a constraint may hold.
const std::vector<std::string>& metric_names();

bool is_metric(const std::string& name);

/// Whether it is an F1 at a threshold of our own: `segf1_local`, also with a suffix.
bool is_local_metric(const std::string& name);
/// Whether the metric of the test images, also with a suffix, is measured on maps of scores.
bool needs_maps(const std::string& name);

/// False for `.fm` and for val_normal.*, where less is better.
bool is_higher_better(const std::string& metric);

}  // namespace harrow::sweeps
