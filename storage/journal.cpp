#include "storage/journal.hpp"

#include <cerrno>
#include <charconv>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/file_seal.hpp"
#include "sweeps/error.hpp"
#include "sweeps/hashing.hpp"

namespace harrow::storage {

namespace {

using sweeps::StorageError;

constexpr std::string_view kVersionMember = "{\"v\":";
constexpr std::string_view kSeqMember = "1,\"seq\":";
constexpr std::string_view kTypeMember = ",\"type\":\"";
constexpr std::string_view kSumMember = "\",\"sum\":\"";
constexpr std::string_view kDataMember = "\",\"data\":";

std::string sum_of(std::string_view head, std::string_view json) {
    const std::string summed = std::string(head) + std::string(json);
    return hex16(sweeps::checksum64(summed.data(), summed.size()));
}

/// The line without its newline. The checksum covers all before it and the data.
std::string line_of(const JournalRecord& record) {
    const std::string head = std::string(kVersionMember) + std::string(kSeqMember) +
                             std::to_string(record.seq) + std::string(kTypeMember) + record.type;
    return head + std::string(kSumMember) + sum_of(head, record.json) + std::string(kDataMember) +
           record.json + "}";
}

bool is_type(std::string_view text) {
    return !text.empty() &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos;
}

/// Moves `text` behind `expected`, or returns false.
bool skip(std::string_view& text, std::string_view expected) {
    if (text.substr(0, expected.size()) != expected) {
        return false;
    }
    text.remove_prefix(expected.size());
    return true;
}

/// Parses one complete line, written by line_of() and nothing else. Returns what is wrong, or "".
std::string parse_line(std::string_view line, std::uint64_t expected_seq, JournalRecord& record) {
    std::string_view rest = line;
    if (!skip(rest, kVersionMember)) {
        return "is no journal record";
    }
    if (!skip(rest, kSeqMember)) {
        return "has format version " + std::string(rest.substr(0, rest.find(','))).substr(0, 20) +
               " where this Harrow reads version 1";
    }
    const auto number = std::from_chars(rest.data(), rest.data() + rest.size(), record.seq);
    rest.remove_prefix(static_cast<std::size_t>(number.ptr - rest.data()));
    if (number.ec != std::errc() || !skip(rest, kTypeMember)) {
        return "is damaged";
    }
    record.type = rest.substr(0, rest.find('"'));
    rest.remove_prefix(record.type.size());
    if (!is_type(record.type) || rest.size() < kSumMember.size() + 16) {
        return "is damaged";
    }
    rest.remove_prefix(kSumMember.size() + 16);
    if (!skip(rest, kDataMember) || rest.size() < 3 || rest.back() != '}') {
        return "is damaged";
    }
    record.json = rest.substr(0, rest.size() - 1);
    // Writing it again compares every byte, the checksum among them.
    if (line_of(record) != line) {
        return "does not match its checksum";
    }
    if (record.seq != expected_seq) {
        return "has sequence number " + std::to_string(record.seq) + " where " +
               std::to_string(expected_seq) + " was expected";
    }
    return "";
}

[[noreturn]] void refuse(const std::filesystem::path& path,
                         std::size_t offset,
                         const std::string& reason) {
    throw StorageError(
        "journal " + path.string() + ": the record at byte " + std::to_string(offset) + " " +
        reason +
        ". Use the Harrow that wrote it; if the file was altered, restore it from a copy, "
        "or cut it there (truncate -s " +
        std::to_string(offset) + ") and run again: the work recorded after that point is repeated");
}

std::filesystem::path directory_of(const std::filesystem::path& file) {
    return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

constexpr std::size_t kBlockBytes = 1 << 20;

/// Records of a journal in blocks of its file.
class BlockReader {
public:
    /// Begins behind `known`, which was read before.
    BlockReader(const std::filesystem::path& path,
                const RecordVisitor& visit,
                JournalEnd known = {})
        : path_(path), visit_(visit), end_(std::move(known)) {
        end_.torn_tail.clear();
    }

    JournalEnd read() {
        const FileDescriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
        if (!file || ::lseek(file.get(), static_cast<off_t>(end_.valid_bytes), SEEK_SET) < 0) {
            throw StorageError(io_error_text("open", path_, errno));
        }
        std::string block(kBlockBytes, '\0');
        while (true) {
            const ssize_t count = ::read(file.get(), block.data(), block.size());
            if (count == 0) {
                break;
            }
            if (count > 0) {
                take(std::string_view(block).substr(0, static_cast<std::size_t>(count)));
            } else if (errno != EINTR) {
                throw StorageError(io_error_text("read", path_, errno));
            }
        }
        if (!partial_.empty()) {
            end_.torn_tail = "journal " + path_.string() + ": the last record is incomplete (" +
                             std::to_string(partial_.size()) + " bytes at byte " +
                             std::to_string(end_.valid_bytes) + ")";
        }
        return std::move(end_);
    }

private:
    void take(std::string_view bytes) {
        for (std::size_t end = 0; (end = bytes.find('\n')) != std::string_view::npos;) {
            if (partial_.empty()) {
                take_line(bytes.substr(0, end));
            } else {
                partial_ += bytes.substr(0, end);
                take_line(partial_);
                partial_.clear();
            }
            bytes.remove_prefix(end + 1);
        }
        partial_ += bytes;
    }

    void take_line(std::string_view line) {
        JournalRecord record;
        const std::string problem = parse_line(line, end_.records + 1, record);
        if (!problem.empty()) {
            refuse(path_, end_.valid_bytes, problem);
        }
        ++end_.records;
        end_.valid_bytes += line.size() + 1;
        visit_(record);
    }

    const std::filesystem::path& path_;
    const RecordVisitor& visit_;
    JournalEnd end_;
    std::string partial_;  ///< a line whose end has not been read yet
};

}  // namespace

JournalEnd visit_journal(const std::filesystem::path& path, const RecordVisitor& visit) {
    return BlockReader(path, visit).read();
}

JournalContents read_journal(const std::filesystem::path& path) {
    JournalContents contents;
    JournalEnd end = visit_journal(
        path, [&](const JournalRecord& record) { contents.records.push_back(record); });
    contents.valid_bytes = end.valid_bytes;
    contents.torn_tail = std::move(end.torn_tail);
    return contents;
}

void JournalFollower::read(const std::function<void()>& forget, const RecordVisitor& visit) {
    struct stat found = {};
    if (::stat(path_.c_str(), &found) != 0) {
        throw StorageError(io_error_text("read", path_, errno));
    }
    const bool goes_on =
        read_.records > 0 && static_cast<std::uint64_t>(found.st_size) >= read_.valid_bytes;
    if (goes_on) {
        try {
            read_ = BlockReader(path_, visit, read_).read();
            return;
        } catch (const StorageError&) {
            // Cut and written again: what stands there now does not follow from what was read.
        }
    }
    forget();
    read_ = {};
    read_ = BlockReader(path_, visit).read();
}

Journal Journal::open(const std::filesystem::path& path) {
    std::vector<JournalRecord> records;
    Journal journal = open(path, [&](const JournalRecord& record) { records.push_back(record); });
    journal.replayed_ = std::move(records);
    return journal;
}

Journal Journal::open(const std::filesystem::path& path, const RecordVisitor& visit) {
    DirectoryLock lock = DirectoryLock::acquire(directory_of(path) / "lock");
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (!file) {
        throw StorageError(io_error_text("open", path, errno));
    }
    JournalEnd end = visit_journal(path, visit);
    if (!end.torn_tail.empty()) {
        if (::ftruncate(file.get(), static_cast<off_t>(end.valid_bytes)) != 0 ||
            ::fdatasync(file.get()) != 0) {
            throw StorageError(io_error_text("truncate", path, errno));
        }
        end.torn_tail += " and was cut off: its work is done again";
    }
    if (end.records == 0) {
        const FileDescriptor directory(
            ::open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        ::fsync(directory.get());  // the new name; the first commit's own sync reports a bad disk
    }
    return Journal(path, std::move(lock), std::move(file), std::move(end));
}

Journal::Journal(std::filesystem::path path,
                 DirectoryLock lock,
                 FileDescriptor descriptor,
                 JournalEnd end)
    : path_(std::move(path)),
      lock_(std::move(lock)),
      descriptor_(std::move(descriptor)),
      torn_tail_(std::move(end.torn_tail)),
      next_seq_(end.records + 1),
      committed_bytes_(end.valid_bytes) {}

void Journal::append(const std::string& type, const std::string& json) {
    const bool one_object = json.size() >= 2 && json.front() == '{' && json.back() == '}';
    if (!is_type(type) || !one_object || json.find('\n') != std::string::npos) {
        throw std::logic_error("Journal::append: not one JSON object in one line: " + type);
    }
    pending_ += line_of({next_seq_, type, json}) + "\n";
    ++next_seq_;
}

void Journal::commit() {
    if (pending_.empty()) {
        return;
    }
    lock_.keep();
    try {
        if (::lseek(descriptor_.get(), static_cast<off_t>(committed_bytes_), SEEK_SET) < 0) {
            throw_io_error("write", path_, errno);
        }
        write_all(descriptor_.get(), pending_, path_);
        if (::fdatasync(descriptor_.get()) != 0) {
            throw_io_error("sync", path_, errno);
        }
    } catch (const StorageError&) {
        // Best effort: what stays is a torn tail that the next open() cuts off, unless the write
        // ended exactly between two records, which is a valid journal too.
        if (::ftruncate(descriptor_.get(), static_cast<off_t>(committed_bytes_)) == 0) {
            ::fdatasync(descriptor_.get());
        }
        throw;
    }
    committed_bytes_ += pending_.size();
    pending_.clear();
}

}  // namespace harrow::storage
