#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "sweeps/error.hpp"

namespace harrow::storage {

/// 16 lower-case hexadecimal digits, most significant first: how all files write checksums.
std::string hex16(std::uint64_t value);

/// A seal is one line of text behind the last byte of an HDF5 file (HDF5 ignores it). It holds the
/// file's length and a checksum of everything outside one payload range, so that no altered byte
/// reaches the HDF5 library, which can crash on damaged metadata. The payload (large) has block
/// checksums of its own; it may be empty.
struct PayloadRange {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
};

constexpr std::size_t kSealBytes = 83;

/// The content of a file is not what was written. Only this proves damage: a file that could not be
/// opened or read (too many open files, an I/O error, no permission) is another StorageError.
class DamagedFile : public sweeps::StorageError {
public:
    using StorageError::StorageError;
};

/// A later Harrow wrote the file, in a format this one does not know. Nothing is wrong with it.
class NewerFormat : public sweeps::StorageError {
public:
    using StorageError::StorageError;
};

/// The seal of `content`, kSealBytes long. `payload` lies inside `content`.
std::string make_seal(std::string_view content, const PayloadRange& payload);
/// The seal of the first `content_bytes` of an open file; reads what lies outside the payload.
/// Throws StorageError naming `path`.
std::string make_seal(int descriptor,
                      std::uint64_t content_bytes,
                      const PayloadRange& payload,
                      const std::filesystem::path& path);

/// Checks a sealed file: content followed by its seal. Throws DamagedFile or NewerFormat saying
/// what is wrong, without naming the file.
PayloadRange check_seal(std::string_view sealed);
/// The same of an open file of `bytes` bytes. Nothing of the payload is read. A plain StorageError
/// names `path` when reading fails.
PayloadRange check_seal(int descriptor, std::uint64_t bytes, const std::filesystem::path& path);

}  // namespace harrow::storage
