#pragma once

#include <filesystem>
#include <string>

namespace harrow::storage {

/// Why `directory` cannot be made: it exists and holds something, or is no directory. Empty when it
/// can.
std::string occupied_directory_problem(const std::filesystem::path& directory);

/// A directory that is filled beside its final place and appears there at once, or not at all:
/// removed unless published. Its target does not exist or is empty.
class PendingDirectory {
public:
    /// Creates the temporary directory. Throws sweeps::StorageError.
    explicit PendingDirectory(const std::filesystem::path& target);
    PendingDirectory(const PendingDirectory&) = delete;
    PendingDirectory& operator=(const PendingDirectory&) = delete;
    ~PendingDirectory();

    /// To write to, until published.
    const std::filesystem::path& path() const { return temporary_; }
    /// Throws sweeps::StorageError.
    void publish();

private:
    std::filesystem::path target_;
    std::filesystem::path temporary_;
};

}  // namespace harrow::storage
