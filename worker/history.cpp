#include "worker/history.hpp"

#include "storage/files.hpp"
#include "storage/results.hpp"

namespace harrow::worker {

void History::add(const EpochRecord& record) {
    text_ += std::to_string(record.task) + "," + std::to_string(record.epoch) + "," +
             storage::shortest_text(record.loss) + "," + storage::shortest_text(record.lr) + "," +
             storage::shortest_text(record.grad_norm) + "," +
             std::to_string(record.skipped_batches) + "\n";
}

void History::publish() const {
    storage::write_file_atomic(file_, text_);
}

}  // namespace harrow::worker
