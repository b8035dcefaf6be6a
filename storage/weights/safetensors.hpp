#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "storage/files.hpp"
#include "storage/weights/safetensors_header.hpp"

namespace harrow::storage {

/// A weights file in the safetensors format, read-only. Move-only. Tensors are read when asked for,
/// never through a mapping: a file that shrinks meanwhile gives an error, not SIGBUS. Any number of
/// threads may read.
class SafetensorsFile {
public:
    /// Checks the whole header. Throws sweeps::DataError that names the file: missing, a folder,
    /// truncated, malformed, or in another format (then says which and how to convert it).
    static SafetensorsFile open(const std::filesystem::path& path);

    const std::filesystem::path& path() const noexcept { return path_; }
    const std::vector<TensorEntry>& tensors() const noexcept { return header_.tensors; }
    /// Null when absent.
    const TensorEntry* find(std::string_view name) const noexcept;
    /// Row-major values. F32, F16 and BF16 become float32, exactly. Throws sweeps::DataError for
    /// any other dtype and when the bytes cannot be read any more.
    std::vector<float> read_float(const TensorEntry& entry) const;
    const std::map<std::string, std::string>& metadata() const noexcept { return header_.metadata; }

private:
    SafetensorsFile(std::filesystem::path path, FileDescriptor file, SafetensorsHeader header);

    std::filesystem::path path_;
    FileDescriptor file_;
    SafetensorsHeader header_;
};

}  // namespace harrow::storage
