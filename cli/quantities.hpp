#pragma once

#include <cstdint>
#include <string>

namespace harrow::cli {

/// Bytes of "50G", "500M", "1.5T", "64K" or a plain number; powers of 1024, "GB" and "GiB" alike.
/// Throws sweeps::UsageError for anything else.
std::uint64_t parse_size(const std::string& text);

/// Seconds of "30d", "12h", "90m" or "45s". Throws sweeps::UsageError for anything else.
std::int64_t parse_duration(const std::string& text);

/// "1.5 GiB", "320 KiB", "17 B".
std::string size_text(std::uint64_t bytes);

}  // namespace harrow::cli
