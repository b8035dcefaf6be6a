#include <chrono>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <variant>

#include <fcntl.h>

#include "cli/arguments.hpp"
#include "cli/terminal_text.hpp"
#include "cli/verbs.hpp"
#include "coordinator/launch_environment.hpp"
#include "sweeps/error.hpp"

namespace {

using harrow::sweeps::ExitCode;

/// A closed standard stream would lend its number to the journal or a socket, and the next print
/// would land there.
bool open_standard_streams() {
    for (int descriptor = 0; descriptor <= 2; ++descriptor) {
        if (::fcntl(descriptor, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) != descriptor) {
            return false;
        }
    }
    return true;
}

int launch_rank() noexcept {
    try {
        return harrow::coordinator::launch_environment().rank;
    } catch (const std::exception&) {
        return 0;
    }
}

/// One write, so that ranks do not mix their words. Ranks refuse bad input alike: the others give
/// rank 0 the time to say it for all, after which the launcher ends them.
int fail(const std::string& message, ExitCode code) {
    const int rank = launch_rank();
    if (rank > 0) {
        std::this_thread::sleep_for(std::chrono::seconds(1));
    }
    std::cerr << (rank > 0 ? "rank " + std::to_string(rank) + ": " : "") +
                     harrow::cli::printable_lines(message) + "\n";
    return static_cast<int>(code);
}

int run(int argc, char** argv) {
    const std::optional<harrow::cli::Command> command = harrow::cli::parse_arguments(argc, argv);
    if (!command) {
        return static_cast<int>(ExitCode::Ok);
    }
    const ExitCode code =
        std::visit([](const auto& options) { return harrow::cli::run_verb(options); }, *command);
    std::cout.flush();
    if (!std::cout) {
        return fail("harrow: standard output could not be written (is the disk full?)",
                    ExitCode::Infrastructure);
    }
    return static_cast<int>(code);
}

}  // namespace

int main(int argc, char** argv) {
    if (!open_standard_streams()) {
        return static_cast<int>(ExitCode::Infrastructure);
    }
    try {
        return run(argc, argv);
    } catch (const harrow::sweeps::UsageError& error) {
        const std::size_t count = error.problems().size();
        return fail(count > 1 ? error.what() + ("\n" + std::to_string(count) +
                                                " problems; nothing was written")
                              : error.what(),
                    error.exit_code());
    } catch (const harrow::sweeps::Error& error) {
        return fail(std::string("harrow: ") + error.what(), error.exit_code());
    } catch (const std::exception& error) {
        return fail(std::string("harrow: bug: ") + error.what() +
                        "\nPlease report this with the command and the sweep file.",
                    ExitCode::Bug);
    }
}
