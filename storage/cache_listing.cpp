#include "storage/cache_listing.hpp"

#include <algorithm>
#include <numeric>
#include <system_error>

#include <sys/stat.h>

#include "storage/files.hpp"
#include "sweeps/error.hpp"

namespace harrow::storage {

namespace {

bool is_hexadecimal(const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// The key that a file of the cache is named after; empty for any other file.
std::string key_of(const std::filesystem::path& file) {
    const std::string key = file.stem().string();
    const bool ours = file.extension() == ".h5" && key.size() == 32 && is_hexadecimal(key) &&
                      file.parent_path().filename() == key.substr(0, 2);
    return ours ? key : "";
}

/// Harrow's notes about running sweeps and about data sets.
bool holds_no_features(const std::filesystem::path& folder) {
    return folder.filename() == "in-use" || folder.filename() == "digests";
}

class Lister {
public:
    Lister(const FeatureCache& cache, Describe describe) : cache_(cache), describe_(describe) {}

    CacheListing list() {
        visit(cache_.root(), 0);
        const auto by_key = [](const CacheEntry& a, const CacheEntry& b) { return a.key < b.key; };
        std::sort(result_.entries.begin(), result_.entries.end(), by_key);
        return std::move(result_);
    }

private:
    static constexpr int kMaxDepth = 2;

    void visit(const std::filesystem::path& folder, int depth) {
        std::error_code error;
        std::filesystem::directory_iterator entries(folder, error);
        if (error) {
            if (error == std::errc::no_such_file_or_directory) {
                result_.root_exists = result_.root_exists && depth > 0;
            } else {
                result_.problems.push_back(io_error_text("list", folder, error.value()));
            }
            return;
        }
        for (; !error && entries != std::filesystem::directory_iterator();
             entries.increment(error)) {
            const std::filesystem::path path = entries->path();
            struct stat status {};
            if (::lstat(path.c_str(), &status) != 0) {
                continue;  // gone meanwhile
            }
            if (!S_ISDIR(status.st_mode)) {
                add(path, status);
            } else if (depth + 1 < kMaxDepth && !(depth == 0 && holds_no_features(path))) {
                visit(path, depth + 1);
            }
        }
        if (error) {
            result_.problems.push_back(io_error_text("list", folder, error.value()));
        }
    }

    void add(const std::filesystem::path& path, const struct stat& status) {
        const auto bytes = static_cast<std::uint64_t>(status.st_size);
        const std::string name = path.filename().string();
        const std::string key =
            path.parent_path().parent_path() == cache_.root() ? key_of(path) : "";
        if (path.parent_path() == cache_.root() / "quarantine") {
            result_.quarantined.push_back({path, bytes});
        } else if (name[0] == '.' && name.find(".tmp.") != std::string::npos) {
            result_.temporary.push_back({path, bytes});
        } else if (key.empty() || !S_ISREG(status.st_mode)) {
            result_.foreign.push_back({path, bytes});
        } else {
            result_.entries.push_back({key,
                                       path,
                                       bytes,
                                       std::max(status.st_atim.tv_sec, status.st_mtim.tv_sec),
                                       std::nullopt,
                                       ""});
            if (describe_ == Describe::Yes) {
                fill(result_.entries.back());
            }
        }
    }

    void fill(CacheEntry& entry) const {
        try {
            entry.info = cache_.describe(entry.key);
        } catch (const sweeps::Error& error) {
            entry.problem = error.what();
        }
    }

    const FeatureCache& cache_;
    Describe describe_;
    CacheListing result_;
};

}  // namespace

bool is_own_folder(const std::string& name) {
    return (name.size() == 2 && is_hexadecimal(name)) || name == "quarantine" ||
           holds_no_features(name);
}

std::uint64_t CacheListing::entry_bytes() const noexcept {
    return std::accumulate(entries.begin(),
                           entries.end(),
                           std::uint64_t{0},
                           [](std::uint64_t sum, const CacheEntry& e) { return sum + e.bytes; });
}

CacheListing list_cache(const FeatureCache& cache, Describe describe) {
    return Lister(cache, describe).list();
}

}  // namespace harrow::storage
