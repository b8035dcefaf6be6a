#include "coordinator/device_slots.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "coordinator/child_process.hpp"
#include "coordinator/run_loop.hpp"
#include "sweeps/error.hpp"

namespace harrow::coordinator {
namespace {

std::vector<Device> gpus(int count) {
    std::vector<Device> devices;
    for (int index = 0; index < count; ++index) {
        devices.push_back(
            {index, "GPU-" + std::to_string(index), "Test GPU", std::int64_t{24} << 30});
    }
    return devices;
}

GpuSlotRequest request() {
    GpuSlotRequest result;
    result.prefix = "node1";
    return result;
}

// CUDA_VISIBLE_DEVICES of each slot, joined.
std::string visible(const std::vector<SlotSpec>& slots) {
    std::string text;
    for (const SlotSpec& slot : slots) {
        text += (text.empty() ? "" : " ") + slot.visible_devices;
    }
    return text;
}

std::string refusal(const GpuSlotRequest& wanted, const std::vector<Device>& devices) {
    try {
        make_gpu_slots(wanted, devices);
        return "accepted";
    } catch (const sweeps::UsageError& error) {
        return error.what();
    }
}

TEST(DeviceSlotsTest, OneSlotPerGpuEachWithItsOwn) {
    const std::vector<SlotSpec> slots = make_gpu_slots(request(), gpus(3));
    EXPECT_EQ(visible(slots), "0 1 2");
    EXPECT_EQ(slots[2].name, "node1/2");
    EXPECT_EQ(slots[2].device, "cuda:0") << "the child sees one device, its first";
    EXPECT_EQ(slots[2].device_name, "Test GPU, 24.0 GiB, GPU-2");
    EXPECT_EQ(device_kind(slots), "cuda");
    EXPECT_EQ(device_kind(make_cpu_slots("node1", 2, 1)), "cpu");
}

TEST(DeviceSlotsTest, SlotsThatShareAGpuShareItsMemoryAndSayWhichItIs) {
    GpuSlotRequest wanted = request();
    wanted.slots_per_gpu = 2;
    const std::vector<SlotSpec> slots = make_gpu_slots(wanted, gpus(2));
    EXPECT_EQ(visible(slots), "0 1 0 1");
    EXPECT_EQ(slots[0].name, "node1/0.0");
    EXPECT_EQ(slots[2].name, "node1/0.1");
    EXPECT_EQ(slots[3].name, "node1/1.1");
    EXPECT_EQ(device_of_slot(slots[0].name), device_of_slot(slots[2].name));
    EXPECT_NE(device_of_slot(slots[0].name), device_of_slot(slots[1].name));
    EXPECT_EQ(resident_share(slots[0], -1), slots[0].device_bytes / 4) << "half, in two parts";
    EXPECT_EQ(resident_share(slots[0], 1000), 500);
    wanted.slots = 2;
    EXPECT_EQ(make_gpu_slots(wanted, gpus(2)).size(), 2U) << "--slots overrules the sweep";
}

TEST(DeviceSlotsTest, ASlotOfItsOwnDeviceIsNamedWithoutADot) {
    EXPECT_EQ(device_of_slot("node.domain/3"), "node.domain/3");
    EXPECT_EQ(device_of_slot("node.2/0.1"), "node.2/0");
    EXPECT_EQ(device_of_slot("odd"), "odd");
    const SlotSpec alone = make_gpu_slots(request(), gpus(1)).front();
    EXPECT_EQ(resident_share(alone, -1), -1) << "the child looks what is free";
    EXPECT_EQ(resident_share(alone, 1000), 1000);
}

TEST(DeviceSlotsTest, SlotsGoRoundTheGpus) {
    GpuSlotRequest wanted = request();
    wanted.slots = 5;
    EXPECT_EQ(visible(make_gpu_slots(wanted, gpus(2))), "0 1 0 1 0");
    wanted.slots = 1;
    EXPECT_EQ(visible(make_gpu_slots(wanted, gpus(2))), "0");
}

TEST(DeviceSlotsTest, AMapPlacesEachSlot) {
    GpuSlotRequest wanted = request();
    wanted.gpu_map = {0, 0, 1};
    EXPECT_EQ(visible(make_gpu_slots(wanted, gpus(2))), "0 0 1");
    wanted.slots = 3;
    EXPECT_EQ(visible(make_gpu_slots(wanted, gpus(2))), "0 0 1");
}

TEST(DeviceSlotsTest, EntriesOfCudaVisibleDevicesArePassedOn) {
    GpuSlotRequest wanted = request();
    wanted.visible_devices = "GPU-77ab, MIG-1,5";
    EXPECT_EQ(visible(make_gpu_slots(wanted, gpus(3))), "GPU-77ab MIG-1 5");
    wanted.visible_devices = "3,2";
    EXPECT_EQ(visible(make_gpu_slots(wanted, gpus(1))), "3")
        << "what CUDA cannot use ends its list";
    EXPECT_NE(refusal(wanted, gpus(3)).find("CUDA_VISIBLE_DEVICES=3,2 has 2 entries"),
              std::string::npos);
}

TEST(DeviceSlotsTest, RanksOfANodeShareItsGpus) {
    const auto of = [](int gpu_count, int rank, int ranks) {
        GpuSlotRequest wanted = request();
        wanted.local_rank = rank;
        wanted.local_size = ranks;
        return visible(make_gpu_slots(wanted, gpus(gpu_count)));
    };
    EXPECT_EQ(of(4, 0, 1), "0 1 2 3") << "a rank alone on its node takes all";
    EXPECT_EQ(of(4, 0, 4), "0");
    EXPECT_EQ(of(4, 3, 4), "3");
    EXPECT_EQ(of(4, 1, 2), "1 3");
    EXPECT_EQ(of(5, 0, 2) + " " + of(5, 1, 2), "0 2 4 1 3") << "each GPU once";
    EXPECT_EQ(of(2, 3, 4), "1") << "more ranks than GPUs share them";
    EXPECT_EQ(of(1, 3, 4), "0") << "the launcher has given this rank its own";
}

TEST(DeviceSlotsTest, AMapCountsTheRanksOwnGpus) {
    GpuSlotRequest wanted = request();
    wanted.local_rank = 1;
    wanted.local_size = 2;
    wanted.gpu_map = {1, 0};
    wanted.visible_devices = "4,5,6,7";
    EXPECT_EQ(visible(make_gpu_slots(wanted, gpus(4))), "7 5");
}

TEST(DeviceSlotsTest, OneGpuListedTwiceIsRefused) {
    std::vector<Device> devices = gpus(3);
    devices[2].uuid = devices[0].uuid;
    const std::string text = refusal(request(), devices);
    EXPECT_NE(text.find("devices 0 and 2 are one GPU, GPU-0"), std::string::npos) << text;
    for (Device& device : devices) {
        device.uuid.clear();
    }
    EXPECT_EQ(make_gpu_slots(request(), devices).size(), 3U) << "unknown is not equal";
}

TEST(DeviceSlotsTest, WhatDoesNotFitIsRefused) {
    EXPECT_NE(refusal(request(), {}).find("--device cpu"), std::string::npos);
    GpuSlotRequest wanted = request();
    wanted.gpu_map = {0, 2};
    EXPECT_NE(refusal(wanted, gpus(2)).find("device 2, this rank has devices 0 to 1"),
              std::string::npos);
    wanted.gpu_map = {-1};
    EXPECT_NE(refusal(wanted, gpus(1)).find("device 0 alone"), std::string::npos);
    wanted.gpu_map = {0, 1};
    wanted.slots = 3;
    EXPECT_NE(refusal(wanted, gpus(2)).find("--slots asks for 3"), std::string::npos);
}

TEST(DeviceSlotsTest, TheChildOfAGpuSlotSeesItsGpuAlone) {
    const std::vector<std::string> parent = {"CUDA_VISIBLE_DEVICES=0,1,2,3",
                                             "CUBLAS_WORKSPACE_CONFIG=:16:8"};
    const auto with = [&](const std::string& visible_devices, const std::string& entry) {
        int found = 0;
        for (const std::string& variable : child_environment(parent, 1, visible_devices)) {
            found += variable == entry ? 1 : 0;
        }
        return found;
    };
    EXPECT_EQ(with("2", "CUDA_VISIBLE_DEVICES=2"), 1);
    EXPECT_EQ(with("2", "CUDA_VISIBLE_DEVICES=0,1,2,3"), 0);
    EXPECT_EQ(with("2", "CUBLAS_WORKSPACE_CONFIG=:4096:8"), 1);
    EXPECT_EQ(with("2", "CUBLAS_WORKSPACE_CONFIG=:16:8"), 0);
    EXPECT_EQ(with("", "CUDA_VISIBLE_DEVICES="), 1) << "a CPU slot's child sees none";
}

}  // namespace
}  // namespace harrow::coordinator
