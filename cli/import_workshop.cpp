#include "cli/import_workshop.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "cli/sweep_source.hpp"
#include "storage/files.hpp"
#include "sweeps/error.hpp"

namespace harrow::cli {
namespace {

namespace fs = std::filesystem;

void sync(const fs::path& directory) {
    const storage::FileDescriptor descriptor(
        ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (descriptor) {
        ::fsync(descriptor.get());  // some file systems refuse; the name is there all the same
    }
}

}  // namespace

ImportWorkshop::Site ImportWorkshop::site_of(const std::string& dir) {
    Site site;
    std::error_code ignored, error;
    site.exists = fs::is_directory(dir, ignored);
    site.place = absolute_path(site.exists ? fs::canonical(dir, error) : fs::path(dir));
    if (error) {
        storage::throw_io_error("find", dir, error.value());
    }
    site.place = site.place.has_filename() ? site.place : site.place.parent_path();
    site.parent = site.exists ? site.place : site.place.parent_path();
    site.stem = "." + site.place.filename().string() + ".import-" + storage::host_name() + "-";
    return site;
}

void ImportWorkshop::remove_dead(const std::string& dir) {
    const Site site = site_of(dir);
    std::error_code error;
    std::vector<fs::path> dead;
    for (fs::directory_iterator entry(site.parent, error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        pid_t process = 0;
        const char* const last = name.data() + name.size();
        if (name.compare(0, site.stem.size(), site.stem) != 0) {
            continue;
        }
        const auto parsed = std::from_chars(name.data() + site.stem.size(), last, process);
        if (parsed.ec == std::errc() && parsed.ptr == last && process > 0 &&
            (process == ::getpid() || (::kill(process, 0) != 0 && errno == ESRCH))) {
            dead.push_back(entry->path());
        }
    }
    for (const fs::path& path : dead) {
        fs::remove_all(path, error);
    }
}

ImportWorkshop::ImportWorkshop(const std::string& dir) : site_(site_of(dir)) {
    storage::create_directories(site_.parent);
    path_ = site_.parent / (site_.stem + std::to_string(::getpid()));
    std::error_code error;
    if (!fs::create_directory(path_, error)) {
        const fs::path wanted = std::exchange(path_, {});
        storage::throw_io_error("make the folder", wanted, error ? error.value() : EEXIST);
    }
}

ImportWorkshop::~ImportWorkshop() {
    std::error_code ignored;
    if (!path_.empty()) {
        fs::remove_all(path_, ignored);
    }
}

void ImportWorkshop::publish(const fs::path& last) {
    if (site_.exists) {
        fill_place(last.filename());
    } else if (::rename(path_.c_str(), site_.place.c_str()) == 0) {
        path_.clear();
    } else if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR) {
        refuse_content();
    } else {
        storage::throw_io_error("make", site_.place, errno);
    }
    sync(site_.exists ? site_.place : site_.parent);
}

/// The folder stays the one it was: a shell may stand in it, or a file system begin there. Two
/// imports see each other's workshop.
void ImportWorkshop::fill_place(const fs::path& last) {
    for (const fs::directory_entry& entry : fs::directory_iterator(site_.place)) {
        if (entry.path() != path_) {
            refuse_content();
        }
    }
    std::vector<fs::path> names;
    for (const fs::directory_entry& entry : fs::directory_iterator(path_)) {
        names.push_back(entry.path().filename());
    }
    std::stable_partition(
        names.begin(), names.end(), [&](const fs::path& name) { return name != last; });
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (::rename((path_ / names[i]).c_str(), (site_.place / names[i]).c_str()) != 0) {
            const int reason = errno;
            std::error_code ignored;
            for (std::size_t done = 0; done < i; ++done) {
                fs::remove_all(site_.place / names[done], ignored);
            }
            storage::throw_io_error("make", site_.place / names[i], reason);
        }
    }
}

void ImportWorkshop::refuse_content() const {
    throw sweeps::UsageError(site_.place.string() + " is not empty any more; choose another --dir");
}

}  // namespace harrow::cli
