#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.hpp"
#include "coordinator/device_probe.hpp"
#include "coordinator/launch_environment.hpp"
#include "coordinator/supervisor.hpp"

namespace harrow::cli {

/// What this machine and its environment say about GPUs.
struct Machine {
    bool nvidia_driver = false;
    std::optional<std::string> visible_devices;  ///< CUDA_VISIBLE_DEVICES
    std::function<coordinator::ProbeResult()> probe;
};

struct RunSlots {
    std::vector<coordinator::SlotSpec> slots;
    std::vector<std::string> warnings;
};

/// This rank's slots: with --device auto on GPUs where harrow-worker finds some, else on the CPU.
/// The probe is asked only where it can matter: not for --device cpu, and under auto only where
/// there is a driver and CUDA_VISIBLE_DEVICES hides nothing. Throws UsageError where --device cuda
/// or --gpu-map wants a GPU and there is none, and where slots and devices do not fit.
/// `slots_per_gpu`: the sweep's; --slots and --gpu-map overrule it.
RunSlots choose_slots(const RunOptions& options,
                      const coordinator::LaunchEnvironment& launch,
                      const Machine& machine,
                      int slots_per_gpu = 1);

/// The machine this process runs on; `worker_program` is the probe.
Machine this_machine(const std::string& worker_program);

/// One line per GPU slot; empty on the CPU.
std::string slots_text(const std::vector<coordinator::SlotSpec>& slots);

/// "0,0,1" -> {0, 0, 1}. Throws UsageError on anything else.
std::vector<int> parse_gpu_map(const std::string& text);

}  // namespace harrow::cli
