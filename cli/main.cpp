#include <cstdio>
#include <exception>
#include <iostream>
#include <optional>
#include <variant>

#include "cli/arguments.hpp"
#include "cli/verbs.hpp"
#include "sweeps/error.hpp"

int main(int argc, char** argv) {
    using harrow::sweeps::ExitCode;
    try {
        const std::optional<harrow::cli::Command> command =
            harrow::cli::parse_arguments(argc, argv);
        if (!command) {
            return static_cast<int>(ExitCode::Ok);
        }
        const ExitCode code = std::visit(
            [](const auto& options) { return harrow::cli::run_verb(options); }, *command);
        std::cout.flush();
        if (!std::cout) {
            std::cerr << "harrow: standard output could not be written (is the disk full?)\n";
            return static_cast<int>(ExitCode::Infrastructure);
        }
        return static_cast<int>(code);
    } catch (const harrow::sweeps::UsageError& error) {
        std::cerr << error.what() << "\n";
        if (error.problems().size() > 1) {
            std::cerr << error.problems().size() << " problems; nothing was written\n";
        }
        return static_cast<int>(error.exit_code());
    } catch (const harrow::sweeps::Error& error) {
        std::cerr << "harrow: " << error.what() << "\n";
        return static_cast<int>(error.exit_code());
    } catch (const std::exception& error) {
        std::cerr << "harrow: bug: " << error.what()
                  << "\nPlease report this with the command and the sweep file.\n";
        return static_cast<int>(ExitCode::Bug);
    }
}
