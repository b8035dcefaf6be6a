#include "cli/doctor_checks.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.hpp"

namespace harrow::cli {
namespace {

constexpr const char* kAnswer =
    R"({"version":1,"build":"1.0+abc","torch":"1.13.1","cuda":false,"blas":"/l/libopenblas.so.0",)"
    R"("blas_warning":""})";

const Finding& about(const std::vector<Finding>& findings, const std::string& what) {
    const auto found = std::find_if(findings.begin(), findings.end(), [&](const Finding& finding) {
        return finding.what == what;
    });
    if (found == findings.end()) {
        throw std::runtime_error("nothing is said about " + what);
    }
    return *found;
}

MachineFacts sound_machine() {
    MachineFacts facts;
    facts.cpus_online = facts.cpus_allowed = 8;
    facts.mpi_library = "Open MPI v4.1.4, package: Debian OpenMPI";
    facts.mpirun = "mpirun (Open MPI) 4.1.4";
    facts.shm_bytes = std::int64_t{1} << 33;
    facts.open_files = 4096;
    facts.now = 1'800'000'000;
    facts.gnuplot = true;
    return facts;
}

TEST(DoctorWorkerTest, SameBuildAndFastBlasAreFine) {
    const auto findings = judge_worker({"/b/harrow-worker", kAnswer, ""}, "1.0+abc");
    for (const Finding& finding : findings) {
        EXPECT_EQ(finding.health, Health::Ok) << finding.found;
    }
    EXPECT_NE(about(findings, "torch").found.find("1.13.1"), std::string::npos);
    EXPECT_EQ(about(findings, "BLAS").found, "/l/libopenblas.so.0");
}

TEST(DoctorWorkerTest, AnotherBuildAndReferenceBlasAreNamedWithTheirCure) {
    std::string answer = std::string("a library says hello\n") + kAnswer + "\n";
    EXPECT_EQ(judge_worker({"w", answer, ""}, "1.0+xyz")[0].health, Health::Fail);
    answer.replace(answer.find("\"blas_warning\":\"\""), 17, "\"blas_warning\":\"slow\"");
    const Finding blas = about(judge_worker({"w", answer, ""}, "1.0+abc"), "BLAS");
    EXPECT_EQ(blas.health, Health::Warn);
    EXPECT_NE(blas.cure.find("libopenblas0-pthread"), std::string::npos);
}

TEST(DoctorWorkerTest, NoAnswerAndNonsenseFail) {
    for (const char* output : {"",
                               "{",
                               "{}",
                               "[1]",
                               "error: no socket",
                               R"({"version":2})",
                               R"({"version":1,"build":"b"})",
                               R"({"version":1,"torch":7})"}) {
        const auto findings = judge_worker({"w", output, ""}, "b");
        ASSERT_EQ(findings.size(), 1U) << output;
        EXPECT_EQ(findings[0].health, Health::Fail) << output;
        EXPECT_FALSE(findings[0].cure.empty());
    }
    EXPECT_EQ(judge_worker({"", "", "not found"}, "b")[0].found, "not found");
}

TEST(DoctorMachineTest, NothingIsWrongWithASoundMachine) {
    for (const Finding& finding : judge_machine(sound_machine())) {
        EXPECT_EQ(finding.health, Health::Ok) << finding.what << ": " << finding.found;
        EXPECT_TRUE(finding.cure.empty());
    }
}

TEST(DoctorMachineTest, EachFaultIsFoundAlone) {
    struct Fault {
        const char* what;
        Health health;
        void (*make)(MachineFacts&);
    };
    const Fault faults[] = {
        {"CPU cores", Health::Warn, [](MachineFacts& m) { m.cpus_allowed = 1; }},
        {"MPI", Health::Warn, [](MachineFacts& m) { m.mpirun.reset(); }},
        {"MPI", Health::Fail, [](MachineFacts& m) { m.mpirun = "HYDRA build details: MPICH 4.0"; }},
        {"MPI", Health::Fail, [](MachineFacts& m) { m.mpirun = "mpirun (Open MPI) 5.0.1"; }},
        {"PMIx", Health::Warn, [](MachineFacts& m) { m.srun_mpi_list = "none\npmi2\n"; }},
        {"/dev/shm", Health::Warn, [](MachineFacts& m) { m.shm_bytes = 1 << 20; }},
        {"/dev/shm", Health::Warn, [](MachineFacts& m) { m.shm_bytes = -1; }},
        {"open files", Health::Warn, [](MachineFacts& m) { m.open_files = 256; }},
        {"clock", Health::Fail, [](MachineFacts& m) { m.now = 0; }},
        {"gnuplot", Health::Warn, [](MachineFacts& m) { m.gnuplot = false; }},
    };
    for (const Fault& fault : faults) {
        MachineFacts facts = sound_machine();
        fault.make(facts);
        for (const Finding& finding : judge_machine(facts)) {
            const bool expected = finding.what == fault.what;
            EXPECT_EQ(finding.health, expected ? fault.health : Health::Ok) << finding.what;
            EXPECT_EQ(finding.cure.empty(), !expected) << finding.what;
        }
    }
    MachineFacts slurm = sound_machine();
    slurm.srun_mpi_list = "MPI plugin types are...\n\tpmix\n\tnone\n";
    EXPECT_EQ(about(judge_machine(slurm), "PMIx").health, Health::Ok);
}

TEST(DoctorGpuTest, DriverWithoutDeviceWarnsAndDuplicatesFail) {
    EXPECT_EQ(judge_gpus(std::nullopt, std::nullopt).health, Health::Ok);
    coordinator::ProbeResult probe;
    EXPECT_EQ(judge_gpus(probe, "").health, Health::Warn);
    probe.devices = {{0, "GPU-1", "H200", 1 << 30}, {1, "GPU-2", "H200", 1 << 30}};
    EXPECT_EQ(judge_gpus(probe, std::nullopt).health, Health::Ok);
    probe.devices[1].uuid = "GPU-1";
    EXPECT_EQ(judge_gpus(probe, "0,0").health, Health::Fail);
    probe.problem = "killed by SIGSEGV";
    EXPECT_EQ(judge_gpus(probe, std::nullopt).health, Health::Fail);
}

TEST(DoctorSpaceTest, BytesAndFilesBothRunOut) {
    const std::uint64_t gib = std::uint64_t{1} << 30;
    EXPECT_EQ(judge_space("s", "/d", {100 * gib, 0, 0}).health, Health::Ok);
    EXPECT_EQ(judge_space("s", "/d", {100 * gib, 1 << 20, 1 << 19}).health, Health::Ok);
    EXPECT_EQ(judge_space("s", "/d", {gib, 0, 0}).health, Health::Warn);
    EXPECT_EQ(judge_space("s", "/d", {0, 0, 0}).health, Health::Fail);
    EXPECT_EQ(judge_space("s", "/d", {100 * gib, 1 << 20, 5000}).health, Health::Warn);
    EXPECT_EQ(judge_space("s", "/d", {100 * gib, 1 << 20, 0}).health, Health::Fail);
}

TEST(DoctorDirectoryTest, WritableOnesAreFineAndNothingStays) {
    const storage::testing::TemporaryDirectory directory;
    for (const auto& place : {directory.path(), directory / "not/there/yet"}) {
        const auto findings = check_directory(place, DirectoryUse::Run);
        EXPECT_EQ(about(findings, "run directory").health, Health::Ok) << findings[0].found;
        EXPECT_EQ(about(findings, "file locks").health, Health::Ok);
        EXPECT_EQ(about(findings, "file times").health, Health::Ok);
    }
    EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(DoctorDirectoryTest, OneThatCannotBeMadeFailsWithACure) {
    const storage::testing::TemporaryDirectory directory;
    std::ofstream(directory / "file") << "x";
    const auto findings = check_directory(directory / "file" / "cache", DirectoryUse::Cache);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].health, Health::Fail);
    EXPECT_NE(findings[0].cure.find("HARROW_CACHE"), std::string::npos);
}

}  // namespace
}  // namespace harrow::cli
