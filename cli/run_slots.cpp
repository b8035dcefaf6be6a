#include "cli/run_slots.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "sweeps/error.hpp"

namespace harrow::cli {
namespace {

using coordinator::ProbeResult;
using sweeps::UsageError;

constexpr int kMaxDevice = 1023;

std::string slot_prefix(int rank) {
    return coordinator::node_name() + (rank > 0 ? "." + std::to_string(rank) : "");
}

RunSlots cpu_slots(const RunOptions& options, int rank) {
    return {
        coordinator::make_cpu_slots(slot_prefix(rank), std::max(options.slots, 1), options.threads),
        {}};
}

// CUDA takes a list that begins with no device (empty, -1) as "none".
bool hides_all(const std::optional<std::string>& visible_devices) {
    return visible_devices && (visible_devices->empty() || visible_devices->front() == '-');
}

std::string reason_of(const ProbeResult& found) {
    const std::string why = found.problem.empty() ? found.note : found.problem;
    return why.empty() ? "" : " (" + why + ")";
}

[[noreturn]] void refuse_without_device(const ProbeResult& found) {
    throw UsageError("no CUDA device was found by harrow-worker" + reason_of(found) +
                     ". GPUs need a Harrow built with a LibTorch that has CUDA "
                     "(scripts/build-with-cuda.sh), a driver (nvidia-smi lists them) and a "
                     "CUDA_VISIBLE_DEVICES that does not hide them; --device cpu computes without");
}

}  // namespace

RunSlots choose_slots(const RunOptions& options,
                      const coordinator::LaunchEnvironment& launch,
                      const Machine& machine,
                      int slots_per_gpu) {
    if (options.device == "cpu" && !options.gpu_map.empty()) {
        throw UsageError(
            "--gpu-map places slots on GPUs and --device cpu uses none: leave one out");
    }
    const bool wanted = options.device == "cuda" || !options.gpu_map.empty();
    const bool possible = machine.nvidia_driver && !hides_all(machine.visible_devices);
    if (options.device == "cpu" || (!wanted && !possible)) {
        return cpu_slots(options, launch.rank);
    }
    const ProbeResult found = machine.probe();
    if (found.devices.empty()) {
        if (wanted) {
            refuse_without_device(found);
        }
        RunSlots result = cpu_slots(options, launch.rank);
        result.warnings.push_back("harrow-worker --probe found no CUDA device" + reason_of(found) +
                                  "; the slots compute on the CPU (--device cpu to say so)");
        return result;
    }
    coordinator::GpuSlotRequest request;
    request.prefix = slot_prefix(launch.rank);
    request.slots = options.slots;
    request.gpu_map = parse_gpu_map(options.gpu_map);
    request.slots_per_gpu = slots_per_gpu;
    request.threads = options.threads;
    request.local_rank = launch.local_rank;
    request.local_size = launch.local_size;
    request.visible_devices = machine.visible_devices;
    return {coordinator::make_gpu_slots(request, found.devices), {}};
}

Machine this_machine(const std::string& worker_program) {
    Machine machine;
    machine.nvidia_driver = coordinator::nvidia_driver_present();
    if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES")) {
        machine.visible_devices = visible;
    }
    machine.probe = [worker_program] { return coordinator::probe_devices(worker_program); };
    return machine;
}

std::string slots_text(const std::vector<coordinator::SlotSpec>& slots) {
    std::string text;
    for (const coordinator::SlotSpec& slot : slots) {
        if (!slot.device_name.empty()) {
            text += "slot " + slot.name + ": " + slot.device_name +
                    " (CUDA_VISIBLE_DEVICES=" + slot.visible_devices + ")\n";
        }
    }
    return text;
}

std::vector<int> parse_gpu_map(const std::string& text) {
    std::vector<int> map;
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        const char* end = rest.data() + comma;
        int index = -1;
        const auto parsed = std::from_chars(rest.data(), end, index);
        const bool trailing = comma + 1 == rest.size();
        if (parsed.ec != std::errc() || parsed.ptr != end || index < 0 || index > kMaxDevice ||
            trailing) {
            throw UsageError("--gpu-map '" + text +
                             "' is not a list of device numbers, one per slot, e.g. 0,0,1");
        }
        map.push_back(index);
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return map;
}

}  // namespace harrow::cli
