#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace harrow::storage {

/// A seal is one line of text behind the last byte of an HDF5 file (HDF5 ignores it). It holds the
/// file's length and a checksum of everything outside one payload range, so that no altered byte
/// reaches the HDF5 library, which can crash on damaged metadata. The payload (large) has block
/// checksums of its own; it may be empty.
struct PayloadRange {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
};

constexpr std::size_t kSealBytes = 83;

/// The seal of `content`, kSealBytes long. `payload` lies inside `content`.
std::string make_seal(std::string_view content, const PayloadRange& payload);

/// Checks a sealed file: content followed by its seal. Throws StorageError saying what is wrong,
/// without naming the file.
PayloadRange check_seal(std::string_view sealed);

}  // namespace harrow::storage
