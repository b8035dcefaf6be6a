#pragma once

#include <vector>

#include "analysis/report.hpp"
#include "cli/report_merge.hpp"

namespace harrow::cli {

/// The worst-ranked test images of the selected cell, else of the baseline, under its first seed
/// whose patch scores are still there: up to 8 small strips, classes in turns. Without pictures
/// where scores or images are not at hand; the caption then says so. Empty without such a cell.
analysis::Gallery failure_gallery(const analysis::Report& report,
                                  const std::vector<RunOfReport>& runs);

}  // namespace harrow::cli
