#pragma once

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "storage/directory_lock.hpp"

namespace harrow::storage {

/// While it lives, `harrow cache gc` leaves the named features alone: `<cache>/in-use/` holds a
/// list of keys and a lock that ends with this process, however that dies. Move-only.
class CacheLease {
public:
    /// A cache that cannot be written to is used without a lease: nothing is thrown for it.
    CacheLease(const std::filesystem::path& cache_root, const std::vector<std::string>& keys);
    CacheLease(const CacheLease&) = delete;
    CacheLease& operator=(const CacheLease&) = delete;
    ~CacheLease();

private:
    std::filesystem::path list_;
    std::filesystem::path lock_file_;
    std::unique_ptr<DirectoryLock> lock_;
};

/// Keys that live leases name; removes what dead ones left. On a file system without locks no lease
/// counts. Never throws.
std::set<std::string> leased_keys(const std::filesystem::path& cache_root) noexcept;

}  // namespace harrow::storage
