#pragma once

#include <string>
#include <vector>

#include "sweeps/backbones.hpp"
#include "sweeps/trial_config.hpp"

namespace harrow::sweeps {

struct AnomalyVfmProblem {
    std::string parameter;  ///< dotted name
    std::string message;    ///< what is wrong, what is expected
};

/// What the parts of a configuration of AnomalyVFM forbid each other, but for what any method may
/// not do. `backbone`: the one config.backbone names.
std::vector<AnomalyVfmProblem> anomalyvfm_problems(const TrialConfig& config,
                                                   const BackboneArchitecture& backbone);

}  // namespace harrow::sweeps
