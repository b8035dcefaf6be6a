#pragma once

#include <cstdint>
#include <vector>

#include "analysis/report.hpp"
#include "cli/report_merge.hpp"

namespace harrow::cli {

/// Patch scores of one training that a report reads for its pictures and its routing.
constexpr std::uintmax_t kMaxScoresBytes = 1ULL << 30U;

/// What lies in the run directories beside their journals: for the selected cell and the baseline,
/// which expert the router chose for each image. Trainings whose patch scores are gone are left
/// out, as are files of more than `max_bytes`, which take too long; patch scores that cannot be
/// read are noted among the report's failures.
void add_report_details(analysis::Report& report,
                        const std::vector<RunOfReport>& runs,
                        std::uintmax_t max_bytes = kMaxScoresBytes);

}  // namespace harrow::cli
