#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace harrow::storage {

/// Who holds a lock file, as written in it.
struct LockHolder {
    std::string host, boot_id;
    std::int64_t pid = 0;
    std::string start_ticks;  ///< start of the process in clock ticks since boot
    std::string since;        ///< UTC, ISO 8601

    bool is_same_process(const LockHolder& other) const {
        return host == other.host && boot_id == other.boot_id && pid == other.pid &&
               start_ticks == other.start_ticks;
    }
};

/// This process, since now.
LockHolder this_process();

/// One line of JSON with a member `renewed`, the time of the call; its length is always the same.
std::string description_of(const LockHolder& holder);

/// Empty when the text names no holder: an empty, torn or foreign file.
std::optional<LockHolder> holder_from(const std::string& text);

/// For a holder on this host: whether its process lives. A zombie does not.
bool is_alive_here(const LockHolder& holder);

/// UTC, ISO 8601, seconds: "2026-01-01T00:00:00Z".
std::string utc_now();

/// "process 7 on host node1 since 2026-01-01T00:00:00Z"
std::string text_of(const LockHolder& holder);

}  // namespace harrow::storage
