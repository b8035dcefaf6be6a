#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "worker/method.hpp"

namespace harrow::worker {

/// How training went, one line per epoch: task,epoch,loss,lr,grad_norm,skipped_batches. The file is
/// replaced as a whole, so that a reader never sees half a line.
class History {
public:
    explicit History(std::filesystem::path file) : file_(std::move(file)) {}
    void add(const EpochRecord& record);
    /// Throws sweeps::StorageError.
    void publish() const;

private:
    std::filesystem::path file_;
    std::string text_ = "task,epoch,loss,lr,grad_norm,skipped_batches\n";
};

}  // namespace harrow::worker
