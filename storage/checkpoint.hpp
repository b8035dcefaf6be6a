#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "storage/files.hpp"
#include "storage/weights/safetensors_header.hpp"
#include "sweeps/error.hpp"

/// A checkpoint is a safetensors file whose first metadata member is a checksum of all its bytes.
namespace harrow::storage {

/// The file is damaged, of another version, another training's, or does not fit what is restored.
class UnusableCheckpoint : public sweeps::StorageError {
public:
    using StorageError::StorageError;
};

/// One array to be written: row-major bytes that outlive the call.
struct CheckpointArray {
    std::string name;
    std::string dtype;  ///< "F32", "F64", "I32" or "I64"
    std::vector<std::int64_t> shape;
    const void* data = nullptr;
    std::uint64_t bytes = 0;
};

using CheckpointMetadata = std::map<std::string, std::string>;

/// Publishes a checkpoint in one step; the directory must exist. `metadata` may not use the names
/// "sum" and "format". Returns the file's size. Throws StorageError and leaves nothing behind.
std::uint64_t write_checkpoint(const std::filesystem::path& path,
                               const CheckpointMetadata& metadata,
                               const std::vector<CheckpointArray>& arrays);

/// A checkpoint whose every byte was checked. Move-only.
class CheckpointFile {
public:
    /// Reads the whole file once. Throws UnusableCheckpoint, without naming the file, when a byte
    /// is not as it was written or a newer Harrow wrote it; plain StorageError when it cannot be
    /// read.
    static CheckpointFile open(const std::filesystem::path& path);

    const CheckpointMetadata& metadata() const noexcept { return header_.metadata; }
    const std::vector<TensorEntry>& arrays() const noexcept { return header_.tensors; }
    /// Copies the array's bytes, entry.bytes of them. Throws StorageError.
    void read(const TensorEntry& entry, void* data) const;

private:
    CheckpointFile(std::filesystem::path path, FileDescriptor file, SafetensorsHeader header);

    std::filesystem::path path_;
    FileDescriptor file_;
    SafetensorsHeader header_;
};

}  // namespace harrow::storage
