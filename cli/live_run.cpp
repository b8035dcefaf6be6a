#include "cli/live_run.hpp"

#include <ctime>
#include <utility>

#include "cli/terminal_text.hpp"
#include "storage/directory_lock.hpp"
#include "storage/files.hpp"
#include "sweeps/error.hpp"

namespace harrow::cli {
namespace {

/// First line of DIR/status; empty where none was written yet.
std::string verdict_in(const storage::RunDirectory& directory) {
    try {
        const std::string text = storage::read_file(directory.status_file());
        return printable(text.substr(0, text.find('\n')));
    } catch (const sweeps::StorageError&) {
        return "";
    }
}

}  // namespace

LiveRun::LiveRun(const std::string& dir, Records records)
    : directory_(dir), follower_(directory_.journal_file()), keep_(records) {
    directory_.require_run();
    update();
}

void LiveRun::update() {
    storage::JournalFollower::News news = follower_.read();
    if (news.anew) {
        replay_ = std::make_unique<storage::Replay>();
        records_.clear();
    }
    for (storage::JournalRecord& record : news.records) {
        replay_->apply(record);
        if (keep_ == Records::Keep) {
            records_.push_back(std::move(record));
        }
    }
}

StatusFacts LiveRun::facts() const {
    StatusFacts facts;
    facts.dir = directory_.path().string();
    facts.now = std::time(nullptr);
    facts.verdict = verdict_in(directory_);
    facts.coordinator.alive = storage::DirectoryLock::is_held(directory_.lock_file());
    if (!state().sessions.empty()) {
        const storage::SessionStartRecord& start = state().sessions.back().start;
        facts.coordinator.host = start.host;
        facts.coordinator.since = start.time;
        facts.coordinator.pid = start.pid;
    }
    return facts;
}

}  // namespace harrow::cli
