#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>

#include "storage/files.hpp"
#include "storage/lock_holder.hpp"
#include "sweeps/error.hpp"

namespace harrow::storage {

/// The directory is another process's now, or nobody's: nothing more may be written in it.
class LeaseLost : public sweeps::Error {
public:
    explicit LeaseLost(const std::string& what)
        : sweeps::Error(sweeps::ExitCode::Infrastructure, what) {}
};

/// How a lock proves that its holder lives where nobody can ask: the holder rewrites the file.
struct LeaseTimes {
    std::chrono::milliseconds renew{std::chrono::seconds(30)};    ///< between two rewrites
    std::chrono::milliseconds silence{std::chrono::minutes(10)};  ///< then the lease is over
};

/// Keeps a second coordinator out of a run directory while the first one lives. An
/// open-file-description lock on `file`: it ends with its process, however that dies. On file
/// systems without locks the holder written in the file decides: on this host its process (boot,
/// number, start time; one that is gone or a zombie does not count), on another host whether it
/// renewed its lease within `silence`, both times by the file system's own clock. Where a lock was
/// got although another host renewed its lease just now, locks may not reach across hosts: then one
/// more renewal is waited for. Move-only.
class DirectoryLock {
public:
    /// Throws UsageError naming the holder when the lock is taken, StorageError when the file
    /// cannot be made.
    static DirectoryLock acquire(const std::filesystem::path& file, LeaseTimes times = {});
    /// What acquire() does where the file system has no locks.
    static DirectoryLock acquire_by_description(const std::filesystem::path& file,
                                                LeaseTimes times = {});

    /// True while another open file holds the lock; false where it cannot be told.
    static bool is_held(const std::filesystem::path& file) noexcept;

    /// Empty, or one line for the log: whose lease was taken over, and why.
    const std::string& note() const noexcept { return note_; }

    /// Call it often: proves to other hosts that this holder lives, at most every `renew`. Throws
    /// LeaseLost when another process has taken the lease over, or the file was
    /// removed: then this one must write nothing more. A failed rewrite is tried again next time.
    void keep();

    DirectoryLock(DirectoryLock&&) noexcept = default;
    DirectoryLock& operator=(DirectoryLock&& other) noexcept;
    ~DirectoryLock();

private:
    DirectoryLock(std::filesystem::path file,
                  FileDescriptor descriptor,
                  LeaseTimes times,
                  std::string note);
    bool is_ours() const;

    std::filesystem::path file_;
    FileDescriptor descriptor_;
    LockHolder self_;
    LeaseTimes times_;
    std::string note_;
    std::chrono::steady_clock::time_point renewed_;
};

}  // namespace harrow::storage
