#include "worker/history.hpp"

#include "storage/files.hpp"
#include "storage/results.hpp"

namespace harrow::worker {

namespace {

constexpr std::int64_t kColumns = 6;

std::string line_of(const EpochRecord& record) {
    return std::to_string(record.task) + "," + std::to_string(record.epoch) + "," +
           storage::shortest_text(record.loss) + "," + storage::shortest_text(record.lr) + "," +
           storage::shortest_text(record.grad_norm) + "," + std::to_string(record.skipped_batches) +
           "\n";
}

}  // namespace

void History::add(const EpochRecord& record) {
    records_.push_back(record);
}

void History::publish() const {
    std::string text = "task,epoch,loss,lr,grad_norm,skipped_batches\n";
    for (const EpochRecord& record : records_) {
        text += line_of(record);
    }
    storage::write_file_atomic(file_, text);
}

void History::save(const std::string& name, StateTensors& state) const {
    torch::Tensor rows =
        torch::empty({static_cast<std::int64_t>(records_.size()), kColumns}, torch::kFloat64);
    double* cell = rows.data_ptr<double>();
    for (const EpochRecord& record : records_) {
        *cell++ = record.task;
        *cell++ = record.epoch;
        *cell++ = record.loss;
        *cell++ = record.lr;
        *cell++ = record.grad_norm;
        *cell++ = static_cast<double>(record.skipped_batches);
    }
    state[name] = rows;
}

void History::restore(const std::string& name, const StateTensors& state) {
    const std::int64_t count = state_tensor(state, name, torch::kFloat64).size(0);
    const torch::Tensor rows =
        state_tensor(state, name, torch::kFloat64, {count, kColumns}).contiguous();
    records_.clear();
    for (std::int64_t i = 0; i < count; ++i) {
        const double* cell = rows.data_ptr<double>() + i * kColumns;
        records_.push_back({static_cast<int>(cell[0]),
                            static_cast<int>(cell[1]),
                            cell[2],
                            cell[3],
                            cell[4],
                            static_cast<std::int64_t>(cell[5])});
    }
}

}  // namespace harrow::worker
