#include "storage/datasets/digest_memory.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <fstream>
#include <tuple>
#include <vector>

#include <sys/stat.h>

#include "storage/files.hpp"
#include "sweeps/error.hpp"

namespace harrow::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHeader = "harrow-digests 1\n";
constexpr std::size_t kDigestDigits = 32;
constexpr std::int64_t kSettledNs = 2'000'000'000;
constexpr std::size_t kBufferBytes = std::size_t{1} << 20;

std::int64_t nanoseconds(const timespec& time) {
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

/// Takes "<number> " from the front of `text`.
template <typename Number>
bool take(std::string_view& text, Number& value) {
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    const auto taken = static_cast<std::size_t>(result.ptr - text.data());
    if (result.ec != std::errc{} || taken >= text.size() || text[taken] != ' ') {
        return false;
    }
    text.remove_prefix(taken + 1);
    return true;
}

sweeps::Digest read_and_digest(const fs::path& path) {
    std::vector<char> buffer(kBufferBytes);
    errno = 0;
    std::ifstream file;
    file.rdbuf()->pubsetbuf(nullptr, 0);  // we bring our own buffer
    file.open(path, std::ios::binary);
    sweeps::Hasher hasher;
    while (file) {
        file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
        hasher.update({buffer.data(), static_cast<std::size_t>(file.gcount())});
    }
    if (!file.eof()) {
        throw sweeps::DataError("file " + path.string() + " cannot be read (" +
                                std::strerror(errno) + "); check that it exists and may be read");
    }
    return hasher.digest();
}

std::int64_t now_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return nanoseconds(now);
}

}  // namespace

bool FileFacts::operator==(const FileFacts& other) const {
    return std::tie(device, inode, bytes, modified_ns, changed_ns) ==
           std::tie(other.device, other.inode, other.bytes, other.modified_ns, other.changed_ns);
}

std::optional<FileFacts> file_facts(const fs::path& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
        return std::nullopt;
    }
    return FileFacts{status.st_dev,
                     status.st_ino,
                     status.st_size,
                     nanoseconds(status.st_mtim),
                     nanoseconds(status.st_ctim)};
}

bool is_settled(const FileFacts& facts, std::int64_t now_ns) {
    return facts.modified_ns < now_ns - kSettledNs && facts.changed_ns < now_ns - kSettledNs;
}

std::optional<sweeps::Digest> DigestMemory::find(const std::string& path, const FileFacts& facts) {
    const auto found = entries_.find(path);
    if (found == entries_.end() || !(found->second.facts == facts)) {
        return std::nullopt;
    }
    found->second.in_use = true;
    return found->second.digest;
}

void DigestMemory::remember(const std::string& path,
                            const FileFacts& facts,
                            const sweeps::Digest& digest) {
    if (path.find('\n') == std::string::npos) {
        entries_[path] = {facts, digest, true};
        has_news_ = true;
    }
}

void DigestMemory::keep_all() {
    for (auto& [path, entry] : entries_) {
        entry.in_use = true;
    }
}

bool DigestMemory::has_changed() const {
    return has_news_;
}

std::string DigestMemory::to_text() const {
    std::string text(kHeader);
    for (const auto& [path, entry] : entries_) {
        if (entry.in_use) {
            text += entry.digest + " " + std::to_string(entry.facts.device) + " " +
                    std::to_string(entry.facts.inode) + " " + std::to_string(entry.facts.bytes) +
                    " " + std::to_string(entry.facts.modified_ns) + " " +
                    std::to_string(entry.facts.changed_ns) + " " + path + "\n";
        }
    }
    return text + sweeps::hash_text(text) + "\n";
}

DigestMemory DigestMemory::parse(std::string_view text) {
    if (text.size() < kHeader.size() + kDigestDigits + 1) {
        return {};
    }
    std::string_view rest = text.substr(0, text.size() - kDigestDigits - 1);
    if (text.substr(rest.size()) != sweeps::hash_text(std::string(rest)) + "\n" ||
        rest.substr(0, kHeader.size()) != kHeader) {
        return {};
    }
    rest.remove_prefix(kHeader.size());
    DigestMemory memory;
    while (!rest.empty()) {
        std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        Entry entry;
        if (line.size() <= kDigestDigits || line[kDigestDigits] != ' ') {
            return {};
        }
        entry.digest = line.substr(0, kDigestDigits);
        line.remove_prefix(kDigestDigits + 1);
        FileFacts& facts = entry.facts;
        if (!take(line, facts.device) || !take(line, facts.inode) || !take(line, facts.bytes) ||
            !take(line, facts.modified_ns) || !take(line, facts.changed_ns)) {
            return {};
        }
        memory.entries_[std::string(line)] = std::move(entry);
    }
    return memory;
}

sweeps::Digest file_digest(const fs::path& path, DigestMemory* memory) {
    if (memory == nullptr) {
        return read_and_digest(path);
    }
    const std::int64_t started_ns = now_ns();
    const std::optional<FileFacts> before = file_facts(path);
    if (before) {
        if (std::optional<sweeps::Digest> known = memory->find(path.string(), *before)) {
            return *known;
        }
    }
    sweeps::Digest digest = read_and_digest(path);
    const std::optional<FileFacts> after = file_facts(path);
    if (before && after && *before == *after && is_settled(*before, started_ns)) {
        memory->remember(path.string(), *before, digest);
    }
    return digest;
}

DigestMemory load_digest_memory(const fs::path& file) {
    std::error_code error;
    if (!fs::is_regular_file(file, error)) {
        return {};
    }
    try {
        return DigestMemory::parse(read_file(file));
    } catch (const sweeps::StorageError&) {
        return {};
    }
}

void save_digest_memory(const fs::path& file, const DigestMemory& memory) noexcept {
    if (!memory.has_changed()) {
        return;
    }
    try {
        storage::create_directories(file.parent_path());
        write_file_atomic(file, memory.to_text());
    } catch (const std::exception&) {
        return;
    }
}

}  // namespace harrow::storage
