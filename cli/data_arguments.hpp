#pragma once

#include "cli/options.hpp"

namespace CLI {
class App;
}

/// Flags of `harrow data`. What they are bound to must live as long as the parser.
namespace harrow::cli {

void add_synth_options(CLI::App& app, DataSynthOptions& options);
void add_check_options(CLI::App& app, DataCheckOptions& options);
/// All but the sweep and the cache.
void add_anomalies_options(CLI::App& app, DataAnomaliesOptions& options);

}  // namespace harrow::cli
