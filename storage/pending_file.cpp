#include <cerrno>
#include <charconv>
#include <chrono>
#include <exception>
#include <optional>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/files.hpp"
#include "sweeps/error.hpp"

namespace harrow::storage {

namespace {

using sweeps::StorageError;

constexpr std::string_view kMark = ".tmp.";

/// `.<target name>.tmp.<host>.<pid>.`, to be followed by a counter; hidden, so that listings show
/// finished files only.
std::string temporary_stem(const std::filesystem::path& target) {
    return "." + target.filename().string() + std::string(kMark) + host_name() + "." +
           std::to_string(::getpid()) + ".";
}

struct Writer {
    bool of_this_host = false;
    pid_t pid = 0;
};

/// Who writes the temporary file of this name, or nothing for any other file.
std::optional<Writer> writer_of(const std::string& name) {
    const std::size_t mark = name.rfind(kMark);
    const std::size_t counter = name.rfind('.');
    const std::size_t pid = counter == std::string::npos ? counter : name.rfind('.', counter - 1);
    if (name.empty() || name[0] != '.' || mark == std::string::npos || pid == std::string::npos ||
        pid < mark + kMark.size()) {
        return std::nullopt;
    }
    Writer writer;
    const auto parsed = std::from_chars(name.data() + pid + 1, name.data() + counter, writer.pid);
    if (parsed.ec != std::errc() || parsed.ptr != name.data() + counter || writer.pid <= 0) {
        return std::nullopt;
    }
    const std::size_t host = mark + kMark.size();
    writer.of_this_host = name.compare(host, pid - host, host_name()) == 0;
    return writer;
}

std::filesystem::path directory_of(const std::filesystem::path& file) {
    return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

void sync_directory(const std::filesystem::path& directory) {
    const FileDescriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened) {
        throw StorageError(io_error_text("open directory", directory, errno));
    }
    // Some network file systems cannot sync a directory and say EINVAL: they order renames anyway.
    if (::fsync(opened.get()) != 0 && errno != EINVAL) {
        throw StorageError(io_error_text("sync directory", directory, errno));
    }
}

}  // namespace

void write_file_atomic(const std::filesystem::path& path, std::string_view bytes) {
    PendingFile file(path);
    write_all(file.descriptor(), bytes, path);
    file.publish();
}

bool has_room_for(const std::filesystem::path& directory, std::uint64_t bytes) noexcept {
    try {
        PendingFile probe(directory / "room");
        const std::string block(1U << 16, '.');
        for (std::uint64_t written = 0; written < bytes; written += block.size()) {
            write_all(probe.descriptor(), block, probe.temporary());
        }
        const bool is_on_disk = ::fsync(probe.descriptor()) == 0;
        probe.discard();
        return is_on_disk;
    } catch (const std::exception&) {
        return false;
    }
}

PendingFile::PendingFile(const std::filesystem::path& target) : target_(target) {
    const std::string stem = temporary_stem(target);
    std::filesystem::path candidate;
    for (int counter = 0; !descriptor_; ++counter) {
        candidate = directory_of(target) / (stem + std::to_string(counter));
        descriptor_.reset(::open(candidate.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
        if (!descriptor_ && (errno != EEXIST || counter > 100000)) {
            throw_io_error("create", target_, errno);
        }
    }
    temporary_ = candidate;
}

PendingFile::PendingFile(PendingFile&& other) noexcept
    : target_(std::move(other.target_)),
      temporary_(std::exchange(other.temporary_, {})),
      descriptor_(std::move(other.descriptor_)) {}

PendingFile& PendingFile::operator=(PendingFile&& other) noexcept {
    if (this != &other) {
        discard();
        target_ = std::move(other.target_);
        temporary_ = std::exchange(other.temporary_, {});
        descriptor_ = std::move(other.descriptor_);
    }
    return *this;
}

PendingFile::~PendingFile() {
    discard();
}

void PendingFile::close() {
    if (!descriptor_) {
        return;
    }
    if (::fsync(descriptor_.get()) != 0) {
        throw_io_error("write", target_, errno);
    }
    // Network file systems may report a full disk only here.
    if (::close(descriptor_.release()) != 0) {
        throw_io_error("write", target_, errno);
    }
}

void PendingFile::publish() {
    close();
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) {
        throw StorageError(io_error_text("replace", target_, errno));
    }
    temporary_.clear();
    sync_directory(directory_of(target_));
}

void PendingFile::discard() noexcept {
    descriptor_.reset();
    if (!temporary_.empty()) {
        ::unlink(temporary_.c_str());
        temporary_.clear();
    }
}

std::vector<std::filesystem::path> stale_temporaries(const std::filesystem::path& directory,
                                                     Writers writers) noexcept {
    std::vector<std::filesystem::path> stale;
    try {
        const auto now = std::filesystem::file_time_type::clock::now();
        std::error_code error;
        for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
            const std::optional<Writer> writer = writer_of(entry.path().filename().string());
            if (!writer || (!writer->of_this_host && writers == Writers::OfThisHost) ||
                (writer->of_this_host && (::kill(writer->pid, 0) == 0 || errno != ESRCH))) {
                continue;
            }
            const auto written = entry.last_write_time(error);
            if (!error && now - written > std::chrono::hours(24)) {
                stale.push_back(entry.path());
            }
        }
    } catch (const std::exception&) {
        // Tidying up is a courtesy: a directory that cannot be listed stays as it is.
    }
    return stale;
}

void remove_stale_temporaries(const std::filesystem::path& directory) noexcept {
    for (const std::filesystem::path& file : stale_temporaries(directory, Writers::OfThisHost)) {
        std::error_code error;
        std::filesystem::remove(file, error);
    }
}

}  // namespace harrow::storage
