#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace harrow::storage {

/// What a process asks of the one that writes a run directory, on whichever host that is.
struct InboxRequest {
    std::string id;    ///< the file's name without its ending; from post() and take()
    std::string verb;  ///< "cancel" or "retry"; the inbox knows none
    std::vector<std::string> trials;  ///< ids
    std::string by;                   ///< "user@host", for the record
    std::string time;                 ///< UTC, ISO 8601
};

struct InboxAnswer {
    bool done = false;               ///< false: refused; `lines` say why
    std::vector<std::string> lines;  ///< what came of it
};

/// Requests through files: one file per request and one per answer, each published by rename, so
/// that any number of hosts share the folder without locks. Format: docs/file-formats.md. Every
/// function throws StorageError when the folder cannot be used.
class Inbox {
public:
    /// Touches nothing.
    explicit Inbox(std::filesystem::path directory);
    const std::filesystem::path& path() const noexcept { return directory_; }

    // ---- who asks -------------------------------------------------------------------------------
    /// Publishes a request (its `id` is ignored) and returns its id; makes the folder.
    std::string post(const InboxRequest& request) const;
    /// Takes a request back. False: it was taken already, and its answer follows.
    bool withdraw(const std::string& id) const;
    /// The answer, once it is there; removes it. A damaged one is an answer that says so.
    std::optional<InboxAnswer> collect(const std::string& id) const;

    // ---- who answers ----------------------------------------------------------------------------
    struct Taken {
        std::vector<InboxRequest> requests;  ///< in order of their names, hence of their time
        std::vector<std::string> warnings;   ///< files that are no requests, and where they are now
    };
    /// Claims what lies there, also what an earlier process claimed and did not answer. A file that
    /// is damaged, or of another version, moves to `damaged/`. No folder: nothing.
    Taken take() const;
    /// Publishes the answer, then forgets the request.
    void answer(const std::string& id, const InboxAnswer& answer) const;
    /// Removes answers that nobody fetched for a day. Never throws.
    void remove_old_answers() const noexcept;

private:
    std::filesystem::path directory_;
};

}  // namespace harrow::storage
