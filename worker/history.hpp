#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "worker/method.hpp"
#include "worker/state_tensors.hpp"

namespace harrow::worker {

/// How training went, one line per epoch: task,epoch,loss,lr,grad_norm,skipped_batches. The file is
/// replaced as a whole, so that a reader never sees half a line.
class History {
public:
    explicit History(std::filesystem::path file) : file_(std::move(file)) {}
    void add(const EpochRecord& record);
    /// Throws sweeps::StorageError.
    void publish() const;

    /// The records so far; as float64 they are exact.
    void save(const std::string& name, StateTensors& state) const;
    /// Instead of those that are there. Throws storage::UnusableCheckpoint.
    void restore(const std::string& name, const StateTensors& state);

private:
    std::filesystem::path file_;
    std::vector<EpochRecord> records_;
};

}  // namespace harrow::worker
