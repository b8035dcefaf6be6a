#include "cli/run_slots.hpp"

#include <string>

#include <gtest/gtest.h>

#include "sweeps/error.hpp"

namespace harrow::cli {
namespace {

using coordinator::ProbeResult;

ProbeResult found(int count) {
    ProbeResult result;
    for (int index = 0; index < count; ++index) {
        result.devices.push_back({index, "GPU-" + std::to_string(index), "Test GPU", 1 << 30});
    }
    return result;
}

struct Case {
    RunOptions options;
    coordinator::LaunchEnvironment launch;
    bool driver = true;
    std::optional<std::string> visible_devices;
    ProbeResult answer;
    int probes = 0;

    RunSlots choose() {
        return choose_slots(options, launch, {driver, visible_devices, [this] {
                                                  ++probes;
                                                  return answer;
                                              }});
    }
    std::string refusal() {
        try {
            choose();
            return "accepted";
        } catch (const sweeps::UsageError& error) {
            return error.what();
        }
    }
};

TEST(RunSlotsTest, GpusAreUsedWhereTheyAreFound) {
    Case run;
    run.answer = found(2);
    const RunSlots chosen = run.choose();
    ASSERT_EQ(chosen.slots.size(), 2U);
    EXPECT_EQ(chosen.slots[1].device, "cuda:0");
    EXPECT_EQ(chosen.slots[1].visible_devices, "1");
    EXPECT_TRUE(chosen.warnings.empty());
    const std::string text = slots_text(chosen.slots);
    EXPECT_NE(text.find("/1: Test GPU, 1.0 GiB, GPU-1 (CUDA_VISIBLE_DEVICES=1)\n"),
              std::string::npos)
        << text;
}

TEST(RunSlotsTest, WithoutGpusThereIsOneQuietCpuSlot) {
    Case run;
    run.driver = false;
    run.options.threads = 3;
    const RunSlots chosen = run.choose();
    ASSERT_EQ(chosen.slots.size(), 1U);
    EXPECT_EQ(chosen.slots[0].device, "cpu");
    EXPECT_EQ(chosen.slots[0].threads, 3);
    EXPECT_EQ(chosen.slots[0].visible_devices, "");
    EXPECT_TRUE(chosen.warnings.empty());
    EXPECT_EQ(slots_text(chosen.slots), "");
    EXPECT_EQ(run.probes, 0) << "loading torch to learn nothing";
}

TEST(RunSlotsTest, HiddenGpusAndDeviceCpuAreNotProbed) {
    Case run;
    run.answer = found(2);
    for (const char* hidden : {"", "-1", "-1,0"}) {
        run.visible_devices = hidden;
        EXPECT_EQ(run.choose().slots[0].device, "cpu") << hidden;
    }
    run.visible_devices.reset();
    run.options.device = "cpu";
    run.options.slots = 4;
    EXPECT_EQ(run.choose().slots.size(), 4U);
    EXPECT_EQ(run.probes, 0);
}

TEST(RunSlotsTest, AFailedProbeWarnsAndComputesOnTheCpu) {
    Case run;
    run.answer.problem = "killed by SIGSEGV";
    const RunSlots chosen = run.choose();
    EXPECT_EQ(chosen.slots[0].device, "cpu");
    ASSERT_EQ(chosen.warnings.size(), 1U);
    EXPECT_NE(chosen.warnings[0].find("killed by SIGSEGV"), std::string::npos);
}

TEST(RunSlotsTest, DeviceCudaWithoutOneIsRefusedWithWhatToDo) {
    Case run;
    run.driver = false;
    run.options.device = "cuda";
    run.answer.note = "it was built without CUDA";
    const std::string text = run.refusal();
    EXPECT_NE(text.find("no CUDA device was found by harrow-worker (it was built without CUDA)"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("scripts/build-with-cuda.sh"), std::string::npos);
    run.options.device = "auto";
    run.options.gpu_map = "0,0";
    EXPECT_NE(run.refusal().find("no CUDA device"), std::string::npos) << "a map wants GPUs";
    run.options.device = "cpu";
    EXPECT_NE(run.refusal().find("leave one out"), std::string::npos);
}

TEST(RunSlotsTest, RanksOfANodeTakeTheirShare) {
    Case run;
    run.answer = found(4);
    run.launch.rank = 3;
    run.launch.local_rank = 1;
    run.launch.local_size = 2;
    run.visible_devices = "4,5,6,7";
    const RunSlots chosen = run.choose();
    ASSERT_EQ(chosen.slots.size(), 2U);
    EXPECT_EQ(chosen.slots[0].visible_devices, "5");
    EXPECT_EQ(chosen.slots[1].visible_devices, "7");
    EXPECT_NE(chosen.slots[0].name.find(".3/0"), std::string::npos);
}

TEST(RunSlotsTest, MapsAreListsOfNumbers) {
    EXPECT_EQ(parse_gpu_map("0,0,11"), (std::vector<int>{0, 0, 11}));
    EXPECT_TRUE(parse_gpu_map("").empty());
    for (const char* text : {"a", "0,", ",0", "0,,1", "-1", "0 1", "99999999999", "1024", "0;1"}) {
        EXPECT_THROW(parse_gpu_map(text), sweeps::UsageError) << text;
    }
}

}  // namespace
}  // namespace harrow::cli
