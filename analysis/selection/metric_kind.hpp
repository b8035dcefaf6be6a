#pragma once

#include <optional>
#include <string>

#include "sweeps/sweep.hpp"

namespace harrow::analysis {

/// On which data a metric is measured: "test", or "val_synth" (synthetic anomalies on held-out
/// normal images) or "val_normal" (held-out normal images), whose names start with that and a dot.
std::string split_of(const std::string& metric);

/// The direction of Harrow's metrics and of names that say what they are (I-AUROC, pixel AP);
/// absent for others (seconds), whose best value nobody emphasises.
std::optional<sweeps::Goal> known_goal(const std::string& metric);

/// AP or F1 of pixels in any spelling: pixel_ap, pixel_f1max.fm, P-AP.
bool is_pixel_precision(const std::string& metric);

}  // namespace harrow::analysis
