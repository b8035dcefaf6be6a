#include "slurm/job_request.hpp"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.hpp"

namespace harrow::slurm {
namespace {

using namespace storage::testing;

// "": taken.
std::string take(const std::string& name, const std::string& text, JobRequest* request = nullptr) {
    JobRequest scratch;
    for (const JobSetting& setting : job_settings()) {
        if (name == setting.name) {
            return setting.take(request != nullptr ? *request : scratch, text).value_or("");
        }
    }
    return "no such setting";
}

TEST(JobRequestTest, TimeLimitsAreReadAsSlurmReadsThem) {
    EXPECT_EQ(seconds_of_limit("30"), 30 * 60);
    EXPECT_EQ(seconds_of_limit("30:15"), 30 * 60 + 15);
    EXPECT_EQ(seconds_of_limit("12:00:01"), 12 * 3600 + 1);
    EXPECT_EQ(seconds_of_limit("2-12"), 60 * 3600);
    EXPECT_EQ(seconds_of_limit("2-12:30"), 60 * 3600 + 1800);
    EXPECT_EQ(seconds_of_limit("2-12:30:05"), 60 * 3600 + 1805);
    for (const char* text :
         {"", "-", "1-", "-1", "1:2:3:4", "1h", "1:-2", " 1", "1 ", "99999999999"}) {
        EXPECT_FALSE(seconds_of_limit(text)) << text;
    }
}

TEST(JobRequestTest, ValuesOutOfRangeAreRefused) {
    for (const auto& [name, text] : {std::pair("nodes", "0"),
                                     std::pair("nodes", "1.5"),
                                     std::pair("nodes", ""),
                                     std::pair("nodes", "+1"),
                                     std::pair("gpus_per_node", "many"),
                                     std::pair("gpus_per_node", ":4"),
                                     std::pair("gpus_per_node", "a b:4"),
                                     std::pair("memory", "G"),
                                     std::pair("memory", "64 G"),
                                     std::pair("time", "0"),
                                     std::pair("signal", "70000"),
                                     std::pair("requeue", "maybe"),
                                     std::pair("launcher", "mpiexec"),
                                     std::pair("partition", "a\nb"),
                                     std::pair("account", ""),
                                     std::pair("extra", "exclusive"),
                                     std::pair("extra", "--a\n#SBATCH --b"),
                                     std::pair("environment", "A B=1"),
                                     std::pair("environment", "A"),
                                     std::pair("log", "here.out")}) {
        EXPECT_NE(take(name, text), "") << name << " " << text;
    }
    for (const auto& [name, text] : {std::pair("gpus_per_node", "0"),
                                     std::pair("gpus_per_node", "a100-sxm:8"),
                                     std::pair("memory", "0"),
                                     std::pair("memory", "1500M"),
                                     std::pair("signal", "0"),
                                     std::pair("environment", "A_1="),
                                     std::pair("extra", "-w node1")}) {
        EXPECT_EQ(take(name, text), "") << name << " " << text;
    }
}

TEST(JobRequestTest, WhatComesLaterReplacesAndListsGrow) {
    JobRequest request;
    take("partition", "a", &request);
    take("partition", "b", &request);
    take("modules", "x", &request);
    take("modules", "y", &request);
    EXPECT_EQ(request.partition, "b");
    EXPECT_EQ(request.modules.size(), 2U);
}

TEST(JobRequestTest, TheLauncherFollowsTheNumberOfRanks) {
    JobRequest request;
    EXPECT_EQ(launcher_of(request), Launcher::None);
    request.tasks_per_node = 2;
    EXPECT_EQ(launcher_of(request), Launcher::Mpirun);
    request.launcher = Launcher::Srun;
    EXPECT_EQ(launcher_of(request), Launcher::Srun);
}

TEST(JobRequestTest, WhatDoesNotFitTogetherIsRefused) {
    JobRequest request;
    request.nodes = 2;
    request.launcher = Launcher::None;
    request.time = "2";
    request.signal_seconds = 120;
    const std::string message = message_of<sweeps::UsageError>([&] { require_sound(request); });
    EXPECT_TRUE(contains(message, "launcher: none starts one process, but the job has 2 ranks"));
    EXPECT_TRUE(contains(message, "signal: 120 s before the limit is before the start"));
    request.nodes = 1;
    request.signal_seconds = 119;
    EXPECT_NO_THROW(require_sound(request));
}

}  // namespace
}  // namespace harrow::slurm
