#include "coordinator/disk_pause.hpp"

namespace harrow::coordinator {

bool DiskPause::settle(Clock::time_point now) {
    if (!pending_ || (journal_full_since_ && now < next_commit_)) {
        return !pending_;
    }
    if (settle_at_last()) {
        return true;
    }
    journal_full_since_ = journal_full_since_.value_or(now);
    next_commit_ = now + limits_.disk_retry;
    return false;
}

bool DiskPause::settle_at_last() {
    if (pending_ && observer_.commit()) {
        pending_ = false;
        journal_full_since_.reset();
    }
    return !pending_;
}

bool DiskPause::worker_ran_out(const std::string& message, Clock::time_point now) {
    if (workers_paused_) {
        return false;
    }
    if (room_since_ && now - *room_since_ >= limits_.disk_wait) {
        workers_full_since_.reset();  // that was another time
    }
    workers_paused_ = true;
    workers_full_since_ = workers_full_since_.value_or(now);
    next_look_ = now + limits_.disk_retry;
    observer_.out_of_room(message);
    return true;
}

bool DiskPause::room_returned(Clock::time_point now) {
    if (!workers_paused_ || now < next_look_) {
        return false;
    }
    next_look_ = now + limits_.disk_retry;
    workers_paused_ = !observer_.has_room();
    room_since_ = now;
    return !workers_paused_;
}

void DiskPause::note_success() {
    if (!workers_paused_) {
        workers_full_since_.reset();
    }
}

bool DiskPause::gave_up(Clock::time_point now) const {
    return (journal_full_since_ && now - *journal_full_since_ >= limits_.disk_wait) ||
           (workers_paused_ && now - *workers_full_since_ >= limits_.disk_wait);
}

}  // namespace harrow::coordinator
