// What `harrow doctor` learns from the machine: see doctor_checks.hpp.
#include <cerrno>
#include <cstring>
#include <ctime>
#include <system_error>

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cli/doctor_checks.hpp"
#include "coordinator/mpi_transport.hpp"
#include "coordinator/program_output.hpp"
#include "storage/files.hpp"
#include "sweeps/error.hpp"

namespace harrow::cli {
namespace {

namespace fs = std::filesystem;
using storage::FileDescriptor;

constexpr auto kProgramLimit = std::chrono::seconds(10);
constexpr std::time_t kMaxSkew_s = 5;

std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

/// What a program on PATH prints; missing where there is none.
std::optional<std::string> output_of(const std::string& name, const std::string& argument) {
    const std::string program = coordinator::find_program(name);
    if (program.empty()) {
        return std::nullopt;
    }
    try {
        return coordinator::run_for_output(
                   {program, {argument}, coordinator::process_environment()}, kProgramLimit)
            .output;
    } catch (const sweeps::Error& error) {
        return error.what();
    }
}

/// The directory, or the nearest one above it that exists.
fs::path existing_part(const fs::path& directory) {
    std::error_code error;
    fs::path part = fs::absolute(directory, error).lexically_normal();
    while (!fs::exists(part, error) && part.has_relative_path()) {
        part = part.parent_path();
    }
    return part;
}

bool set_lock(const FileDescriptor& descriptor) {
    struct flock whole_file {};
    whole_file.l_type = F_WRLCK;
    whole_file.l_whence = SEEK_SET;
    return descriptor && ::fcntl(descriptor.get(), F_OFD_SETLK, &whole_file) == 0;
}

/// Two open files of this process exclude each other exactly as two processes do.
Finding check_locks(const fs::path& file) {
    const FileDescriptor first(::open(file.c_str(), O_RDWR | O_CLOEXEC));
    const FileDescriptor second(::open(file.c_str(), O_RDWR | O_CLOEXEC));
    const std::string where = " in " + file.parent_path().string();
    const std::string cure =
        "one `harrow run` per directory is then kept by a written lease; never start two by hand, "
        "or choose a --dir on a file system with locks (NFS: mount without nolock)";
    if (!set_lock(first)) {
        return {Health::Warn, "file locks", "none" + where + ": " + std::strerror(errno), cure};
    }
    if (set_lock(second)) {
        return {Health::Warn, "file locks", "two holders at a time" + where, cure};
    }
    return {Health::Ok, "file locks", "work" + where, ""};
}

Finding check_clock(const fs::path& file) {
    struct stat written = {};
    const std::time_t now = std::time(nullptr);
    if (::stat(file.c_str(), &written) != 0 || std::abs(written.st_mtime - now) <= kMaxSkew_s) {
        return {Health::Ok, "file times", "agree with the clock", ""};
    }
    return {Health::Warn,
            "file times",
            file.parent_path().string() + " is " + std::to_string(written.st_mtime - now) +
                " s ahead of this machine's clock",
            "synchronise both clocks (NTP): the age of a lease is told by them"};
}

SpaceFacts space_of(const fs::path& directory) {
    struct statvfs found = {};
    if (::statvfs(directory.c_str(), &found) != 0) {
        return {};
    }
    return {std::uint64_t{found.f_bavail} * found.f_frsize, found.f_files, found.f_favail};
}

std::string use_text(DirectoryUse use) {
    return use == DirectoryUse::Run ? "run directory" : "cache";
}

}  // namespace

std::vector<Finding> check_directory(const fs::path& directory, DirectoryUse use) {
    const std::string what = use_text(use);
    const fs::path place = existing_part(directory);
    const std::string cure =
        use == DirectoryUse::Run
            ? "choose a --dir you may write to, or ask for the permission"
            : "choose another with --cache or HARROW_CACHE, or ask for the permission";
    std::vector<Finding> findings;
    try {
        const fs::path file =
            place / (".harrow-doctor." + storage::host_name() + "." + std::to_string(::getpid()));
        storage::write_file_atomic(file, "harrow doctor\n");
        findings.push_back(
            {Health::Ok,
             what,
             directory.string() + (place == fs::absolute(directory).lexically_normal()
                                       ? ": writing, sync and rename work"
                                       : " is not there yet and can be made"),
             ""});
        if (use == DirectoryUse::Run) {
            findings.push_back(check_locks(file));
            findings.push_back(check_clock(file));
        }
        ::unlink(file.c_str());
    } catch (const std::exception& error) {
        findings.push_back({Health::Fail, what, error.what(), cure});
        return findings;
    }
    findings.push_back(judge_space(what + " space", place, space_of(place)));
    return findings;
}

MachineFacts machine_facts() {
    MachineFacts facts;
    facts.cpus_online = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    facts.cpus_allowed = ::sched_getaffinity(0, sizeof(allowed), &allowed) == 0
                             ? CPU_COUNT(&allowed)
                             : facts.cpus_online;
    try {
        facts.mpi_library = coordinator::mpi_library_version();
    } catch (const sweeps::Error& error) {
        facts.mpi_library = error.what();
    }
    if (const auto version = output_of("mpirun", "--version")) {
        facts.mpirun = first_line(*version);
    }
    facts.srun_mpi_list = output_of("srun", "--mpi=list");
    struct statvfs shm = {};
    if (::statvfs("/dev/shm", &shm) == 0) {
        facts.shm_bytes = static_cast<std::int64_t>(std::uint64_t{shm.f_blocks} * shm.f_frsize);
    }
    struct rlimit files = {};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
        facts.open_files = files.rlim_cur == RLIM_INFINITY
                               ? std::int64_t{1} << 40
                               : static_cast<std::int64_t>(files.rlim_cur);
    }
    facts.now = std::time(nullptr);
    facts.gnuplot = !coordinator::find_program("gnuplot").empty();
    return facts;
}

}  // namespace harrow::cli
