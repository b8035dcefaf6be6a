#include "coordinator/device_slots.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <utility>

#include "sweeps/error.hpp"

namespace harrow::coordinator {
namespace {

using sweeps::UsageError;

std::vector<std::string> entries_of(const std::string& list) {
    std::vector<std::string> entries(1);
    for (const char letter : list) {
        if (letter == ',') {
            entries.emplace_back();
        } else if (letter != ' ') {
            entries.back() += letter;
        }
    }
    return entries;
}

void refuse_duplicates(const std::vector<Device>& devices) {
    std::map<std::string, int> seen;
    for (const Device& device : devices) {
        const auto [entry, fresh] = seen.emplace(device.uuid, device.index);
        if (!fresh && !device.uuid.empty()) {
            throw UsageError("devices " + std::to_string(entry->second) + " and " +
                             std::to_string(device.index) + " are one GPU, " + device.uuid +
                             ": CUDA_VISIBLE_DEVICES must name each GPU once; several slots share "
                             "a GPU with --gpu-map 0,0");
        }
    }
}

// The device of each slot, as an index into `count` devices.
std::vector<int> map_of(const GpuSlotRequest& request, int count) {
    std::vector<int> map = request.gpu_map;
    if (map.empty()) {
        const int slots = request.slots > 0 ? request.slots : count * request.slots_per_gpu;
        for (int slot = 0; slot < slots; ++slot) {
            map.push_back(slot % count);
        }
        return map;
    }
    if (request.slots > 0 && static_cast<std::size_t>(request.slots) != map.size()) {
        throw UsageError("--gpu-map names the devices of " + std::to_string(map.size()) +
                         " slots, --slots asks for " + std::to_string(request.slots) +
                         ": leave --slots out");
    }
    for (const int index : map) {
        if (index < 0 || index >= count) {
            throw UsageError(
                "--gpu-map names device " + std::to_string(index) + ", this rank has " +
                (count == 1 ? "device 0 alone" : "devices 0 to " + std::to_string(count - 1)));
        }
    }
    return map;
}

std::string visible_entry(const GpuSlotRequest& request, const Device& device) {
    if (!request.visible_devices) {
        return std::to_string(device.index);
    }
    const std::vector<std::string> entries = entries_of(*request.visible_devices);
    if (static_cast<std::size_t>(device.index) >= entries.size()) {
        throw UsageError("harrow-worker found a device " + std::to_string(device.index) +
                         ", but CUDA_VISIBLE_DEVICES=" + *request.visible_devices + " has " +
                         std::to_string(entries.size()) +
                         " entries: set it to a list of GPUs, or unset it");
    }
    return entries[static_cast<std::size_t>(device.index)];
}

}  // namespace

std::vector<Device> devices_of_rank(const std::vector<Device>& devices,
                                    int local_rank,
                                    int local_size) {
    const int count = static_cast<int>(devices.size());
    if (count <= 1 || local_size <= 1) {
        return devices;
    }
    if (local_size > count) {
        return {devices[static_cast<std::size_t>(local_rank % count)]};
    }
    std::vector<Device> own;
    for (int index = local_rank; index < count; index += local_size) {
        own.push_back(devices[static_cast<std::size_t>(index)]);
    }
    return own;
}

std::vector<SlotSpec> make_gpu_slots(const GpuSlotRequest& request,
                                     const std::vector<Device>& devices) {
    refuse_duplicates(devices);
    const std::vector<Device> own =
        devices_of_rank(devices, request.local_rank, request.local_size);
    if (own.empty()) {
        throw UsageError("there is no GPU for a slot; --device cpu computes without");
    }
    const std::vector<int> map = map_of(request, static_cast<int>(own.size()));
    std::vector<SlotSpec> slots;
    for (const int index : map) {
        const Device& device = own[static_cast<std::size_t>(index)];
        SlotSpec slot;
        slot.sharing = static_cast<int>(std::count(map.begin(), map.end(), index));
        slot.name = request.prefix + "/" + std::to_string(slots.size());
        if (slot.sharing > 1) {
            const auto before = map.begin() + static_cast<std::ptrdiff_t>(slots.size());
            slot.name = request.prefix + "/" + std::to_string(index) + "." +
                        std::to_string(std::count(map.begin(), before, index));
        }
        slot.device_bytes = device.memory_bytes;
        slot.device = "cuda:0";
        slot.device_name = to_string(device);
        slot.visible_devices = visible_entry(request, device);
        slot.threads = request.threads;
        slots.push_back(std::move(slot));
    }
    return slots;
}

std::string_view device_kind(const std::vector<SlotSpec>& slots) {
    return slots.empty() || slots.front().device == "cpu" ? "cpu" : "cuda";
}

std::string to_string(const Device& device) {
    constexpr double kGibibyte = 1024.0 * 1024.0 * 1024.0;
    char memory[32];
    std::snprintf(
        memory, sizeof(memory), "%.1f GiB", static_cast<double>(device.memory_bytes) / kGibibyte);
    return device.name + ", " + memory + (device.uuid.empty() ? "" : ", " + device.uuid);
}

}  // namespace harrow::coordinator
