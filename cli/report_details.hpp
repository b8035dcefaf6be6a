#pragma once

#include <vector>

#include "analysis/report.hpp"
#include "cli/report_merge.hpp"

namespace harrow::cli {

/// What lies in the run directories beside their journals: for the selected cell and the baseline,
/// which expert the router chose for each image. Trainings whose patch scores are gone are left
/// out; patch scores that cannot be read are noted among the report's failures.
void add_report_details(analysis::Report& report, const std::vector<RunOfReport>& runs);

}  // namespace harrow::cli
