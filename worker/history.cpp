#include "worker/history.hpp"

#include <charconv>

#include "storage/files.hpp"

namespace harrow::worker {

namespace {

std::string shortest(double value) {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof(text), value).ptr;
    return {text, end};
}

}  // namespace

void History::add(const EpochRecord& record) {
    text_ += std::to_string(record.task) + "," + std::to_string(record.epoch) + "," +
             shortest(record.loss) + "," + shortest(record.lr) + "," + shortest(record.grad_norm) +
             "," + std::to_string(record.skipped_batches) + "\n";
}

void History::publish() const {
    storage::write_file_atomic(file_, text_);
}

}  // namespace harrow::worker
