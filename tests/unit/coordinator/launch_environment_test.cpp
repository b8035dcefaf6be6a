#include "coordinator/launch_environment.hpp"

#include <cstdlib>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "sweeps/error.hpp"

namespace harrow::coordinator {
namespace {

// Only the given launcher variables are set while it lives; the others of interest are unset.
class LaunchVariables {
public:
    explicit LaunchVariables(const std::map<std::string, std::string>& values) {
        for (const char* name : kNames) {
            if (const char* old = std::getenv(name)) {
                saved_[name] = old;
            }
            ::unsetenv(name);
        }
        for (const auto& [name, value] : values) {
            ::setenv(name.c_str(), value.c_str(), 1);
        }
    }
    ~LaunchVariables() {
        for (const char* name : kNames) {
            ::unsetenv(name);
        }
        for (const auto& [name, value] : saved_) {
            ::setenv(name.c_str(), value.c_str(), 1);
        }
    }

private:
    static constexpr const char* kNames[] = {"OMPI_COMM_WORLD_RANK",
                                             "OMPI_COMM_WORLD_SIZE",
                                             "OMPI_COMM_WORLD_LOCAL_RANK",
                                             "OMPI_COMM_WORLD_LOCAL_SIZE",
                                             "SLURM_STEP_TASKS_PER_NODE",
                                             "SLURM_STEP_ID",
                                             "SLURM_STEP_NUM_TASKS",
                                             "SLURMD_TRES_BIND",
                                             "SLURM_GPUS_PER_TASK",
                                             "SLURM_NODEID",
                                             "PMIX_RANK",
                                             "SLURM_NTASKS",
                                             "SLURM_PROCID",
                                             "SLURM_LOCALID"};
    std::map<std::string, std::string> saved_;
};

TEST(LaunchEnvironmentTest, StartedByHandIsOneRank) {
    const LaunchVariables variables({});
    EXPECT_FALSE(launch_environment().under_launcher);
    EXPECT_EQ(launch_environment().size, 1);
}

TEST(LaunchEnvironmentTest, MpirunInsideSlurmIsBelievedFirst) {
    const LaunchVariables variables({{"OMPI_COMM_WORLD_RANK", "2"},
                                     {"OMPI_COMM_WORLD_SIZE", "3"},
                                     {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                                     {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"},
                                     {"SLURM_STEP_TASKS_PER_NODE", "1"},
                                     {"SLURM_PROCID", "0"},
                                     {"SLURM_NTASKS", "8"}});
    const LaunchEnvironment launch = launch_environment();
    EXPECT_TRUE(launch.under_launcher);
    EXPECT_EQ(launch.rank, 2);
    EXPECT_EQ(launch.size, 3);
    EXPECT_EQ(launch.local_rank, 1);
    EXPECT_EQ(launch.local_size, 2);
}

TEST(LaunchEnvironmentTest, RanksOfANodeAreCountedAsSlurmListsThem) {
    const auto on_node = [](const std::string& node, const std::string& list) {
        const LaunchVariables variables({{"PMIX_RANK", "1"},
                                         {"SLURM_NTASKS", "9"},
                                         {"SLURM_NODEID", node},
                                         {"SLURM_STEP_TASKS_PER_NODE", list}});
        return launch_environment().local_size;
    };
    EXPECT_EQ(on_node("0", "4"), 4);
    EXPECT_EQ(on_node("1", "4(x2),1"), 4);
    EXPECT_EQ(on_node("2", "4(x2),1"), 1);
    EXPECT_EQ(on_node("2", "1,2,3"), 3);
    EXPECT_EQ(on_node("5", "4(x2)"), 1);
    EXPECT_EQ(on_node("0", "many"), 1);
    EXPECT_EQ(on_node("0", ""), 1);
}

TEST(LaunchEnvironmentTest, SrunWithPmix) {
    const LaunchVariables variables(
        {{"PMIX_RANK", "1"}, {"SLURM_NTASKS", "4"}, {"SLURM_LOCALID", "1"}});
    const LaunchEnvironment launch = launch_environment();
    EXPECT_TRUE(launch.under_launcher);
    EXPECT_EQ(launch.rank, 1);
    EXPECT_EQ(launch.size, 4);
}

TEST(LaunchEnvironmentTest, TasksWithGpusOfTheirOwnShareThemWithNobody) {
    const auto share = [](const std::string& name, const std::string& value) {
        const LaunchVariables variables({{"PMIX_RANK", "3"},
                                         {"SLURM_STEP_NUM_TASKS", "4"},
                                         {"SLURM_LOCALID", "1"},
                                         {"SLURM_NODEID", "1"},
                                         {"SLURM_STEP_TASKS_PER_NODE", "2(x2)"},
                                         {name, value}});
        const LaunchEnvironment launch = launch_environment();
        EXPECT_EQ(launch.size, 4);
        return std::to_string(launch.local_rank) + " of " + std::to_string(launch.local_size);
    };
    EXPECT_EQ(share("SLURM_NTASKS", "4"), "1 of 2");
    EXPECT_EQ(share("SLURMD_TRES_BIND", "gpu:none"), "1 of 2");
    EXPECT_EQ(share("SLURMD_TRES_BIND", "gpu:per_task:2"), "0 of 1");
    EXPECT_EQ(share("SLURMD_TRES_BIND", "gpu:single:1"), "0 of 1");
    EXPECT_EQ(share("SLURMD_TRES_BIND", "gres/gpu:map:0,1"), "0 of 1");
    EXPECT_EQ(share("SLURM_GPUS_PER_TASK", "2"), "0 of 1");
}

TEST(LaunchEnvironmentTest, ABatchScriptOfSeveralTasksMayRunAlone) {
    const LaunchVariables variables({{"SLURM_NTASKS", "4"}, {"SLURM_PROCID", "0"}});
    EXPECT_FALSE(launch_environment().under_launcher);
    EXPECT_EQ(launch_environment().size, 1);
}

TEST(LaunchEnvironmentTest, TasksThatCannotFindEachOtherAreRefused) {
    const LaunchVariables variables({{"SLURM_NTASKS", "4"},
                                     {"SLURM_STEP_ID", "0"},
                                     {"SLURM_STEP_NUM_TASKS", "4"},
                                     {"SLURM_PROCID", "1"}});
    try {
        launch_environment();
        FAIL() << "accepted";
    } catch (const sweeps::UsageError& error) {
        EXPECT_NE(std::string(error.what()).find("--mpi=pmix"), std::string::npos);
    }
}

}  // namespace
}  // namespace harrow::coordinator
