#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace harrow::storage {

/// The checkpoints of one training: `<number>.safetensors`, after a task
/// `<number>-after-task-<t>.safetensors`, numbers growing. One writer at a time. What other files
/// lie there is left alone.
class CheckpointDirectory {
public:
    /// Touches nothing.
    explicit CheckpointDirectory(std::filesystem::path directory);

    const std::filesystem::path& path() const noexcept { return directory_; }
    /// Empty where there is no such directory. Throws StorageError when it cannot be listed.
    std::vector<std::filesystem::path> newest_first() const;
    /// Name for a checkpoint newer than all that are there; creates the directory. Throws
    /// StorageError.
    std::filesystem::path next(std::optional<int> after_task) const;
    /// Whether the name says that it was published after a task.
    static bool is_after_task(const std::filesystem::path& file);
    /// Removes every checkpoint but these; with `after_tasks` those made after a task stay too.
    /// What cannot be removed stays; never throws.
    void keep_only(const std::vector<std::filesystem::path>& files,
                   bool after_tasks) const noexcept;
    /// Removes what writers that were killed left half done. Never throws.
    void remove_temporaries() const noexcept;
    /// Removes checkpoints, temporary files and the directory itself, if nothing else is in it.
    /// Never throws.
    void remove_all() const noexcept;

private:
    std::filesystem::path directory_;
};

}  // namespace harrow::storage
