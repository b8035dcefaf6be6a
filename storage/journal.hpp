#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "storage/directory_lock.hpp"
#include "storage/files.hpp"

namespace harrow::storage {

struct JournalRecord {
    std::uint64_t seq = 0;  ///< from 1, without gaps
    std::string type;       ///< lower-case letters and '_'
    std::string json;       ///< one JSON object in one line
};

struct JournalContents {
    std::vector<JournalRecord> records;
    std::uint64_t valid_bytes = 0;  ///< end of the last complete record
    std::string torn_tail;          ///< what was found after it, in words; empty when nothing was
};

/// Reads a journal, also while a run appends to it: takes no lock and changes nothing. A last line
/// without newline is a torn tail. Throws StorageError with the byte offset for a complete line
/// that is damaged, out of sequence or of another format version, and when there is no file.
JournalContents read_journal(const std::filesystem::path& path);

/// What is known of a journal behind its records.
struct JournalEnd {
    std::uint64_t records = 0;
    std::uint64_t valid_bytes = 0;  ///< as in JournalContents
    std::string torn_tail;          ///< as in JournalContents
};
using RecordVisitor = std::function<void(const JournalRecord&)>;

/// As read_journal, one record at a time: a long journal is never in memory whole.
JournalEnd visit_journal(const std::filesystem::path& path, const RecordVisitor& visit);

/// Follows a journal that another process writes to; reads only what is new.
class JournalFollower {
public:
    explicit JournalFollower(std::filesystem::path path) : path_(std::move(path)) {}

    /// Each complete record since the last call goes to `visit`. A journal that was cut behind what
    /// was read (a full disk) is read anew: `forget` is called, and all records follow; so it is at
    /// the first call. Throws as read_journal.
    void read(const std::function<void()>& forget, const RecordVisitor& visit);

private:
    std::filesystem::path path_;
    JournalEnd read_;
};

/// The append-only truth of a run directory; exactly one writer. Format: docs/file-formats.md.
class Journal {
public:
    /// Creates or opens the file, locks `<directory>/lock`, replays, and truncates a torn tail.
    /// The directory must exist. Throws UsageError when another process holds the directory (named
    /// by host and pid) and StorageError as read_journal does.
    static Journal open(const std::filesystem::path& path);
    /// The same; each record goes to `visit` and replayed() stays empty.
    static Journal open(const std::filesystem::path& path, const RecordVisitor& visit);

    /// What the file held when it was opened. Later appends are not added.
    const std::vector<JournalRecord>& replayed() const noexcept { return replayed_; }
    /// Empty, or one line for the log: what a crash had left half-written and was cut off.
    const std::string& torn_tail() const noexcept { return torn_tail_; }

    /// Empty, or one line for the log: whose lease on the directory was taken over.
    const std::string& lock_note() const noexcept { return lock_.note(); }
    /// Call it often, also while nothing happens: see DirectoryLock::keep.
    void keep_lock() { lock_.keep(); }

    /// Queues a record. `json` is an object in one line. Not durable before commit().
    void append(const std::string& type, const std::string& json);
    /// Writes all queued records and syncs once; a record is durable only after this returns.
    /// Throws as keep_lock() does, NoSpaceError, or StorageError for other failures: what was
    /// partly written is cut off again, the queue is kept, so that the file stays valid and a later
    /// commit() may succeed.
    void commit();
    /// Queued and not durable yet.
    std::size_t pending_bytes() const noexcept { return pending_.size(); }

private:
    Journal(std::filesystem::path path,
            DirectoryLock lock,
            FileDescriptor descriptor,
            JournalEnd end);
    std::filesystem::path path_;
    DirectoryLock lock_;
    FileDescriptor descriptor_;
    std::vector<JournalRecord> replayed_;
    std::string torn_tail_;
    std::uint64_t next_seq_ = 1;
    std::uint64_t committed_bytes_ = 0;
    std::string pending_;
};

}  // namespace harrow::storage
