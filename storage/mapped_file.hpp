#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace harrow::storage {

/// Read-only, shared view of a part of a file; pages are shared between processes. Move-only.
class MappedRange {
public:
    MappedRange() = default;
    /// `offset` must be a multiple of 4096 and the range inside the file. Throws StorageError
    /// naming `path`.
    MappedRange(int descriptor,
                std::uint64_t offset,
                std::size_t bytes,
                const std::filesystem::path& path);
    MappedRange(const MappedRange&) = delete;
    MappedRange& operator=(const MappedRange&) = delete;
    MappedRange(MappedRange&& other) noexcept;
    MappedRange& operator=(MappedRange&& other) noexcept;
    ~MappedRange();

    const void* data() const noexcept { return data_; }
    std::size_t bytes() const noexcept { return bytes_; }

private:
    void* data_ = nullptr;
    std::size_t bytes_ = 0;
};

}  // namespace harrow::storage
