#include "storage/cache_gc.hpp"

#include <algorithm>
#include <cerrno>
#include <set>
#include <system_error>

#include <sys/stat.h>
#include <unistd.h>

#include "storage/cache_lease.hpp"
#include "storage/files.hpp"

namespace harrow::storage {

namespace {

class Collector {
public:
    Collector(const FeatureCache& cache, const GcPolicy& policy, std::time_t now)
        : cache_(cache), policy_(policy), now_(now) {}

    GcReport collect() {
        CacheListing listing = list_cache(cache_, Describe::No);
        report_.problems = listing.problems;
        report_.bytes_before = report_.bytes_after = listing.entry_bytes();
        remove_features(std::move(listing.entries));
        remove_temporaries(listing.temporary);
        if (policy_.quarantine) {
            for (const OtherFile& file : listing.quarantined) {
                if (remove(file.path)) {
                    report_.quarantined.push_back(file);
                }
            }
        }
        remove_empty_folders();
        return std::move(report_);
    }

private:
    void remove_features(std::vector<CacheEntry> entries) {
        std::stable_sort(
            entries.begin(), entries.end(), [](const CacheEntry& a, const CacheEntry& b) {
                return a.last_used < b.last_used;
            });
        const std::set<std::string> leased = leased_keys(cache_.root());
        for (const CacheEntry& entry : entries) {
            const bool idle = policy_.max_idle_s && now_ - entry.last_used > *policy_.max_idle_s;
            const bool too_much = policy_.max_bytes && report_.bytes_after > *policy_.max_bytes;
            if (!idle && !too_much) {
                continue;
            }
            if (leased.count(entry.key) > 0 || used_since(entry)) {
                ++report_.kept_in_use;
            } else if (remove(entry.path)) {
                report_.bytes_after -= entry.bytes;
                report_.removed.push_back(entry);
            }
        }
    }

    /// Somebody may have opened or replaced it since it was listed.
    static bool used_since(const CacheEntry& entry) {
        struct stat status {};
        return ::stat(entry.path.c_str(), &status) == 0 &&
               std::max(status.st_atim.tv_sec, status.st_mtim.tv_sec) > entry.last_used;
    }

    void remove_temporaries(const std::vector<OtherFile>& temporary) {
        std::set<std::filesystem::path> folders;
        for (const OtherFile& file : temporary) {
            folders.insert(file.path.parent_path());
        }
        for (const std::filesystem::path& folder : folders) {
            const auto stale = stale_temporaries(folder, Writers::OfAnyHost);
            for (const OtherFile& file : temporary) {
                if (std::find(stale.begin(), stale.end(), file.path) != stale.end() &&
                    remove(file.path)) {
                    report_.temporaries.push_back(file);
                }
            }
        }
    }

    void remove_empty_folders() {
        if (policy_.dry_run) {
            return;
        }
        std::error_code error;
        std::vector<std::filesystem::path> folders;
        for (const auto& entry : std::filesystem::directory_iterator(cache_.root(), error)) {
            std::error_code ignored;
            if (is_own_folder(entry.path().filename().string()) && entry.is_directory(ignored) &&
                !entry.is_symlink(ignored)) {
                folders.push_back(entry.path());
            }
        }
        for (const std::filesystem::path& folder : folders) {
            ::rmdir(folder.c_str());  // refuses a folder that holds anything
        }
    }

    bool remove(const std::filesystem::path& file) {
        if (policy_.dry_run || ::unlink(file.c_str()) == 0 || errno == ENOENT) {
            return true;
        }
        report_.problems.push_back(io_error_text("remove", file, errno));
        return false;
    }

    const FeatureCache& cache_;
    const GcPolicy& policy_;
    std::time_t now_;
    GcReport report_;
};

}  // namespace

GcReport collect_garbage(const FeatureCache& cache, const GcPolicy& policy, std::time_t now) {
    return Collector(cache, policy, now).collect();
}

}  // namespace harrow::storage
