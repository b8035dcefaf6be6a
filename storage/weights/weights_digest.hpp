#pragma once

#include <filesystem>
#include <string>

namespace harrow::storage {

/// Digest of the file's bytes. Throws sweeps::DataError when it cannot be read.
std::string weights_digest(const std::filesystem::path& path);

}  // namespace harrow::storage
