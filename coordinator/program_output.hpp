#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "coordinator/child_process.hpp"

namespace harrow::coordinator {

struct ProgramOutput {
    std::string output;            ///< standard output and error as they came, at most 1 MiB
    std::optional<ChildExit> end;  ///< missing: it did not end in time and was killed
};

/// Runs a short-lived program and collects what it prints. Throws StorageError, naming the program,
/// when it cannot be started.
ProgramOutput run_for_output(const ChildSpec& program, std::chrono::milliseconds limit);

/// Path of an executable file that PATH finds; empty when there is none.
std::string find_program(const std::string& name);

}  // namespace harrow::coordinator
