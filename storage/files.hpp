#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "sweeps/error.hpp"
#include "sweeps/unique_handle.hpp"

namespace harrow::storage {

struct FileDescriptorTraits {
    using Type = int;
    static Type null() noexcept { return -1; }
    static void close(Type descriptor) noexcept;
};
using FileDescriptor = sweeps::UniqueHandle<FileDescriptorTraits>;

/// "cannot <action> <path>: <errno text>; <what to do>". `error_number` is a value of errno.
std::string io_error_text(std::string_view action,
                          const std::filesystem::path& path,
                          int error_number);

/// A write found no room: the disk or the user's quota is full. It may succeed later.
class NoSpaceError : public sweeps::StorageError {
public:
    using StorageError::StorageError;
};

/// Throws NoSpaceError or StorageError with the text of io_error_text.
[[noreturn]] void throw_io_error(std::string_view action,
                                 const std::filesystem::path& path,
                                 int error_number);

/// Whether an error's text, maybe another process's, is that of a NoSpaceError.
bool tells_of_no_space(std::string_view message);

/// Whether `bytes` more can be written in `directory` now: writes and removes them.
bool has_room_for(const std::filesystem::path& directory, std::uint64_t bytes) noexcept;

/// Replaces the file's content in one step: a reader sees the old bytes or the new ones, also after
/// a power cut. Writes beside the file, syncs, renames, syncs the directory. The directory must
/// exist. Throws StorageError (path, reason, what to do) and leaves nothing behind.
void write_file_atomic(const std::filesystem::path& path, std::string_view bytes);

/// The whole file. Throws StorageError when it cannot be read.
std::string read_file(const std::filesystem::path& path);

/// What stands at a path whose file is wanted.
struct FileLook {
    enum class Presence {
        Regular,
        Absent,  ///< surely: every folder on the way can be searched or is absent itself
        Other    ///< cannot be told or used: no permission, a loop of links, a dangling link, a
                 ///< folder
    };
    Presence presence = Presence::Absent;
    /// What to say of the path when it is not Regular: "does not exist", "is a folder", "cannot be
    /// looked at (Permission denied)".
    std::string why;
};
/// Never throws, never opens the file.
FileLook look_at_file(const std::filesystem::path& path);

/// Creates a directory and its parents. Throws StorageError when that is refused.
void create_directories(const std::filesystem::path& path);

/// Writes all bytes at the descriptor's position, or throws StorageError naming `path`.
void write_all(int descriptor, std::string_view bytes, const std::filesystem::path& path);

/// Reads `bytes` bytes at `offset`, or throws StorageError naming `path`; so does a file that ends
/// before.
void read_at(int descriptor,
             std::uint64_t offset,
             void* data,
             std::size_t bytes,
             const std::filesystem::path& path);
/// Writes `bytes` bytes at `offset`, or throws StorageError naming `path`.
void write_at(int descriptor,
              std::uint64_t offset,
              const void* data,
              std::size_t bytes,
              const std::filesystem::path& path);

/// The name of this machine as the kernel gives it.
std::string host_name();

/// A file under construction beside its final place. Until publish() it is invisible under its
/// final name; the destructor removes what was not published. The name holds host, process and a
/// counter, so that any number of writers share a directory.
class PendingFile {
public:
    /// Creates the empty temporary file. Throws StorageError.
    explicit PendingFile(const std::filesystem::path& target);
    PendingFile(PendingFile&& other) noexcept;
    PendingFile& operator=(PendingFile&& other) noexcept;
    ~PendingFile();

    const std::filesystem::path& temporary() const noexcept { return temporary_; }
    const std::filesystem::path& target() const noexcept { return target_; }
    /// Open for reading and writing until closed or published.
    int descriptor() const noexcept { return descriptor_.get(); }
    /// fsync, and gives the descriptor back: many files can be ready before one is published.
    /// Throws StorageError.
    void close();
    /// close(), rename over the target, fsync of the directory. Throws StorageError.
    void publish();
    /// Removes the temporary file now; nothing is published.
    void discard() noexcept;

private:
    std::filesystem::path target_;
    std::filesystem::path temporary_;  ///< empty once published or discarded
    FileDescriptor descriptor_;
};

/// What a temporary file's writer can be: one of this host can be asked for, others cannot.
enum class Writers { OfThisHost, OfAnyHost };

/// Temporary files in `directory` that have not been written to for a day and whose process, where
/// it ran on this host, is gone. Files of other hosts only with OfAnyHost. What cannot be listed is
/// left out; never throws.
std::vector<std::filesystem::path> stale_temporaries(const std::filesystem::path& directory,
                                                     Writers writers) noexcept;

/// Removes what processes of this host left in `directory`. What cannot be removed stays; never
/// throws.
void remove_stale_temporaries(const std::filesystem::path& directory) noexcept;

}  // namespace harrow::storage
