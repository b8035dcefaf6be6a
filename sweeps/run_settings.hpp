#pragma once

#include <string>
#include <vector>

#include "sweeps/yaml_tree.hpp"

namespace harrow::sweeps {

/// What becomes of a training's checkpoints once it is finished.
enum class KeepCheckpoints { None, Last, All };

/// Top-level keys of a sweep file that say how to run it. They change no result, are no part of any
/// key and may differ from one session to the next.
struct RunSettings {
    /// Between two checkpoints inside a task. 0: only after each task.
    double checkpoint_minutes = 10;
    KeepCheckpoints keep_checkpoints = KeepCheckpoints::None;
    int slots_per_gpu = 1;  ///< 1 to 64
};

/// "checkpoint_minutes", "keep", "slots_per_gpu".
const std::vector<std::string>& run_setting_keys();

/// Sets what `key`, one of run_setting_keys() or "keep.checkpoints", says; otherwise a problem.
void read_run_setting(const std::string& key,
                      const YamlNode& node,
                      RunSettings& settings,
                      std::vector<Problem>& problems);

/// "none", "last", "all".
std::string name_of(KeepCheckpoints keep);

}  // namespace harrow::sweeps
