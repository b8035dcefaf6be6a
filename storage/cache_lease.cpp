#include "storage/cache_lease.hpp"

#include <sstream>
#include <system_error>

#include <unistd.h>

#include "storage/files.hpp"
#include "sweeps/error.hpp"

namespace harrow::storage {

namespace {

const char* const kFolder = "in-use";
const char* const kListEnd = ".keys";
const char* const kLockEnd = ".lock";

void remove_quietly(const std::filesystem::path& file) noexcept {
    std::error_code error;
    std::filesystem::remove(file, error);
}

}  // namespace

CacheLease::CacheLease(const std::filesystem::path& cache_root,
                       const std::vector<std::string>& keys) {
    try {
        const std::filesystem::path folder = cache_root / kFolder;
        storage::create_directories(folder);
        const std::string name = host_name() + "." + std::to_string(::getpid());
        lock_file_ = folder / (name + kLockEnd);
        lock_ = std::make_unique<DirectoryLock>(DirectoryLock::acquire(lock_file_));
        list_ = folder / (name + kListEnd);
        std::string text;
        for (const std::string& key : keys) {
            text += key + "\n";
        }
        write_file_atomic(list_, text);
    } catch (const sweeps::Error&) {
        // Then `gc` cannot know. What it removes under a run is extracted again.
    }
}

CacheLease::~CacheLease() {
    remove_quietly(list_);
    if (lock_) {
        remove_quietly(lock_file_);
    }
}

std::set<std::string> leased_keys(const std::filesystem::path& cache_root) noexcept {
    std::set<std::string> keys;
    try {
        std::error_code error;
        for (const auto& entry : std::filesystem::directory_iterator(cache_root / kFolder, error)) {
            const std::filesystem::path& list = entry.path();
            if (list.extension() != kListEnd) {
                continue;
            }
            const std::filesystem::path lock =
                std::filesystem::path(list).replace_extension(kLockEnd);
            if (!DirectoryLock::is_held(lock)) {
                remove_quietly(list);
                remove_quietly(lock);
                continue;
            }
            std::istringstream lines(read_file(list));
            for (std::string key; std::getline(lines, key);) {
                keys.insert(key);
            }
        }
    } catch (const std::exception&) {
        // A lease that cannot be read protects nothing.
    }
    return keys;
}

}  // namespace harrow::storage
