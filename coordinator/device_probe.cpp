#include "coordinator/device_probe.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "coordinator/child_process.hpp"
#include "coordinator/program_output.hpp"
#include "sweeps/error.hpp"

namespace harrow::coordinator {
namespace {

using Json = nlohmann::json;
constexpr std::size_t kMaxDevices = 256;
constexpr std::size_t kMaxText = 200;

// Names and notes go to a terminal and into an environment: one short line of printable letters.
std::string clean(std::string text) {
    text.resize(std::min(text.size(), kMaxText));
    std::replace_if(
        text.begin(),
        text.end(),
        [](unsigned char letter) { return std::iscntrl(letter) != 0; },
        '?');
    return text;
}

ProbeResult problem(const std::string& what) {
    ProbeResult result;
    result.problem = what;
    return result;
}

std::string_view last_object(std::string_view output) {
    std::string_view found;
    while (!output.empty()) {
        const std::size_t end = std::min(output.find('\n'), output.size());
        if (output.front() == '{') {
            found = output.substr(0, end);
        }
        output.remove_prefix(std::min(end + 1, output.size()));
    }
    return found;
}

// Throws Json::exception on a member that is missing or of another type.
std::optional<Device> device_from(const Json& json, std::size_t position) {
    Device device;
    const Json& index = json.at("index");
    const Json& memory = json.at("memory_bytes");
    if (!index.is_number_unsigned() || index.get<std::uint64_t>() != position ||
        !memory.is_number_unsigned()) {
        return std::nullopt;
    }
    device.index = static_cast<int>(position);
    device.uuid = clean(json.at("uuid").get<std::string>());
    device.name = clean(json.at("name").get<std::string>());
    device.memory_bytes = memory.get<std::int64_t>();
    return device.memory_bytes >= 0 ? std::optional(device) : std::nullopt;
}

// As a CPU slot's child, but with the devices that this process sees.
std::vector<std::string> probe_environment() {
    const std::vector<std::string> parent = process_environment();
    std::vector<std::string> environment = child_environment(parent, 1, "");
    const std::string name = "CUDA_VISIBLE_DEVICES=";
    const auto names_devices = [&](const std::string& entry) { return entry.rfind(name, 0) == 0; };
    environment.erase(std::remove_if(environment.begin(), environment.end(), names_devices),
                      environment.end());
    std::copy_if(parent.begin(), parent.end(), std::back_inserter(environment), names_devices);
    return environment;
}

std::string last_line(const std::string& output) {
    const std::size_t end = output.find_last_not_of("\r\n");
    if (end == std::string::npos) {
        return "";
    }
    const std::size_t begin = output.find_last_of('\n', end);
    const std::size_t first = begin == std::string::npos ? 0 : begin + 1;
    return "; it said: " + clean(output.substr(first, end - first + 1));
}

}  // namespace

ProbeResult parse_probe(std::string_view output) {
    const std::string_view text = last_object(output);
    if (text.empty()) {
        return problem("it printed no JSON object");
    }
    try {
        const Json json = Json::parse(text);
        if (json.at("version") != 1) {
            return problem("it printed a version that is not 1");
        }
        const Json& list = json.at("devices");
        if (!list.is_array() || list.size() > kMaxDevices) {
            return problem("'devices' is not a list of at most " + std::to_string(kMaxDevices));
        }
        ProbeResult result;
        for (const Json& entry : list) {
            const std::optional<Device> device = device_from(entry, result.devices.size());
            if (!device) {
                return problem("device " + std::to_string(result.devices.size()) +
                               " has a wrong index or size of memory");
            }
            result.devices.push_back(*device);
        }
        result.note = clean(json.value("note", ""));
        return result;
    } catch (const Json::exception& error) {
        return problem(clean(error.what()));
    }
}

ProbeResult probe_devices(const std::string& worker_program, std::chrono::milliseconds limit) {
    try {
        const ProgramOutput collected =
            run_for_output({worker_program, {"--probe"}, probe_environment()}, limit);
        if (!collected.end) {
            return problem("it did not end within " + std::to_string(limit.count()) + " ms" +
                           last_line(collected.output));
        }
        if (collected.end->signal != 0 || collected.end->exit_code != 0) {
            return problem(to_string(*collected.end) + last_line(collected.output));
        }
        return parse_probe(collected.output);
    } catch (const sweeps::StorageError& error) {
        return problem(error.what());
    }
}

bool nvidia_driver_present() {
    return ::access("/dev/nvidiactl", F_OK) == 0 || ::access("/dev/dxg", F_OK) == 0;
}

}  // namespace harrow::coordinator
