#include "slurm/submission.hpp"

#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "storage/directory_lock.hpp"
#include "sweeps/error.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::slurm {
namespace {

using namespace storage::testing;

TEST(SubmissionTest, JobIdsAreRead) {
    EXPECT_EQ(parse_job_id("123\n")->id, "123");
    EXPECT_EQ(parse_job_id("sbatch: a site's greeting\n123;big\n")->id, "123");
    EXPECT_EQ(parse_job_id("123;big\n")->cluster, "big");
    for (const char* text : {"", "\n", "Submitted batch job 123\n", "12 3\n", ";big\n", "-1\n"}) {
        EXPECT_FALSE(parse_job_id(text)) << text;
    }
}

/// Programs named sbatch and squeue that answer as told; nothing else is in PATH but the system's.
class FakeSlurm : public ::testing::Test {
protected:
    FakeSlurm() {
        const char* path = std::getenv("PATH");
        path_ = path != nullptr ? path : "";
        ::setenv("PATH", (bin_.path().string() + ":/usr/bin:/bin").c_str(), 1);
        answer("sbatch", "cp \"$2\" '" + (bin_ / "received").string() + "'; echo 41");
        answer("squeue", "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1");
    }
    ~FakeSlurm() override { ::setenv("PATH", path_.c_str(), 1); }

    void answer(const std::string& program, const std::string& script) {
        spill(bin_ / program, "#!/bin/sh\n" + script + "\n");
        std::filesystem::permissions(bin_ / program, std::filesystem::perms::owner_all);
    }
    Submission submission() {
        Submission result;
        result.run_directory = parent_ / "runs/a";
        result.script = "#!/bin/bash\necho hello\n";
        result.submitted = "now";
        result.limit = std::chrono::seconds(20);
        return result;
    }

    TemporaryDirectory bin_;
    TemporaryDirectory parent_;
    std::string path_;
};

TEST_F(FakeSlurm, TheScriptThatIsSentIsKeptAndRecorded) {
    const SubmittedJob job = submit(submission());
    EXPECT_EQ(job.id, "41");
    EXPECT_EQ(slurp(bin_ / "received"), submission().script);
    EXPECT_EQ(slurp(job_script_file(submission().run_directory, 1)), submission().script);
    EXPECT_EQ(read_jobs(submission().run_directory).at(0).id, "41");
    answer("sbatch", "echo 42");
    EXPECT_EQ(submit(submission()).number, 2) << "Slurm knows nothing of the first any more";
    EXPECT_EQ(read_jobs(submission().run_directory).size(), 2U);
}

TEST_F(FakeSlurm, AJobThatWaitsOrRunsKeepsASecondOneOut) {
    submit(submission());
    answer("squeue", "echo '41|RUNNING|None|node0|0:01|1:00|N/A|0|'");
    Submission second = submission();
    EXPECT_TRUE(contains(message_of<sweeps::UsageError>([&] { submit(second); }), "job 41"));
    EXPECT_FALSE(std::filesystem::exists(job_script_file(second.run_directory, 2)));
    second.again = true;
    EXPECT_EQ(submit(second).number, 2);
}

TEST_F(FakeSlurm, ADirectoryAtWorkIsLeftAlone) {
    const std::filesystem::path run = submission().run_directory;
    std::filesystem::create_directories(run);
    const auto lock = storage::DirectoryLock::acquire(run / "lock");
    EXPECT_TRUE(contains(message_of<sweeps::UsageError>([&] { submit(submission()); }),
                         "another harrow works in"));
    EXPECT_FALSE(std::filesystem::exists(slurm_directory(run)));
}

TEST_F(FakeSlurm, WithoutAnAnswerNothingIsSentTwice) {
    submit(submission());
    answer("squeue", "echo 'Unable to contact slurm controller' >&2; exit 1");
    const std::string message = message_of<sweeps::Error>([&] { submit(submission()); });
    EXPECT_TRUE(contains(message, "cannot be told"));
    EXPECT_TRUE(contains(message, "--again"));
}

TEST_F(FakeSlurm, ARefusalLeavesNothingBehind) {
    answer("sbatch", "echo 'invalid partition' >&2; exit 1");
    const std::string message = message_of<sweeps::Error>([&] { submit(submission()); });
    EXPECT_TRUE(contains(message, "nothing was submitted: sbatch failed"));
    EXPECT_TRUE(contains(message, "invalid partition"));
    EXPECT_EQ(entries_in(parent_.path()), 0U);
}

TEST_F(FakeSlurm, AJobThatCannotBeRecordedIsNamed) {
    const std::filesystem::path list = slurm_directory(submission().run_directory) / "jobs.json";
    answer("sbatch", "mkdir -p '" + list.string() + "/full'; echo 41");
    const std::string message = message_of<sweeps::StorageError>([&] { submit(submission()); });
    EXPECT_TRUE(contains(message, "job 41 was submitted"));
    EXPECT_TRUE(contains(message, "`scancel 41`"));
}

TEST_F(FakeSlurm, AnAnswerWithoutAnIdIsSaidAndTheScriptStays) {
    answer("sbatch", "echo 'queued, somehow'");
    const std::string message = message_of<sweeps::Error>([&] { submit(submission()); });
    EXPECT_TRUE(contains(message, "queued, somehow"));
    EXPECT_TRUE(std::filesystem::exists(job_script_file(submission().run_directory, 1)));
}

}  // namespace
}  // namespace harrow::slurm
