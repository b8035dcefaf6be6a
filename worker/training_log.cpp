#include "worker/training_log.hpp"

#include <algorithm>

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include "sweeps/error.hpp"

namespace harrow::worker {

namespace {

spdlog::sink_ptr open_sink(const std::filesystem::path& file) {
    try {
        return std::make_shared<spdlog::sinks::basic_file_sink_st>(file.string());
    } catch (const spdlog::spdlog_ex& error) {
        throw sweeps::StorageError("the log " + file.string() + " cannot be opened (" +
                                   error.what() +
                                   "); make its directory writable, or free some space");
    }
}

}  // namespace

TrainingLog::TrainingLog(const std::filesystem::path& file) : sink_(open_sink(file)) {
    sink_->set_pattern("%Y-%m-%d %H:%M:%S.%e %l %v");
    spdlog::default_logger()->sinks().push_back(sink_);
}

TrainingLog::~TrainingLog() {
    auto& sinks = spdlog::default_logger()->sinks();
    sinks.erase(std::remove(sinks.begin(), sinks.end(), sink_), sinks.end());
}

}  // namespace harrow::worker
