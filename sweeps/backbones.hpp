#pragma once

#include "sweeps/trial_config.hpp"

namespace harrow::sweeps {

/// Whether the backbone reads a weights file (`backbone.weights`).
inline bool needs_weights(const BackboneConfig& backbone) {
    return backbone.name != "filterbank";
}

}  // namespace harrow::sweeps
