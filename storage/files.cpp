#include "storage/files.hpp"

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sweeps/error.hpp"

namespace harrow::storage {

namespace {

using sweeps::StorageError;

std::string cure_of(int error_number) {
    switch (error_number) {
        case ENOSPC:
        case EDQUOT:
            return "free some space there or choose another directory (--dir, --cache, --out), "
                   "then give the same command again";
        case EFBIG:
            return "raise the file size limit (ulimit -f) or choose another directory";
        case EROFS:
        case EACCES:
        case EPERM:
            return "check its owner and permissions or choose another directory (--dir, --cache, "
                   "--out)";
        case ENOENT:
            return "check the path";
        case ENOTDIR:
        case EISDIR:
        case EEXIST:
            return "something else has that name; move it away or choose another directory";
        case EMFILE:
        case ENFILE:
            return "raise the limit of open files (ulimit -n)";
        default:
            return "check the file system and try again";
    }
}

/// Why a path that leads nowhere is not just absent; empty when it is. A link on the way may point
/// to a disk that is not mounted.
std::string obstacle_of(const std::filesystem::path& path) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    for (fs::path place = path; !place.empty(); place = place.parent_path()) {
        const fs::file_status status = fs::status(place, ignored);
        const std::string name = place == path ? "" : "cannot be reached: " + place.string() + " ";
        if (status.type() != fs::file_type::not_found) {
            return place == path || fs::is_directory(status) ? "" : name + "is no folder";
        }
        if (fs::is_symlink(fs::symlink_status(place, ignored))) {
            return name + "is a symbolic link to " + fs::read_symlink(place, ignored).string() +
                   ", which does not exist";
        }
        if (place == place.parent_path()) {
            break;
        }
    }
    return "";
}

}  // namespace

void FileDescriptorTraits::close(Type descriptor) noexcept {
    ::close(descriptor);
}

std::string io_error_text(std::string_view action,
                          const std::filesystem::path& path,
                          int error_number) {
    return "cannot " + std::string(action) + " " + path.string() + ": " +
           std::generic_category().message(error_number) + "; " + cure_of(error_number);
}

void throw_io_error(std::string_view action, const std::filesystem::path& path, int error_number) {
    const std::string text = io_error_text(action, path, error_number);
    if (error_number == ENOSPC || error_number == EDQUOT) {
        throw NoSpaceError(text);
    }
    throw StorageError(text);
}

bool tells_of_no_space(std::string_view message) {
    return message.find(std::generic_category().message(ENOSPC)) != std::string_view::npos ||
           message.find(std::generic_category().message(EDQUOT)) != std::string_view::npos;
}

void write_all(int descriptor, std::string_view bytes, const std::filesystem::path& path) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            throw_io_error("write", path, errno);
        }
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

void read_at(int descriptor,
             std::uint64_t offset,
             void* data,
             std::size_t bytes,
             const std::filesystem::path& path) {
    char* position = static_cast<char*>(data);
    while (bytes > 0) {
        const ssize_t count = ::pread(descriptor, position, bytes, static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            throw StorageError(io_error_text("read", path, errno));
        }
        if (count == 0) {
            throw StorageError("cannot read " + path.string() + ": it ends at byte " +
                               std::to_string(offset) +
                               " although it was longer; another program "
                               "changed it, run the same command again");
        }
        position += count;
        offset += static_cast<std::uint64_t>(count);
        bytes -= static_cast<std::size_t>(count);
    }
}

void write_at(int descriptor,
              std::uint64_t offset,
              const void* data,
              std::size_t bytes,
              const std::filesystem::path& path) {
    const char* position = static_cast<const char*>(data);
    while (bytes > 0) {
        const ssize_t written = ::pwrite(descriptor, position, bytes, static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            throw_io_error("write", path, errno);
        }
        position += written;
        offset += static_cast<std::uint64_t>(written);
        bytes -= static_cast<std::size_t>(written);
    }
}

std::string read_file(const std::filesystem::path& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) {
        throw StorageError(io_error_text("open", path, errno));
    }
    struct stat status {};
    std::string bytes;
    if (::fstat(file.get(), &status) == 0 && status.st_size > 0) {
        bytes.reserve(static_cast<std::size_t>(status.st_size));
    }
    std::array<char, 1U << 16> buffer{};
    while (true) {
        const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            throw StorageError(io_error_text("read", path, errno));
        }
        if (count == 0) {
            return bytes;
        }
        bytes.append(buffer.data(), static_cast<std::size_t>(count));
    }
}

FileLook look_at_file(const std::filesystem::path& path) {
    namespace fs = std::filesystem;
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (fs::is_regular_file(status)) {
        return {FileLook::Presence::Regular, ""};
    }
    if (status.type() == fs::file_type::none) {
        return {FileLook::Presence::Other, "cannot be looked at (" + error.message() + ")"};
    }
    if (fs::exists(status)) {
        return {FileLook::Presence::Other,
                fs::is_directory(status) ? "is a folder" : "is no regular file"};
    }
    std::string obstacle = obstacle_of(path);
    return obstacle.empty() ? FileLook{FileLook::Presence::Absent, "does not exist"}
                            : FileLook{FileLook::Presence::Other, std::move(obstacle)};
}

void create_directories(const std::filesystem::path& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) {
        throw StorageError(io_error_text("create directory", path, error.value()));
    }
    if (!std::filesystem::is_directory(path, error)) {
        throw StorageError(io_error_text("create directory", path, ENOTDIR));
    }
}

std::string host_name() {
    std::array<char, HOST_NAME_MAX + 1> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') {
        return "unknown-host";
    }
    return name.data();
}

}  // namespace harrow::storage
