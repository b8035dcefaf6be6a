#include "slurm/command.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

namespace harrow::slurm {
namespace {

using namespace std::chrono_literals;

CommandResult shell(const std::string& script, std::chrono::milliseconds limit = 30s) {
    return run_command({"sh", "-c", script}, limit, outside_environment());
}

TEST(CommandTest, OutputErrorsAndExitCodeAreToldApart) {
    const CommandResult result = shell("echo one; echo two >&2; exit 3");
    EXPECT_EQ(result.output, "one\n");
    EXPECT_EQ(result.error, "two\n");
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_FALSE(result.ok());
    EXPECT_EQ(command_problem("sbatch", result), "sbatch failed with exit code 3: two");
    EXPECT_EQ(command_problem("squeue", shell("printf '\\none\\ntwo\\n' >&2; exit 1")),
              "squeue failed with exit code 1: one")
        << "it becomes part of a line";
    EXPECT_EQ(command_problem("sbatch", shell("true")), "");
}

TEST(CommandTest, AMissingProgramIsNoException) {
    const CommandResult result =
        run_command({"no-such-program-of-slurm"}, 30s, outside_environment());
    EXPECT_FALSE(result.started);
    EXPECT_NE(command_problem("sbatch", result).find("Slurm is not installed here"),
              std::string::npos);
}

TEST(CommandTest, AProgramThatHangsIsKilledWithItsChildren) {
    const CommandResult result = shell("sleep 600 & echo $!; wait", 300ms);
    EXPECT_TRUE(result.timed_out);
    EXPECT_NE(command_problem("squeue", result).find("did not answer in time"), std::string::npos);
    const CommandResult state = shell("ps -o stat= -p " + result.output);
    EXPECT_TRUE(state.output.empty() || state.output.front() == 'Z') << state.output;
}

TEST(CommandTest, AProgramThatIsNotWantedAnyMoreIsKilled) {
    const auto begin = std::chrono::steady_clock::now();
    int looks = 0;
    const CommandResult result = run_command(
        {"sleep", "600"}, 600s, outside_environment(), [&looks] { return ++looks > 3; });
    EXPECT_FALSE(result.ok());
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 300s);
}

TEST(CommandTest, MuchOutputNeitherBlocksNorFillsMemory) {
    const CommandResult result = shell("head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2");
    EXPECT_TRUE(result.ok());
    EXPECT_EQ(result.output.size(), 1U << 20U);
}

TEST(CommandTest, ItsInputIsEmpty) {
    EXPECT_EQ(shell("cat").output, "");
}

TEST(CommandTest, AJobInheritsNothingOfTheAllocationItIsSubmittedFrom) {
    ::setenv("SLURM_JOB_ID", "7", 1);
    ::setenv("PMIX_RANK", "0", 1);
    ::setenv("OMPI_COMM_WORLD_RANK", "0", 1);
    ::setenv("SLURM_CONF", "/etc/elsewhere.conf", 1);
    ::setenv("OMPI_MCA_btl", "self,tcp", 1);
    const std::string seen = shell("env").output;
    for (const char* name : {"SLURM_JOB_ID", "PMIX_RANK", "OMPI_COMM_WORLD_RANK"}) {
        EXPECT_EQ(seen.find(name), std::string::npos) << name;
        ::unsetenv(name);
    }
    EXPECT_NE(seen.find("SLURM_CONF=/etc/elsewhere.conf"), std::string::npos);
    EXPECT_NE(seen.find("OMPI_MCA_btl=self,tcp"), std::string::npos);
    ::unsetenv("SLURM_CONF");
    ::unsetenv("OMPI_MCA_btl");
}

}  // namespace
}  // namespace harrow::slurm
