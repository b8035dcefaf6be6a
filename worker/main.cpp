#include <cstdio>
#include <exception>
#include <string>

#include "build_info.hpp"
#include "coordinator/child_link.hpp"
#include "sweeps/error.hpp"
#include "worker/allocator.hpp"
#include "worker/worker_loop.hpp"

/// harrow-worker: trains and extracts for the supervisor that started it. `--version` prints the
/// build id that both must share.
int main(int argc, char** argv) {
    using harrow::sweeps::ExitCode;
    if (argc == 2 && std::string(argv[1]) == "--version") {
        std::printf("%s\n", harrow::build_id());
        return static_cast<int>(ExitCode::Ok);
    }
    harrow::worker::keep_freed_memory();
    try {
        harrow::coordinator::ChildLink link;
        harrow::worker::serve(link);
        return static_cast<int>(ExitCode::Ok);
    } catch (const harrow::sweeps::Error& error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return static_cast<int>(error.exit_code());
    } catch (const std::exception& error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return static_cast<int>(ExitCode::Bug);
    }
}
