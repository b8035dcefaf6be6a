#pragma once

#include <string>

#include "sweeps/trial_config.hpp"

namespace harrow::sweeps {

/// Where a configuration of this method begins before a file says anything: TrialConfig's own
/// values, but for those its authors chose otherwise. `version` is model.version and counts for
/// anomalyvfm only; an unknown method or version gives the values of the method, or TrialConfig's.
/// Canonical texts and keys know nothing of it: they are compared with TrialConfig.
TrialConfig method_defaults(const std::string& method, const std::string& version);

}  // namespace harrow::sweeps
