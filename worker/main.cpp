#include <cstdio>
#include <exception>
#include <string>

#include "build_info.hpp"
#include "coordinator/child_link.hpp"
#include "sweeps/error.hpp"
#include "worker/allocator.hpp"
#include "worker/device_probe.hpp"
#include "worker/self_check.hpp"
#include "worker/worker_loop.hpp"

/// harrow-worker: trains and extracts for the supervisor that started it. `--version` prints the
/// build id that both must share, `--probe` the GPUs it can use, `--doctor` what it was built with,
/// both as JSON.
int main(int argc, char** argv) {
    using harrow::sweeps::ExitCode;
    if (argc == 2 && std::string(argv[1]) == "--version") {
        std::printf("%s\n", harrow::build_id());
        return static_cast<int>(ExitCode::Ok);
    }
    if (argc == 2 && std::string(argv[1]) == "--probe") {
        std::printf("%s\n", harrow::worker::probe_json().c_str());
        return static_cast<int>(ExitCode::Ok);
    }
    if (argc == 2 && std::string(argv[1]) == "--doctor") {
        std::printf("%s\n", harrow::worker::self_check_json(harrow::build_id()).c_str());
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
