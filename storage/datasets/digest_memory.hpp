#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "sweeps/hashing.hpp"

namespace harrow::storage {

/// What the file system says of a file. Every change of content changes one of these, unless it
/// comes within the resolution of the clock: see is_settled.
struct FileFacts {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t bytes = 0;
    std::int64_t modified_ns = 0;  ///< since 1970, like the others
    std::int64_t changed_ns = 0;   ///< also when owner, name or times change

    bool operator==(const FileFacts& other) const;
};

/// Nothing when there is no such file.
std::optional<FileFacts> file_facts(const std::filesystem::path& path);

/// Whether a file looked at at `now_ns` was last changed so long before (2 s) that a later change
/// shows in its facts.
bool is_settled(const FileFacts& facts, std::int64_t now_ns);

/// Digests of files by path and facts, so that unchanged files are not read again. Logic only; the
/// functions below read and write. Not thread-safe.
class DigestMemory {
public:
    /// The digest of the file at `path` if it had exactly these facts; marks it as in use.
    std::optional<sweeps::Digest> find(const std::string& path, const FileFacts& facts);
    void remember(const std::string& path, const FileFacts& facts, const sweeps::Digest& digest);

    /// Keeps what was neither found nor remembered: after a look at a part of the files.
    void keep_all();

    /// Whether to_text() would say something else than what parse() read.
    bool has_changed() const;
    /// What was found or remembered since; the rest is forgotten, so that it cannot grow.
    std::string to_text() const;
    /// Of a text that is not whole or of another version: an empty memory.
    static DigestMemory parse(std::string_view text);

private:
    struct Entry {
        FileFacts facts;
        sweeps::Digest digest;
        bool in_use = false;
    };
    std::map<std::string, Entry> entries_;
    bool has_news_ = false;
};

/// Content digest of a file. With a memory, only a file that it does not know is read; what is
/// learnt is remembered if the file is settled and did not change meanwhile. Throws
/// sweeps::DataError when it cannot be read.
sweeps::Digest file_digest(const std::filesystem::path& path, DigestMemory* memory);

/// An empty memory when the file cannot be read or is damaged.
DigestMemory load_digest_memory(const std::filesystem::path& file);
/// In one step, with its directory, if there is something new. A memory that cannot be written is
/// only slower next time: nothing is thrown.
void save_digest_memory(const std::filesystem::path& file, const DigestMemory& memory) noexcept;

}  // namespace harrow::storage
