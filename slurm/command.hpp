#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace harrow::slurm {

struct CommandResult {
    bool started = false;    ///< false: no such program; `error` says why
    bool timed_out = false;  ///< and was killed
    int exit_code = -1;      ///< 128 + signal for one that was killed
    std::string output;      ///< the first MiB
    std::string error;
    bool ok() const { return started && !timed_out && exit_code == 0; }
};

/// Runs a program of $PATH without a shell, its standard input empty, and waits for its end at most
/// `limit`, or until `is_unwanted` says so; then it and its children are killed. `environment`:
/// NAME=value. The program starts with no signal blocked. Never throws for what the program does;
/// StorageError where a pipe cannot be made.
CommandResult run_command(const std::vector<std::string>& words,
                          std::chrono::milliseconds limit,
                          const std::vector<std::string>& environment,
                          const std::function<bool()>& is_unwanted = {});

/// This process's environment without what an MPI job or an allocation put there, which a job
/// submitted from inside one must not inherit.
std::vector<std::string> outside_environment();

/// What went wrong with a program of Slurm, in one sentence; empty when nothing did.
std::string command_problem(const std::string& program, const CommandResult& result);

}  // namespace harrow::slurm
