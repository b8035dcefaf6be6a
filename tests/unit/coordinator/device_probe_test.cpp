#include "coordinator/device_probe.hpp"

#include <cstdlib>
#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace harrow::coordinator {
namespace {

using namespace std::chrono_literals;

const std::string kTwo =
    R"({"version":1,"devices":[{"index":0,"uuid":"GPU-a","name":"A","memory_bytes":1073741824},)"
    R"({"index":1,"uuid":"","name":"B","memory_bytes":5}]})";

class Variable {
public:
    Variable(const char* name, const std::optional<std::string>& value) : name_(name) {
        if (const char* old = std::getenv(name)) {
            old_ = old;
        }
        set(value);
    }
    ~Variable() { set(old_); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

private:
    void set(const std::optional<std::string>& value) {
        value ? ::setenv(name_, value->c_str(), 1) : ::unsetenv(name_);
    }
    const char* name_;
    std::optional<std::string> old_;
};

ProbeResult probe(const std::string& order, std::chrono::milliseconds limit = 30s) {
    const Variable told("FAKE_PROBE", order);
    return probe_devices(HARROW_FAKE_WORKER, limit);
}

TEST(DeviceProbeTest, DevicesAreReadFromTheLastObject) {
    const ProbeResult result = probe("a library warns\n" + kTwo + "\nmore words");
    EXPECT_EQ(result.problem, "");
    ASSERT_EQ(result.devices.size(), 2U);
    EXPECT_EQ(result.devices[0].uuid, "GPU-a");
    EXPECT_EQ(result.devices[0].memory_bytes, 1073741824);
    EXPECT_EQ(result.devices[1].index, 1);
    EXPECT_EQ(result.devices[1].name, "B");
}

TEST(DeviceProbeTest, NoDeviceIsAnAnswerWithItsReason) {
    const ProbeResult result = parse_probe(R"({"version":1,"devices":[],"note":"no CUDA"})");
    EXPECT_EQ(result.problem, "");
    EXPECT_EQ(result.note, "no CUDA");
}

TEST(DeviceProbeTest, HostileOutputIsAProblemAndNoDevice) {
    const std::string device = R"({"index":0,"uuid":"u","name":"n","memory_bytes":1})";
    const std::string huge(100'000, '[');
    for (const std::string& text : {std::string(),
                                    std::string("no object"),
                                    std::string("{"),
                                    std::string("{}"),
                                    std::string("{\"version\":1}"),
                                    R"({"version":2,"devices":[]})" + std::string(),
                                    R"({"version":"1","devices":[]})" + std::string(),
                                    R"({"version":1,"devices":{}})" + std::string(),
                                    R"({"version":1,"devices":[7]})" + std::string(),
                                    R"({"version":1,"devices":[],"note":7})" + std::string(),
                                    R"({"version":1,"devices":[{"index":0}]})" + std::string(),
                                    "{\"version\":1,\"devices\":[" + device + "," + device + "]}",
                                    R"({"version":1,"devices":[{"index":-1,"uuid":"u","name":"n",)"
                                    R"("memory_bytes":1}]})" +
                                        std::string(),
                                    R"({"version":1,"devices":[{"index":0,"uuid":3,"name":"n",)"
                                    R"("memory_bytes":1}]})" +
                                        std::string(),
                                    R"({"version":1,"devices":[{"index":0,"uuid":"u","name":"n",)"
                                    R"("memory_bytes":18446744073709551615}]})" +
                                        std::string(),
                                    "{\"version\":1,\"devices\":" + huge,
                                    std::string("{\0\xff\xfe", 4)}) {
        const ProbeResult result = parse_probe(text);
        EXPECT_NE(result.problem, "") << text.substr(0, 80);
        EXPECT_TRUE(result.devices.empty()) << text.substr(0, 80);
        EXPECT_LT(result.problem.size(), 400U);
    }
}

TEST(DeviceProbeTest, NamesCannotSteerATerminal) {
    const ProbeResult result = parse_probe(
        R"({"version":1,"devices":[{"index":0,"uuid":"u","name":"A\u001b[2J\nB","memory_bytes":1}]})");
    ASSERT_EQ(result.devices.size(), 1U);
    EXPECT_EQ(result.devices[0].name, "A?[2J?B");
}

TEST(DeviceProbeTest, ACrashAnExitCodeAndAHangAreToldApart) {
    EXPECT_NE(probe("crash 11").problem.find("SIGSEGV"), std::string::npos);
    const std::string exit = probe("exit 127").problem;
    EXPECT_NE(exit.find("exit code 127"), std::string::npos);
    EXPECT_NE(exit.find("libcudart.so"), std::string::npos) << "its last words say why";
    EXPECT_NE(probe("hang", 300ms).problem.find("300 ms"), std::string::npos);
    EXPECT_NE(probe_devices("/no/such/program").problem.find("/no/such/program"),
              std::string::npos);
}

TEST(DeviceProbeTest, MuchOutputNeitherBlocksNorFillsMemory) {
    EXPECT_NE(probe("flood").problem.find("no JSON object"), std::string::npos);
}

TEST(DeviceProbeTest, TheProbeSeesWhatThisProcessSees) {
    {
        const Variable visible("CUDA_VISIBLE_DEVICES", "2,GPU-7");
        EXPECT_EQ(probe("env").note, "2,GPU-7");
    }
    const Variable visible("CUDA_VISIBLE_DEVICES", std::nullopt);
    EXPECT_EQ(probe("env").note, "unset");
}

}  // namespace
}  // namespace harrow::coordinator
