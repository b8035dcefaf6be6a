#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "storage/files.hpp"

namespace harrow::storage {

struct OpenedWeights {
    FileDescriptor file;
    std::uint64_t bytes = 0;
};

/// Opens a regular file for reading. Throws sweeps::DataError: empty path, missing, a folder, no
/// regular file, not readable. Never waits (a pipe does not block).
OpenedWeights open_weights(const std::filesystem::path& path);

/// Reads exactly `bytes` at `offset`. Throws sweeps::DataError naming `path` when they are not
/// there (any more).
void read_exactly(const FileDescriptor& file,
                  std::uint64_t offset,
                  void* out,
                  std::size_t bytes,
                  const std::filesystem::path& path);

/// The same, but fewer at the end of the file. Answers how many.
std::size_t read_up_to(const FileDescriptor& file,
                       std::uint64_t offset,
                       void* out,
                       std::size_t bytes,
                       const std::filesystem::path& path);

/// Throws sweeps::DataError unless the file starts as TorchScript programs do, which are zip files,
/// whatever its name. The program itself is not read here.
void require_torchscript(const std::filesystem::path& path);

/// What a file is that is no safetensors file, and how to get one: "is a PyTorch checkpoint …".
/// Empty when its first bytes tell nothing. `head`: the first bytes, 64 suffice; of a safetensors
/// file they may look like anything, as they are a length: ask starts_as_safetensors first.
std::string foreign_format(const std::filesystem::path& path, std::string_view head);

}  // namespace harrow::storage
