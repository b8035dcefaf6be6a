#pragma once

#include "analysis/summary.hpp"
#include "storage/patch_scores.hpp"

namespace harrow::analysis {

/// Counts the images of one more seed. Scores without a router, of one task, or of another number
/// of tasks than those before change nothing and give false.
bool add_to_confusion(RoutingConfusion& confusion, const storage::PatchScores& scores);

}  // namespace harrow::analysis
