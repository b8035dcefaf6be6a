#include "storage/directory_lock.hpp"

#include <cerrno>
#include <optional>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sweeps/error.hpp"

namespace harrow::storage {

namespace {

using std::chrono::milliseconds;
using sweeps::StorageError;
using namespace std::chrono_literals;

constexpr auto kClaimLimit = 60s;  // a claim that is older was left by a crash

[[noreturn]] void refuse(const std::filesystem::path& file,
                         const std::optional<LockHolder>& holder,
                         const std::string& cure) {
    throw sweeps::UsageError("another harrow works in " + file.parent_path().string() + ": " +
                             (holder ? text_of(*holder) : "its name is not known yet") + "; " +
                             cure);
}

std::string minutes_text(milliseconds time) {
    return time < 1min ? std::to_string(time / 1s) + " s" : std::to_string(time / 1min) + " min";
}

FileDescriptor open_lock_file(const std::filesystem::path& file) {
    FileDescriptor descriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (!descriptor) {
        throw_io_error("open lock", file, errno);
    }
    return descriptor;
}

std::optional<LockHolder> holder_of(const std::filesystem::path& file) {
    try {
        return holder_from(read_file(file));
    } catch (const StorageError&) {
        return std::nullopt;
    }
}

/// Last change of an open file by the file system's clock, in ns since 1970.
std::int64_t changed_at(int descriptor, const std::filesystem::path& file) {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) {
        throw_io_error("look at", file, errno);
    }
    return std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
}

/// How long ago the file was written to. A file written just now is asked what time it is, so that
/// hosts whose clocks differ agree.
milliseconds age_of(const FileDescriptor& descriptor, const std::filesystem::path& file) {
    PendingFile now(file);
    write_all(now.descriptor(), "now", now.temporary());
    const std::int64_t age =
        changed_at(now.descriptor(), file) - changed_at(descriptor.get(), file);
    now.discard();
    return std::chrono::duration_cast<milliseconds>(std::chrono::nanoseconds(age));
}

/// Whether `file` is the name of what is open.
bool is_named(const FileDescriptor& descriptor, const std::filesystem::path& file) {
    struct stat ours {};
    struct stat named {};
    return ::fstat(descriptor.get(), &ours) == 0 && ::stat(file.c_str(), &named) == 0 &&
           ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

/// Only one process at a time judges and takes over a lock file that the file system cannot lock.
class Claim {
public:
    explicit Claim(const std::filesystem::path& lock_file) : file_(lock_file.string() + ".claim") {
        for (int attempt = 0; !descriptor_; ++attempt) {
            descriptor_.reset(::open(file_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
            if (descriptor_) {
                return;
            }
            if (errno != EEXIST) {
                throw_io_error("create", file_, errno);
            }
            const FileDescriptor other(::open(file_.c_str(), O_RDONLY | O_CLOEXEC));
            if (attempt > 0 || (other && age_of(other, file_) < kClaimLimit) ||
                (other && !move_aside(other))) {
                refuse(lock_file, std::nullopt, "it is just starting");
            }
        }
    }
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;
    ~Claim() {
        if (is_named(descriptor_, file_)) {
            ::unlink(file_.c_str());
        }
    }
    /// False: another starter took it for an old one meanwhile.
    bool is_held() const { return is_named(descriptor_, file_); }

private:
    /// False: what has the name now is not the old claim but a new one, which gets its name back.
    bool move_aside(const FileDescriptor& old) const {
        const std::filesystem::path aside = file_.string() + "." + host_name() + "." +
                                            std::to_string(::getpid()) + "." +
                                            std::to_string(::gettid());
        if (::rename(file_.c_str(), aside.c_str()) != 0) {
            return errno == ENOENT;  // whoever moved it first is now creating its own
        }
        const bool was_old = is_named(old, aside);
        if (!was_old && ::link(aside.c_str(), file_.c_str()) != 0 && errno != EEXIST) {
            throw_io_error("link", file_, errno);
        }
        ::unlink(aside.c_str());
        return was_old;
    }

    std::filesystem::path file_;
    FileDescriptor descriptor_;
};

/// Where the file system has no locks: refuses while the holder written in the file may be alive.
/// Returns what to say when its lease is taken over.
std::string judge_holder(const FileDescriptor& descriptor,
                         const std::filesystem::path& file,
                         LeaseTimes times) {
    const std::optional<LockHolder> holder = holder_of(file);
    if (!holder) {
        return "";
    }
    const std::string by_hand = "if it is gone, delete " + file.string();
    if (holder->host == host_name()) {
        if (is_alive_here(*holder)) {
            refuse(file, holder, "wait for it or stop it (" + by_hand + ")");
        }
        return "";
    }
    const milliseconds age = age_of(descriptor, file);
    if (age < times.silence) {
        refuse(file,
               holder,
               "its lease was renewed " + minutes_text(age) +
                   " ago; this file system has no locks, so it counts as gone only after " +
                   minutes_text(times.silence) + " (" + by_hand + ")");
    }
    return "took over from " + text_of(*holder) + ", which has not renewed its lease for " +
           minutes_text(age);
}

/// The lock was got, but a lease of another host looks fresh: maybe its process died just now,
/// maybe locks end at the host's border. Its next renewal would show.
void watch_other_host(const FileDescriptor& descriptor,
                      const std::filesystem::path& file,
                      LeaseTimes times) {
    const std::optional<LockHolder> holder = holder_of(file);
    if (!holder || holder->host == host_name() || age_of(descriptor, file) > times.renew * 2) {
        return;
    }
    const std::int64_t before = changed_at(descriptor.get(), file);
    const auto end = std::chrono::steady_clock::now() + times.renew * 3 / 2;
    while (std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(std::min<milliseconds>(times.renew / 10, 1s));
        const FileDescriptor fresh(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
        if (fresh && changed_at(fresh.get(), file) != before) {
            refuse(file,
                   holder,
                   "locks of this file system do not reach across hosts; wait for it or stop it");
        }
    }
}

void describe(const FileDescriptor& descriptor,
              const std::filesystem::path& file,
              const LockHolder& self) {
    const std::string text = description_of(self);
    if (::ftruncate(descriptor.get(), static_cast<off_t>(text.size())) != 0) {
        throw_io_error("write", file, errno);
    }
    write_at(descriptor.get(), 0, text.data(), text.size(), file);
}

bool has_no_locks(int error_number) {
    return error_number == ENOLCK || error_number == EOPNOTSUPP || error_number == ENOSYS ||
           error_number == EINVAL;
}

}  // namespace

DirectoryLock::DirectoryLock(std::filesystem::path file,
                             FileDescriptor descriptor,
                             LeaseTimes times,
                             std::string note)
    : file_(std::move(file)),
      descriptor_(std::move(descriptor)),
      self_(this_process()),
      times_(times),
      note_(std::move(note)),
      renewed_(std::chrono::steady_clock::now()) {
    describe(descriptor_, file_, self_);
}

DirectoryLock DirectoryLock::acquire(const std::filesystem::path& file, LeaseTimes times) {
    FileDescriptor descriptor = open_lock_file(file);
    struct flock whole_file {};
    whole_file.l_type = F_WRLCK;
    whole_file.l_whence = SEEK_SET;
    if (::fcntl(descriptor.get(), F_OFD_SETLK, &whole_file) != 0) {
        const int reason = errno;
        if (reason == EAGAIN || reason == EACCES) {
            refuse(file, holder_of(file), "wait for it, stop it, or choose another --dir");
        }
        if (has_no_locks(reason)) {
            return acquire_by_description(file, times);
        }
        throw StorageError(io_error_text("lock", file, reason));
    }
    watch_other_host(descriptor, file, times);
    return DirectoryLock(file, std::move(descriptor), times, "");
}

DirectoryLock DirectoryLock::acquire_by_description(const std::filesystem::path& file,
                                                    LeaseTimes times) {
    const Claim claim(file);
    FileDescriptor descriptor = open_lock_file(file);
    std::string note = judge_holder(descriptor, file, times);
    if (!claim.is_held()) {
        refuse(file, std::nullopt, "it is just starting");
    }
    return DirectoryLock(file, std::move(descriptor), times, std::move(note));
}

bool DirectoryLock::is_held(const std::filesystem::path& file) noexcept {
    const FileDescriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return descriptor && ::fcntl(descriptor.get(), F_OFD_GETLK, &lock) == 0 &&
           lock.l_type != F_UNLCK;
}

bool DirectoryLock::is_ours() const {
    if (!is_named(descriptor_, file_)) {
        return false;
    }
    const std::optional<LockHolder> holder = holder_of(file_);
    return holder && holder->is_same_process(self_);
}

void DirectoryLock::keep() {
    const auto now = std::chrono::steady_clock::now();
    if (now - renewed_ < times_.renew) {
        return;
    }
    if (!is_ours()) {
        const std::optional<LockHolder> holder = holder_of(file_);
        throw LeaseLost(
            "this run no longer holds " + file_.parent_path().string() + ": " +
            (holder ? text_of(*holder) + " took it over" : "its lock file was removed or emptied") +
            "; nothing more is written");
    }
    renewed_ = now;
    try {
        const std::string text = description_of(self_);
        write_at(descriptor_.get(), 0, text.data(), text.size(), file_);
    } catch (const StorageError&) {
        return;  // a full disk, for example; the lease holds for many more renewals
    }
}

DirectoryLock& DirectoryLock::operator=(DirectoryLock&& other) noexcept {
    std::swap(file_, other.file_);
    std::swap(descriptor_, other.descriptor_);
    std::swap(self_, other.self_);
    std::swap(times_, other.times_);
    std::swap(note_, other.note_);
    std::swap(renewed_, other.renewed_);
    return *this;
}

DirectoryLock::~DirectoryLock() {
    // An empty file names no holder, also to a host that cannot ask whether we live. A lease that
    // another process has taken over is not ours to end.
    if (descriptor_ && is_ours() && ::ftruncate(descriptor_.get(), 0) != 0) {
        return;  // then the next holder finds that this process is gone
    }
}

}  // namespace harrow::storage
