#pragma once

#include <optional>
#include <string>

#include "sweeps/sweep.hpp"

/// What a metric's name says about it, be it Harrow's or of a table made elsewhere.
namespace harrow::sweeps {

/// On which data a metric is measured: "test", or "val_synth" (synthetic anomalies on held-out
/// normal images) or "val_normal" (held-out normal images), whose names start with that and a dot.
std::string split_of(const std::string& metric);

/// A share of a whole, so that 0.98 and 98.1 can only be two units of it: AUROC, AP, F1, AU-PRO,
/// accuracy, IoU and Dice in any spelling. Differences (bwt, fm, gaps, deltas), standard
/// deviations, losses and times are none.
enum class ShareKind { None, Share, Auroc };
ShareKind share_kind(const std::string& metric);

/// The direction of Harrow's metrics, of shares, and of names that say it (loss, forgetting);
/// absent for others (seconds), whose best value nobody emphasises.
std::optional<Goal> known_goal(const std::string& metric);

/// AP or F1 of pixels in any spelling: pixel_ap, pixel_f1max.fm, P-AP, SegF1.
bool is_pixel_precision(const std::string& metric);

}  // namespace harrow::sweeps
