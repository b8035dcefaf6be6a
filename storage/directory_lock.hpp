#pragma once

#include <filesystem>
#include <utility>

#include "storage/files.hpp"

namespace harrow::storage {

/// Keeps a second coordinator out of a run directory while the first one lives. An
/// open-file-description lock on `file`: it ends with its process, however that dies. On file
/// systems without locks the holder written in the file decides (host, boot, process, start time;
/// a process that is gone or a zombie does not count). Move-only.
class DirectoryLock {
public:
    /// Throws UsageError naming the holder when the lock is taken, StorageError when the file
    /// cannot be made.
    static DirectoryLock acquire(const std::filesystem::path& file);
    /// What acquire() does where the file system has no locks.
    static DirectoryLock acquire_by_description(const std::filesystem::path& file);

    /// True while another open file holds the lock; false where it cannot be told.
    static bool is_held(const std::filesystem::path& file) noexcept;

    DirectoryLock(DirectoryLock&&) noexcept = default;
    DirectoryLock& operator=(DirectoryLock&& other) noexcept;
    ~DirectoryLock();

private:
    explicit DirectoryLock(FileDescriptor descriptor) : descriptor_(std::move(descriptor)) {}
    FileDescriptor descriptor_;
};

}  // namespace harrow::storage
