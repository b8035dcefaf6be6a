#include "storage/pending_directory.hpp"

#include <system_error>

#include <unistd.h>

#include "storage/files.hpp"
#include "sweeps/error.hpp"

namespace harrow::storage {
namespace {

namespace fs = std::filesystem;

/// Absolute, and without the '/' at the end of "DIR/".
fs::path normal_target(const fs::path& target) {
    const fs::path normal = fs::absolute(target).lexically_normal();
    return normal.has_filename() ? normal : normal.parent_path();
}

}  // namespace

std::string occupied_directory_problem(const fs::path& directory) {
    std::error_code error;
    if (fs::exists(directory, error) && !fs::is_directory(directory, error)) {
        return "exists and is not a directory; name a new or empty directory";
    }
    if (fs::exists(directory, error) && !fs::is_empty(directory, error)) {
        return "is not empty; name a new or empty directory";
    }
    return "";
}

PendingDirectory::PendingDirectory(const fs::path& target)
    : target_(normal_target(target)),
      temporary_(target_.parent_path() /
                 ("." + target_.filename().string() + ".tmp" + std::to_string(::getpid()))) {
    std::error_code ignored;
    fs::remove_all(temporary_, ignored);  // of a process that was killed and had our number
    storage::create_directories(temporary_);
}

PendingDirectory::~PendingDirectory() {
    std::error_code ignored;
    fs::remove_all(temporary_, ignored);
}

void PendingDirectory::publish() {
    std::error_code error;
    fs::rename(temporary_, target_, error);  // replaces an empty directory
    if (error) {
        throw sweeps::StorageError(io_error_text("publish", target_, error.value()));
    }
}

}  // namespace harrow::storage
