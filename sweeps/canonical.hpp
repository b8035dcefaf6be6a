#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "sweeps/parameters.hpp"
#include "sweeps/trial_config.hpp"

namespace harrow::sweeps {

/// What describes a trial, a training or an extraction, and nothing else does: "harrow-config 1",
/// one line `<stage>.revision=N` per stage asked for, then `name=value` of the parameters of these
/// stages that are active, differ from their default and are no locators, sorted by name. Every
/// line ends in a newline. So a new parameter at its default changes no text.
std::string canonical_text(const TrialConfig& config, std::initializer_list<Stage> stages);
std::string canonical_text(const TrialConfig& config);  ///< all stages

/// The strict inverse: accepts exactly what canonical_text writes in this build. Locators and
/// parameters not mentioned keep their defaults. Throws UsageError (line, what was expected).
TrialConfig parse_canonical(std::string_view text);

}  // namespace harrow::sweeps
