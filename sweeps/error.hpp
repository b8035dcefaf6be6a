#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace harrow::sweeps {

/// What the process returns to the shell; scripts rely on these numbers.
enum class ExitCode : int {
    Ok = 0,
    Bug = 1,             ///< a defect of Harrow itself
    Usage = 2,           ///< command line, sweep file or input data
    TrialsFailed = 3,    ///< finished, but some trials failed
    Infrastructure = 4,  ///< disk full, unwritable directory, lost ranks
    Resumable = 75       ///< stopped early; the same command continues
};

/// One thing wrong with a sweep file, an override or the data it names.
struct Problem {
    std::string file;     ///< as the user typed it; "command line" for an override
    int line = 0;         ///< from 1; 0 when no line applies
    std::string key;      ///< dotted parameter name or path inside the file; may be empty
    std::string message;  ///< what is wrong, what was expected, what to do
};

/// `file:line: key: message`, without the parts that are empty.
inline std::string to_string(const Problem& problem) {
    std::string text = problem.file;
    if (problem.line > 0) {
        text += ":" + std::to_string(problem.line);
    }
    if (!text.empty()) {
        text += ": ";
    }
    return text + (problem.key.empty() ? "" : problem.key + ": ") + problem.message;
}

/// An operation ended. Messages say what failed, on what, what was expected and what to do.
class Error : public std::runtime_error {
public:
    Error(ExitCode exit_code, const std::string& message)
        : std::runtime_error(message), exit_code_(exit_code) {}
    ExitCode exit_code() const noexcept { return exit_code_; }

private:
    ExitCode exit_code_;
};

/// The user's input cannot be used. Holds every problem found, not only the first.
class UsageError : public Error {
public:
    explicit UsageError(std::vector<Problem> problems)
        : Error(ExitCode::Usage, join(problems)), problems_(std::move(problems)) {}
    explicit UsageError(const std::string& message) : UsageError({Problem{"", 0, "", message}}) {}
    const std::vector<Problem>& problems() const noexcept { return problems_; }

private:
    static std::string join(const std::vector<Problem>& problems) {
        std::string text;
        for (const Problem& problem : problems) {
            text += (text.empty() ? "" : "\n") + to_string(problem);
        }
        return text;
    }
    std::vector<Problem> problems_;
};

/// The file system, a file's content or a library underneath refused.
class StorageError : public Error {
public:
    explicit StorageError(const std::string& message) : Error(ExitCode::Infrastructure, message) {}
};

/// One input file (an image, a mask) cannot be used; the trial that needs it becomes `bad_data`.
class DataError : public Error {
public:
    explicit DataError(const std::string& message) : Error(ExitCode::Usage, message) {}
};

}  // namespace harrow::sweeps
