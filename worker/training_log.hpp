#pragma once

#include <filesystem>
#include <memory>

namespace spdlog::sinks {
class sink;
}

namespace harrow::worker {

/// Copies what is logged to a file, at its end, while it lives.
class TrainingLog {
public:
    /// Throws sweeps::StorageError when the file cannot be opened.
    explicit TrainingLog(const std::filesystem::path& file);
    ~TrainingLog();
    TrainingLog(const TrainingLog&) = delete;
    TrainingLog& operator=(const TrainingLog&) = delete;

private:
    std::shared_ptr<spdlog::sinks::sink> sink_;
};

}  // namespace harrow::worker
