#include "slurm/queue.hpp"

#include <gtest/gtest.h>

namespace harrow::slurm {
namespace {

// As squeue of Slurm 22.05 printed it.
constexpr const char* kQueue =
    "12|RUNNING|None|node[0-1]|1-02:03:04|2-00:00:00|2026-11-22T10:38:07|3|\n"
    "13|PENDING|Resources||0:00|1:00:00|N/A|0|\n"
    "14|COMPLETED|None|node0|0:09|1:00:00|2026-11-22T10:38:07|0|\n";

TEST(QueueTest, ColumnsAreRead) {
    const std::vector<QueuedJob> jobs = parse_queue(kQueue);
    ASSERT_EQ(jobs.size(), 3U);
    EXPECT_EQ(jobs[0].id, "12");
    EXPECT_EQ(to_string(jobs[0]), "RUNNING on node[0-1], 1-02:03:04 of 2-00:00:00, 3 restarts");
    EXPECT_EQ(to_string(jobs[1]), "PENDING (Resources)");
    EXPECT_EQ(to_string(jobs[2]), "COMPLETED");
}

TEST(QueueTest, AnExpectedStartIsShown) {
    const std::vector<QueuedJob> jobs =
        parse_queue("7|PENDING|BeginTime||0:00|10:00|2026-11-22T10:38:07|1|\n");
    ASSERT_EQ(jobs.size(), 1U);
    EXPECT_EQ(to_string(jobs[0]),
              "PENDING (BeginTime), expected to start at 2026-11-22T10:38:07, 1 restart");
}

TEST(QueueTest, LinesOfAnotherShapeAreSkipped) {
    EXPECT_TRUE(parse_queue("").empty());
    EXPECT_TRUE(
        parse_queue("slurm_load_jobs error: Unable to contact\n|||||||\n12|RUNNING\n").empty());
    EXPECT_EQ(parse_queue(std::string("CLUSTER: big\n") + kQueue).size(), 3U);
}

TEST(QueueTest, OnlyEndedJobsAreNotActive) {
    for (const char* state : {"PENDING", "RUNNING", "COMPLETING", "REQUEUE_HOLD", "NEW_STATE"}) {
        EXPECT_TRUE(is_active(state)) << state;
    }
    for (const char* state :
         {"COMPLETED", "CANCELLED", "FAILED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY"}) {
        EXPECT_FALSE(is_active(state)) << state;
    }
}

}  // namespace
}  // namespace harrow::slurm
