#include "storage/directory_lock.hpp"

#include <cerrno>
#include <ctime>
#include <string>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "sweeps/error.hpp"

namespace harrow::storage {

namespace {

using nlohmann::json;
using sweeps::StorageError;

/// Text of a small file of /proc, or nothing.
std::string proc_text(const std::string& path) {
    try {
        return read_file(path);
    } catch (const StorageError&) {
        return "";
    }
}

std::string boot_id() {
    std::string id = proc_text("/proc/sys/kernel/random/boot_id");
    return id.substr(0, id.find('\n'));
}

/// Start of a process in clock ticks since boot, as text; empty when it is gone or a zombie.
/// The command name (field 2) is in parentheses and may hold anything: count from the last ')'.
std::string start_time(std::int64_t pid) {
    const std::string stat = proc_text("/proc/" + std::to_string(pid) + "/stat");
    std::size_t at = stat.rfind(')');
    if (at == std::string::npos || at + 2 >= stat.size() || stat[at + 2] == 'Z' ||
        stat[at + 2] == 'X') {
        return "";
    }
    constexpr int kFieldsToStartTime = 20;  // state is field 3, starttime field 22
    for (int field = 0; field < kFieldsToStartTime && at != std::string::npos; ++field) {
        at = stat.find(' ', at + 1);
    }
    return at == std::string::npos ? "" : stat.substr(at + 1, stat.find(' ', at + 1) - at - 1);
}

std::string utc_now() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    std::string text(32, '\0');
    text.resize(std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts));
    return text;
}

std::string own_description() {
    const json holder = {{"host", host_name()},
                         {"boot_id", boot_id()},
                         {"pid", ::getpid()},
                         {"start_ticks", start_time(::getpid())},
                         {"since", utc_now()}};
    return holder.dump() + "\n";
}

json parse_holder(const std::filesystem::path& file) {
    const json holder = json::parse(read_file(file), nullptr, false);
    return holder.is_object() ? holder : json::object();
}

std::string text_of(const json& holder, const char* member) {
    const auto found = holder.find(member);
    if (found == holder.end()) {
        return "?";
    }
    return found->is_string() ? found->get<std::string>() : found->dump();
}

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& cure) {
    const json holder = parse_holder(file);
    throw sweeps::UsageError("another harrow works in " + file.parent_path().string() +
                             ": process " + text_of(holder, "pid") + " on host " +
                             text_of(holder, "host") + " since " + text_of(holder, "since") + "; " +
                             cure);
}

/// Where the file system has no locks: refuses while the process written in the file may be alive.
void refuse_living_holder(const std::filesystem::path& file) {
    const json holder = parse_holder(file);
    if (holder.empty()) {
        return;
    }
    const std::string by_hand = "if it is gone, delete " + file.string();
    if (text_of(holder, "host") != host_name()) {
        refuse(file, "this file system has no locks, so it cannot be asked from here: " + by_hand);
    }
    const auto pid = holder.find("pid");
    const bool is_number = pid != holder.end() && pid->is_number_integer();
    const std::string started = is_number ? start_time(pid->get<std::int64_t>()) : "";
    if (!started.empty() && text_of(holder, "boot_id") == boot_id() &&
        text_of(holder, "start_ticks") == started) {
        refuse(file, "wait for it or stop it (" + by_hand + ")");
    }
}

FileDescriptor open_lock_file(const std::filesystem::path& file) {
    FileDescriptor descriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (!descriptor) {
        throw StorageError(io_error_text("open lock", file, errno));
    }
    return descriptor;
}

void describe_self(const FileDescriptor& descriptor, const std::filesystem::path& file) {
    if (::ftruncate(descriptor.get(), 0) != 0) {
        throw StorageError(io_error_text("write", file, errno));
    }
    write_all(descriptor.get(), own_description(), file);
}

bool has_no_locks(int error_number) {
    return error_number == ENOLCK || error_number == EOPNOTSUPP || error_number == ENOSYS ||
           error_number == EINVAL;
}

}  // namespace

DirectoryLock DirectoryLock::acquire(const std::filesystem::path& file) {
    FileDescriptor descriptor = open_lock_file(file);
    struct flock whole_file {};
    whole_file.l_type = F_WRLCK;
    whole_file.l_whence = SEEK_SET;
    if (::fcntl(descriptor.get(), F_OFD_SETLK, &whole_file) != 0) {
        const int reason = errno;
        if (reason == EAGAIN || reason == EACCES) {
            refuse(file, "wait for it, stop it, or choose another --dir");
        }
        if (!has_no_locks(reason)) {
            throw StorageError(io_error_text("lock", file, reason));
        }
        refuse_living_holder(file);
    }
    describe_self(descriptor, file);
    return DirectoryLock(std::move(descriptor));
}

DirectoryLock DirectoryLock::acquire_by_description(const std::filesystem::path& file) {
    FileDescriptor descriptor = open_lock_file(file);
    refuse_living_holder(file);
    describe_self(descriptor, file);
    return DirectoryLock(std::move(descriptor));
}

bool DirectoryLock::is_held(const std::filesystem::path& file) noexcept {
    const FileDescriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return descriptor && ::fcntl(descriptor.get(), F_OFD_GETLK, &lock) == 0 &&
           lock.l_type != F_UNLCK;
}

DirectoryLock& DirectoryLock::operator=(DirectoryLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

DirectoryLock::~DirectoryLock() {
    // An empty file names no holder, also to a host that cannot ask whether we live.
    if (descriptor_ && ::ftruncate(descriptor_.get(), 0) != 0) {
        return;  // then the next holder finds that this process is gone
    }
}

}  // namespace harrow::storage
