#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "storage/files.hpp"

namespace harrow::storage {

struct TensorEntry {
    std::string name;
    std::string dtype;                ///< as the file spells it: "F32", "BF16", "I64", …
    std::vector<std::int64_t> shape;  ///< empty: a scalar
    std::uint64_t offset = 0;         ///< of its bytes from the start of the file
    std::uint64_t bytes = 0;
};

/// A weights file in the safetensors format, read-only. Move-only. Any number of threads may read.
class SafetensorsFile {
public:
    /// Throws sweeps::DataError that names the file: missing, truncated, malformed.
    static SafetensorsFile open(const std::filesystem::path& path);

    const std::filesystem::path& path() const noexcept { return path_; }
    /// Sorted by name.
    const std::vector<TensorEntry>& tensors() const noexcept { return tensors_; }
    /// Null when absent.
    const TensorEntry* find(std::string_view name) const noexcept;
    /// Row-major values. F32, F16 and BF16 become float32, exactly. Throws sweeps::DataError for
    /// any other dtype and when the bytes cannot be read any more.
    std::vector<float> read_float(const TensorEntry& entry) const;
    const std::map<std::string, std::string>& metadata() const noexcept { return metadata_; }

private:
    std::filesystem::path path_;
    FileDescriptor file_;
    std::vector<TensorEntry> tensors_;
    std::map<std::string, std::string> metadata_;
};

}  // namespace harrow::storage
