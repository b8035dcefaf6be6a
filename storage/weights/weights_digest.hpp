#pragma once

#include <filesystem>
#include <string>

namespace harrow::storage {

/// SHA-256 of the file as 64 lower-case hexadecimal digits, read in pieces. Throws
/// sweeps::DataError as open_weights does: empty path, missing, a folder, not readable.
std::string weights_digest(const std::filesystem::path& path);

}  // namespace harrow::storage
