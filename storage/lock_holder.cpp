#include "storage/lock_holder.hpp"

#include <ctime>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "storage/files.hpp"
#include "sweeps/error.hpp"

namespace harrow::storage {

namespace {

using nlohmann::json;

/// Text of a small file of /proc, or nothing.
std::string proc_text(const std::string& path) {
    try {
        return read_file(path);
    } catch (const sweeps::StorageError&) {
        return "";
    }
}

std::string boot_id() {
    const std::string id = proc_text("/proc/sys/kernel/random/boot_id");
    return id.substr(0, id.find('\n'));
}

/// Start of a process in clock ticks since boot, as text; empty when it is gone or a zombie.
/// The command name (field 2) is in parentheses and may hold anything: count from the last ')'.
std::string start_time(std::int64_t pid) {
    const std::string stat = proc_text("/proc/" + std::to_string(pid) + "/stat");
    std::size_t at = stat.rfind(')');
    if (at == std::string::npos || at + 2 >= stat.size() || stat[at + 2] == 'Z' ||
        stat[at + 2] == 'X') {
        return "";
    }
    constexpr int kFieldsToStartTime = 20;  // state is field 3, starttime field 22
    for (int field = 0; field < kFieldsToStartTime && at != std::string::npos; ++field) {
        at = stat.find(' ', at + 1);
    }
    return at == std::string::npos ? "" : stat.substr(at + 1, stat.find(' ', at + 1) - at - 1);
}

std::string member(const json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

std::string utc_now() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    std::string text(32, '\0');
    text.resize(std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts));
    return text;
}

LockHolder this_process() {
    return {host_name(), boot_id(), ::getpid(), start_time(::getpid()), utc_now()};
}

std::string description_of(const LockHolder& holder) {
    const json object = {{"host", holder.host},
                         {"boot_id", holder.boot_id},
                         {"pid", holder.pid},
                         {"start_ticks", holder.start_ticks},
                         {"since", holder.since},
                         {"renewed", utc_now()}};
    return object.dump() + "\n";
}

std::optional<LockHolder> holder_from(const std::string& text) {
    const json object = json::parse(text, nullptr, false);
    if (!object.is_object()) {
        return std::nullopt;
    }
    LockHolder holder{member(object, "host"),
                      member(object, "boot_id"),
                      0,
                      member(object, "start_ticks"),
                      member(object, "since")};
    const auto pid = object.find("pid");
    if (pid != object.end() && pid->is_number_integer()) {
        holder.pid = pid->get<std::int64_t>();
    }
    return holder.host.empty() ? std::nullopt : std::optional<LockHolder>(std::move(holder));
}

bool is_alive_here(const LockHolder& holder) {
    const std::string started = holder.pid > 0 ? start_time(holder.pid) : "";
    return !started.empty() && holder.boot_id == boot_id() && holder.start_ticks == started;
}

std::string text_of(const LockHolder& holder) {
    return "process " + std::to_string(holder.pid) + " on host " + holder.host +
           (holder.since.empty() ? "" : " since " + holder.since);
}

}  // namespace harrow::storage
