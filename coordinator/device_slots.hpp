#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/supervisor.hpp"

namespace harrow::coordinator {

/// A GPU as `harrow-worker --probe` sees it.
struct Device {
    int index = 0;     ///< among those that CUDA_VISIBLE_DEVICES leaves, from 0
    std::string uuid;  ///< "GPU-…"; empty: unknown
    std::string name;
    std::int64_t memory_bytes = 0;
};

struct GpuSlotRequest {
    std::string prefix;        ///< slots are named "<prefix>/0", …; those that share a GPU
                               ///< "<prefix>/<device>.0", "<prefix>/<device>.1", …
    int slots = 0;             ///< 0: one per device, or as many as `gpu_map` names
    std::vector<int> gpu_map;  ///< device of each slot, among this rank's; empty: in turn
    int slots_per_gpu = 1;     ///< where neither `slots` nor `gpu_map` says otherwise
    int threads = 1;           ///< per slot
    int local_rank = 0;        ///< this rank, of `local_size` ranks on this node
    int local_size = 1;
    std::optional<std::string> visible_devices;  ///< this process's CUDA_VISIBLE_DEVICES
};

/// A rank's own devices: all when it is alone on its node or there is one, else every
/// local_size-th from its local rank on; where ranks outnumber devices, several share one.
std::vector<Device> devices_of_rank(const std::vector<Device>& devices,
                                    int local_rank,
                                    int local_size);

/// GPU slots over this rank's devices. A slot's child sees its own device alone, as "cuda:0": by
/// its entry in CUDA_VISIBLE_DEVICES where that is set, else by its index.
/// Throws UsageError: no device, one GPU listed twice, a map that names a device this rank does not
/// have or does not fit the number of slots, more devices than CUDA_VISIBLE_DEVICES has entries.
std::vector<SlotSpec> make_gpu_slots(const GpuSlotRequest& request,
                                     const std::vector<Device>& devices);

/// "cuda" when slots compute on GPUs, else "cpu"; all slots of a rank are of one kind.
std::string_view device_kind(const std::vector<SlotSpec>& slots);

/// "NVIDIA H200, 140.4 GiB, GPU-1f3a…".
std::string to_string(const Device& device);

}  // namespace harrow::coordinator
