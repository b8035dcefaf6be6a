#include "cli/live_run.hpp"

#include <chrono>
#include <ctime>
#include <optional>
#include <utility>

#include "cli/terminal_text.hpp"
#include "storage/directory_lock.hpp"
#include "storage/files.hpp"
#include "storage/lock_holder.hpp"
#include "sweeps/error.hpp"

namespace harrow::cli {
namespace {

constexpr auto kFreshLease = std::chrono::minutes(2);

/// First line of DIR/status; empty where none was written yet.
std::string verdict_in(const storage::RunDirectory& directory) {
    try {
        const std::string text = storage::read_file(directory.status_file());
        return printable(text.substr(0, text.find('\n')));
    } catch (const sweeps::StorageError&) {
        return "";
    }
}

bool renewed_just_now(const std::filesystem::path& lock) {
    std::error_code error;
    const auto written = std::filesystem::last_write_time(lock, error);
    return !error && std::filesystem::file_time_type::clock::now() - written < kFreshLease;
}

}  // namespace

Coordinator coordinator_of(const storage::RunDirectory& directory) {
    Coordinator who;
    std::optional<storage::LockHolder> holder;
    try {
        holder = storage::holder_from(storage::read_file(directory.lock_file()));
    } catch (const sweeps::StorageError&) {
        return who;  // nobody ever worked here, or nobody may look
    }
    if (holder) {
        who.host = holder->host;
        who.since = holder->since;
        who.pid = holder->pid;
    }
    const bool is_told =
        holder && (holder->host == storage::host_name() ? storage::is_alive_here(*holder)
                                                        : renewed_just_now(directory.lock_file()));
    who.alive = storage::DirectoryLock::is_held(directory.lock_file()) || is_told;
    return who;
}

LiveRun::LiveRun(const std::string& dir, Records records)
    : directory_(dir), follower_(directory_.journal_file()), keep_(records) {
    directory_.require_run();
    update();
}

void LiveRun::update() {
    const auto forget = [this] {
        replay_ = std::make_unique<storage::RunReplay>();
        records_.clear();
    };
    follower_.read(forget, [this](const storage::JournalRecord& record) {
        replay_->add(record);
        if (keep_ == Records::Keep) {
            records_.push_back(record);
        }
    });
}

StatusFacts LiveRun::facts() const {
    StatusFacts facts;
    facts.dir = directory_.path().string();
    facts.now = std::time(nullptr);
    facts.verdict = verdict_in(directory_);
    facts.coordinator = coordinator_of(directory_);
    return facts;
}

}  // namespace harrow::cli
