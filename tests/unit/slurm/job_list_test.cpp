#include "slurm/job_list.hpp"

#include <gtest/gtest.h>

#include "sweeps/error.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::slurm {
namespace {

using namespace storage::testing;

TEST(JobListTest, WhatIsWrittenIsReadBack) {
    const TemporaryDirectory run;
    EXPECT_TRUE(read_jobs(run.path()).empty());
    std::filesystem::create_directory(slurm_directory(run.path()));
    write_jobs(run.path(), {{1, "17", "", "2026-01-01T00:00:00Z"}, {2, "18", "big", "then"}});
    const std::vector<SubmittedJob> jobs = read_jobs(run.path());
    ASSERT_EQ(jobs.size(), 2U);
    EXPECT_EQ(jobs[0].id, "17");
    EXPECT_EQ(jobs[1].number, 2);
    EXPECT_EQ(jobs[1].cluster, "big");
    EXPECT_EQ(jobs[1].submitted, "then");
}

TEST(JobListTest, ADamagedListIsRefusedWithWhatToDo) {
    const TemporaryDirectory run;
    std::filesystem::create_directory(slurm_directory(run.path()));
    for (const char* text : {"",
                             "{",
                             "[]",
                             R"({"format":2,"jobs":[]})",
                             R"({"format":1,"jobs":[{"number":"1"}]})",
                             R"({"format":1,"jobs":7})"}) {
        spill(slurm_directory(run.path()) / "jobs.json", text);
        const std::string message =
            message_of<sweeps::StorageError>([&] { read_jobs(run.path()); });
        EXPECT_TRUE(contains(message, "jobs.json")) << text;
        EXPECT_TRUE(contains(message, "move it away")) << text;
    }
}

TEST(JobListTest, NumbersAreNeverUsedTwice) {
    const TemporaryDirectory run;
    std::filesystem::create_directory(slurm_directory(run.path()));
    EXPECT_EQ(next_job_number(run.path(), {}), 1);
    spill(job_script_file(run.path(), 1), "#!/bin/bash\n");
    EXPECT_EQ(next_job_number(run.path(), {}), 2);
    EXPECT_EQ(next_job_number(run.path(), {{4, "9", "", ""}}), 5);
}

}  // namespace
}  // namespace harrow::slurm
