#pragma once

#include "cli/options.hpp"

namespace CLI {
class App;
}

/// What compares and selects. What the flags are bound to must live as long as the parser.
namespace harrow::cli {

void add_comparison_options(CLI::App& app, CompareOptions& options);
void add_best_options(CLI::App& app, BestOptions& options);

}  // namespace harrow::cli
