#pragma once

#include <optional>

#include "cli/options.hpp"

namespace harrow::cli {

/// Parses the command line. Nothing: help was printed and the process should exit with 0.
/// Throws sweeps::UsageError with CLI11's sentence and where to find help.
std::optional<Command> parse_arguments(int argc, const char* const* argv);

}  // namespace harrow::cli
