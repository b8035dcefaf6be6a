#include "cli/doctor_checks.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include <nlohmann/json.hpp>

#include "cli/quantities.hpp"
#include "coordinator/device_slots.hpp"

namespace harrow::cli {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kMinShm = std::int64_t{64} << 20;
constexpr std::int64_t kMinOpenFiles = 1024;
constexpr std::int64_t kYear2024 = 1704067200;
constexpr std::uint64_t kLeastSpace = std::uint64_t{64} << 20;
constexpr std::uint64_t kLittleSpace = std::uint64_t{5} << 30;
constexpr std::uint64_t kLeastFiles = 100;
constexpr std::uint64_t kFewFiles = 10'000;

Finding ok(std::string what, std::string found) {
    return {Health::Ok, std::move(what), std::move(found), ""};
}
Finding warn(std::string what, std::string found, std::string cure) {
    return {Health::Warn, std::move(what), std::move(found), std::move(cure)};
}
Finding fail(std::string what, std::string found, std::string cure) {
    return {Health::Fail, std::move(what), std::move(found), std::move(cure)};
}

/// The last line that is a JSON object: libraries may print before it.
Json last_object(const std::string& output) {
    const std::size_t at = output.rfind("\n{");
    const std::string text = output.substr(at == std::string::npos ? 0 : at + 1);
    return Json::parse(text.substr(0, text.find('\n')), nullptr, false);
}

Finding judge_build(const Json& answer, const WorkerAnswer& worker, const std::string& own_build) {
    const std::string build = answer.value("build", "");
    return build == own_build
               ? ok("worker", worker.path + ", same build (" + build + ")")
               : fail("worker",
                      worker.path + " is of build " + build + ", harrow of " + own_build,
                      "build or install both programs together (make build)");
}

Finding judge_blas(const Json& answer) {
    const std::string library = answer.value("blas", "");
    if (answer.value("blas_warning", "").empty()) {
        return ok("BLAS", library.empty() ? "part of torch" : library);
    }
    return warn("BLAS",
                library + ", the reference one: some 25 times slower",
                "apt install libopenblas0-pthread");
}

/// "open mpi 4" of "mpirun (Open MPI) 4.1.4", "Open MPI v4.1.4, package: …"; empty: unknown.
std::string vendor_and_major(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char letter) {
        return std::tolower(letter);
    });
    for (const char* vendor : {"open mpi", "openrte", "prrte", "mpich", "intel", "mvapich"}) {
        const std::size_t at = text.find(vendor);
        const std::size_t digit =
            at == std::string::npos ? at : text.find_first_of("0123456789", at);
        if (digit != std::string::npos) {
            const std::size_t end = text.find_first_not_of("0123456789", digit);
            const std::string name = std::string(vendor) == "openrte" ? "open mpi" : vendor;
            return name + " " + text.substr(digit, end - digit);
        }
    }
    return "";
}

Finding judge_mpi(const MachineFacts& facts) {
    if (!facts.mpirun) {
        return warn("MPI",
                    facts.mpi_library + "; no mpirun in PATH",
                    "only for several ranks: apt install openmpi-bin, or load the cluster's "
                    "module of the MPI that harrow was built with");
    }
    const std::string library = vendor_and_major(facts.mpi_library);
    const std::string launcher = vendor_and_major(*facts.mpirun);
    const std::string found = facts.mpi_library + "; launcher: " + *facts.mpirun;
    if (!library.empty() && !launcher.empty() && library != launcher) {
        return fail("MPI",
                    found,
                    "every rank would believe to be alone: put the mpirun of " + library +
                        " first in PATH, or build harrow with the other MPI");
    }
    return ok("MPI", found);
}

Finding judge_pmix(const MachineFacts& facts) {
    if (!facts.srun_mpi_list) {
        return ok("PMIx", "no srun here; needed for `srun --mpi=pmix` only");
    }
    const std::string& list = *facts.srun_mpi_list;
    if (list.find("pmix") != std::string::npos) {
        return ok("PMIx", "srun has --mpi=pmix");
    }
    return list.find("error:") != std::string::npos
               ? warn("PMIx",
                      "srun reaches no Slurm: " + list.substr(0, list.find('\n')),
                      "only on a cluster: ask on a node that belongs to it, or set SLURM_CONF")
               : warn("PMIx",
                      "srun has no --mpi=pmix",
                      "start ranks with `mpirun` inside the allocation, or have Slurm built with "
                      "PMIx");
}

Finding judge_cpus(const MachineFacts& facts) {
    const std::string found = std::to_string(facts.cpus_allowed) + " of " +
                              std::to_string(facts.cpus_online) + " may be used";
    return facts.cpus_allowed == 1 && facts.cpus_online > 1
               ? warn("CPU cores",
                      found,
                      "all slots would share one core: mpirun --bind-to none (srun "
                      "--cpu-bind=none), or ask for more cores")
               : ok("CPU cores", found);
}

Finding judge_shm(std::int64_t bytes) {
    if (bytes < 0) {
        return warn("/dev/shm", "not there", "ranks of one node talk through it: mount a tmpfs");
    }
    const std::string found = size_text(static_cast<std::uint64_t>(bytes));
    return bytes < kMinShm ? warn("/dev/shm",
                                  found,
                                  "ranks of one node talk through it: start the container with "
                                  "--shm-size=1g (or --ipc=host)")
                           : ok("/dev/shm", found);
}

}  // namespace

std::string_view name_of(Health health) {
    return health == Health::Ok ? "ok" : health == Health::Warn ? "warn" : "FAIL";
}

std::vector<Finding> judge_worker(const WorkerAnswer& answer, const std::string& own_build) {
    const std::string together = "build or install both programs together (make build)";
    if (!answer.problem.empty()) {
        return {fail("worker", answer.problem, together)};
    }
    const Json json = last_object(answer.output);
    try {
        if (!json.is_object() || json.at("version") != 1) {
            return {
                fail("worker", answer.path + " answers as no worker of this version", together)};
        }
        return {judge_build(json, answer, own_build),
                ok("torch",
                   json.at("torch").get<std::string>() +
                       (json.at("cuda").get<bool>() ? ", with CUDA" : ", CPU only")),
                judge_blas(json)};
    } catch (const Json::exception&) {
        return {fail("worker", answer.path + " gives an answer that cannot be read", together)};
    }
}

std::vector<Finding> judge_machine(const MachineFacts& facts) {
    std::vector<Finding> findings = {
        judge_cpus(facts), judge_mpi(facts), judge_pmix(facts), judge_shm(facts.shm_bytes)};
    const std::string files = std::to_string(facts.open_files);
    findings.push_back(facts.open_files < kMinOpenFiles
                           ? warn("open files", files + " at a time", "ulimit -n 4096")
                           : ok("open files", files + " at a time"));
    findings.push_back(facts.now < kYear2024
                           ? fail("clock",
                                  "it says a day before 2024",
                                  "set the clock (timedatectl set-ntp true): leases and the ages "
                                  "of files depend on it")
                           : ok("clock", "plausible"));
    findings.push_back(
        facts.gnuplot ? ok("gnuplot", "found")
                      : warn("gnuplot", "not found", "only for figures: apt install gnuplot-nox"));
    return findings;
}

Finding judge_gpus(const std::optional<coordinator::ProbeResult>& found,
                   const std::optional<std::string>& visible_devices) {
    const std::string visible =
        visible_devices ? " (CUDA_VISIBLE_DEVICES=" + *visible_devices + ")" : "";
    if (!found) {
        return ok("GPUs", "no driver: slots compute on the CPU");
    }
    if (!found->problem.empty()) {
        return fail("GPUs",
                    "harrow-worker --probe failed: " + found->problem,
                    "see nvidia-smi; --device cpu computes without");
    }
    if (found->devices.empty()) {
        return warn(
            "GPUs",
            "a driver, but no device" + visible + (found->note.empty() ? "" : ": " + found->note),
            "GPUs need a Harrow built with CUDA (scripts/build-with-cuda.sh) and a "
            "CUDA_VISIBLE_DEVICES that does not hide them; --device cpu computes without");
    }
    std::string list;
    for (std::size_t index = 0; index < found->devices.size(); ++index) {
        const coordinator::Device& device = found->devices[index];
        list += (index > 0 ? "; " : "") + std::to_string(index) + ": " + to_string(device);
        for (std::size_t other = 0; other < index && !device.uuid.empty(); ++other) {
            if (found->devices[other].uuid == device.uuid) {
                return fail("GPUs",
                            device.uuid + " is listed twice" + visible,
                            "name each GPU once in CUDA_VISIBLE_DEVICES");
            }
        }
    }
    return ok("GPUs", list + visible);
}

Finding judge_space(const std::string& what,
                    const std::filesystem::path& path,
                    const SpaceFacts& space) {
    const std::string found =
        size_text(space.free_bytes) + " free in " + path.string() +
        (space.files > 0 ? ", " + std::to_string(space.free_files) + " more files" : "");
    const bool no_files = space.files > 0 && space.free_files < kLeastFiles;
    const bool few_files = space.files > 0 && space.free_files < kFewFiles;
    const std::string cure = few_files ? "remove files that nobody needs: the file system counts "
                                         "them (df -i)"
                                       : "make room (harrow cache gc --max-size 50G), or choose "
                                         "another disk";
    if (space.free_bytes < kLeastSpace || no_files) {
        return fail(what, found, cure);
    }
    return space.free_bytes < kLittleSpace || few_files ? warn(what, found, cure) : ok(what, found);
}

}  // namespace harrow::cli
