#include "slurm/job_script.hpp"

#include <map>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "slurm/command.hpp"
#include "slurm/quoting.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::slurm {
namespace {

using namespace std::chrono_literals;
using namespace storage::testing;

RunCommand command() {
    return {"/opt/harrow/bin/harrow", "/home/me/sweep.yaml", {"train.lr=1e-3,2e-3"}, "/runs/a", {}};
}

/// Option -> value of the #SBATCH lines, as sbatch would read them.
std::map<std::string, std::string> options_of(const std::string& script) {
    std::map<std::string, std::string> options;
    std::istringstream lines(script);
    for (std::string line; std::getline(lines, line);) {
        if (line.rfind("#SBATCH --", 0) != 0) {
            if (!line.empty() && line[0] != '#') {
                break;  // sbatch stops at the first command
            }
            continue;
        }
        const std::string text = line.substr(10);
        const std::size_t equals = text.find('=');
        std::string value;
        bool quoted = false;
        for (std::size_t at = equals; at != std::string::npos && ++at < text.size();) {
            if (text[at] == '\\') {
                value += text[++at];
            } else if (text[at] == '"') {
                quoted = !quoted;
            } else if (text[at] == ' ' && !quoted) {
                ADD_FAILURE() << "sbatch would end the value here: " << line;
            } else {
                value += text[at];
            }
        }
        options[text.substr(0, equals)] = value;
    }
    return options;
}

/// Runs `script` up to its launch and prints the words of array `name`, one per line.
std::string words_of(const std::string& script, const std::string& name) {
    const std::size_t end = script.find("\nmkdir -p \"$run/slurm\"");
    const CommandResult result = run_command(
        {"bash", "-c", script.substr(0, end) + "\nprintf '%s\\n' \"${" + name + "[@]}\""},
        30s,
        outside_environment());
    EXPECT_TRUE(result.ok()) << result.error;
    return result.output;
}

void expect_sound_bash(const std::string& script) {
    const TemporaryDirectory directory;
    const std::string file = (directory / "job.sh").string();
    spill(file, script);
    const CommandResult parsed = run_command({"bash", "-n", file}, 30s, outside_environment());
    EXPECT_TRUE(parsed.ok()) << parsed.error << script;
    const CommandResult checked = run_command(
        {"shellcheck", "--shell=bash", "--exclude=SC2016", file}, 60s, outside_environment());
    if (checked.started) {
        EXPECT_TRUE(checked.ok()) << checked.output;
    }
}

TEST(JobScriptTest, WhatIsAskedOfSlurmStandsInItsLines) {
    JobRequest request;
    request.name = "tail weight";
    request.nodes = 3;
    request.tasks_per_node = 2;
    request.gpus_per_node = "a100:4";
    request.cpus_per_task = 8;
    request.memory = "64G";
    request.time = "1-00:00:00";
    request.partition = "gpu";
    request.account = "vision";
    request.qos = "long";
    request.constraint = "a100&nvlink";
    request.signal_seconds = 300;
    request.extra = {"--exclusive"};
    const std::map<std::string, std::string> expected = {{"job-name", "tail weight"},
                                                         {"nodes", "3"},
                                                         {"ntasks-per-node", "2"},
                                                         {"gres", "gpu:a100:4"},
                                                         {"cpus-per-task", "8"},
                                                         {"mem", "64G"},
                                                         {"time", "1-00:00:00"},
                                                         {"partition", "gpu"},
                                                         {"account", "vision"},
                                                         {"qos", "long"},
                                                         {"constraint", "a100&nvlink"},
                                                         {"signal", "B:USR1@300"},
                                                         {"requeue", ""},
                                                         {"open-mode", "append"},
                                                         {"output", "/runs/a/slurm/job-%j.out"},
                                                         {"exclusive", ""}};
    const std::string script = render_job_script(request, command());
    EXPECT_EQ(options_of(script), expected);
    expect_sound_bash(script);
}

TEST(JobScriptTest, WhatIsNotAskedIsLeftToTheCluster) {
    JobRequest request;
    request.requeue = false;
    request.signal_seconds = 0;
    const auto options = options_of(render_job_script(request, command()));
    std::set<std::string> names;
    for (const auto& [name, value] : options) {
        names.insert(name);
    }
    EXPECT_EQ(
        names,
        (std::set<std::string>{"nodes", "ntasks-per-node", "no-requeue", "open-mode", "output"}));
}

TEST(JobScriptTest, OneRankNeedsNoLauncherAndSeveralTakeMpirun) {
    JobRequest request;
    EXPECT_EQ(words_of(render_job_script(request, command()), "launch"), "\n");
    request.nodes = 2;
    request.tasks_per_node = 3;
    request.environment = {{"A", "b c"}, {"OMPI_MCA_btl", "self,tcp"}, {"A", "d"}};
    EXPECT_EQ(words_of(render_job_script(request, command()), "launch"),
              "mpirun\n--enable-recovery\n--bind-to\nnone\n--map-by\nppr:3:node\n-x\nA\n");
    request.launcher = Launcher::Srun;
    request.cpus_per_task = 4;
    request.launcher_options = {"--label"};
    request.container = "apptainer exec --nv image.sif";
    EXPECT_EQ(words_of(render_job_script(request, command()), "launch"),
              "srun\n--mpi=pmix\n--export=ALL\n--cpu-bind=none\n--cpus-per-task=4\n--label\n"
              "apptainer\nexec\n--nv\nimage.sif\n");
}

TEST(JobScriptTest, TheWordsOfAContainerAreNeverCommandsOfTheShell) {
    JobRequest request;
    request.container =
        R"(apptainer exec --bind "/my data:/data" --env X='$(touch x);`id`' a\ b*.sif)";
    const std::string script = render_job_script(request, command());
    expect_sound_bash(script);
    EXPECT_EQ(words_of(script, "launch"),
              "apptainer\nexec\n--bind\n/my data:/data\n--env\nX=$(touch x);`id`\na b*.sif\n");
    for (const char* unfit : {"apptainer exec 'image.sif",
                              "exec \"a",
                              "exec a\\",
                              "exec $HOME/a.sif",
                              "exec ~/a.sif",
                              "exec \"$(id)\" a.sif",
                              "exec a.sif; id",
                              "exec a.sif) id (",
                              "exec `id`"}) {
        request.container = unfit;
        EXPECT_TRUE(
            contains(message_of<sweeps::UsageError>([&] { render_job_script(request, command()); }),
                     "container: expected the words of one command"))
            << unfit;
    }
}

TEST(JobScriptTest, TheSweepIsRunAsItWasTyped) {
    RunCommand typed = command();
    typed.flags = {"--slots", "2", "--fail-fast"};
    EXPECT_EQ(words_of(render_job_script({}, typed), "sweep"),
              "/opt/harrow/bin/harrow\nrun\n/home/me/sweep.yaml\ntrain.lr=1e-3,2e-3\n--dir\n"
              "/runs/a\n--slots\n2\n--fail-fast\n");
    JobRequest elsewhere;
    elsewhere.program = "/image/harrow";
    typed.spec.clear();
    typed.overrides.clear();
    EXPECT_EQ(words_of(render_job_script(elsewhere, typed), "sweep"),
              "/image/harrow\nrun\n--dir\n/runs/a\n--slots\n2\n--fail-fast\n");
}

TEST(JobScriptTest, NastyNamesStayNames) {
    for (const std::string nasty :
         {"it's", "a \"b\"", "$(touch x) `id`", "100%", "a #b", "-x *", "h\u00f6he"}) {
        RunCommand strange = command();
        strange.run_directory = "/runs/" + nasty;
        strange.spec = "/sweeps/" + nasty + ".yaml";
        strange.overrides = {"data.root=/data/" + nasty};
        JobRequest request;
        request.name = nasty;
        request.nodes = 2;
        request.environment = {{"X", nasty}};
        request.modules = {};
        const std::string script = render_job_script(request, strange);
        expect_sound_bash(script);
        EXPECT_EQ(words_of(script, "sweep"),
                  "/opt/harrow/bin/harrow\nrun\n" + strange.spec + "\n" + strange.overrides[0] +
                      "\n--dir\n" + strange.run_directory + "\n");
        EXPECT_EQ(words_of(script, "X"), nasty + "\n");
        const auto options = options_of(script);
        EXPECT_EQ(options.at("job-name"), nasty);
        const std::string directory = nasty == "100%" ? "/runs/100%%" : strange.run_directory;
        EXPECT_EQ(options.at("output"), directory + "/slurm/job-%j.out");
    }
}

TEST(JobScriptTest, PathsThatNoScriptCanNameAreRefused) {
    RunCommand strange = command();
    strange.run_directory = "/runs/a\nb";
    EXPECT_THROW(render_job_script({}, strange), sweeps::UsageError);
    strange.run_directory = "/runs/a\\b";
    EXPECT_TRUE(
        contains(message_of<sweeps::UsageError>([&] { render_job_script({}, strange); }), "--log"));
    JobRequest request;
    request.log = "/logs/%j.out";
    EXPECT_EQ(options_of(render_job_script(request, strange)).at("output"), "/logs/%j.out");
}

/// Runs a job's script with everything of Slurm faked and harrow played by `harrow`, a shell
/// script.
class JobLifeTest : public ::testing::Test {
protected:
    std::string live(const std::string& harrow, const JobRequest& request = {}, int restarts = 0) {
        program("harrow", harrow);
        program("scontrol", "echo \"requeued $2\"; kill -TERM $PPID; sleep 1");
        program("squeue", "date --date='+1 hour' +%FT%T");
        RunCommand run = command();
        run.program = (bin_ / "harrow").string();
        run.run_directory = (bin_ / "run").string();
        const std::string script = (bin_ / "job.sh").string();
        spill(script, render_job_script(request, run));
        std::vector<std::string> environment = outside_environment();
        environment.push_back("PATH=" + bin_.path().string() + ":/usr/bin:/bin");
        environment.push_back("SLURM_JOB_ID=5");
        environment.push_back("SLURM_JOB_NODELIST=node0");
        environment.push_back("SLURM_RESTART_COUNT=" + std::to_string(restarts));
        const CommandResult result = run_command({"bash", script}, 60s, environment);
        EXPECT_FALSE(result.timed_out) << result.output;
        exit_code_ = result.exit_code;
        return result.output + result.error;
    }
    void program(const std::string& name, const std::string& script) {
        spill(bin_ / name, "#!/bin/bash\nrun='" + (bin_ / "run").string() + "'\n" + script + "\n");
        std::filesystem::permissions(bin_ / name, std::filesystem::perms::owner_all);
    }
    TemporaryDirectory bin_;
    int exit_code_ = -1;
};

TEST_F(JobLifeTest, TheVerdictOfHarrowIsTheJobs) {
    live("echo '3 failed' >\"$run/status\"; exit 0");
    EXPECT_EQ(exit_code_, 3);
    live("echo '0 done' >\"$run/status\"; exit 1");
    EXPECT_EQ(exit_code_, 0);
}

TEST_F(JobLifeTest, AnOldVerdictDoesNotCount) {
    std::filesystem::create_directory(bin_ / "run");
    spill(bin_ / "run/status", "75 drained\n");
    const std::string output = live("exit 9");
    EXPECT_EQ(exit_code_, 9);
    EXPECT_TRUE(contains(output, "has not begun"));
}

TEST_F(JobLifeTest, UnfinishedWorkIsRequeuedOnce) {
    const std::string stop = "echo '75 drained' >\"$run/status\"; exit 0";
    EXPECT_TRUE(contains(live(stop), "requeued 5"));
    EXPECT_EQ(exit_code_, 128 + 15);
    JobRequest request;
    request.max_restarts = 4;
    EXPECT_TRUE(contains(live(stop, request, 3), "requeued 5"));
    EXPECT_FALSE(contains(live(stop, request, 4), "requeued 5"));
    EXPECT_EQ(exit_code_, 75);
    request.requeue = false;
    EXPECT_FALSE(contains(live(stop, request), "requeued 5"));
    EXPECT_EQ(exit_code_, 75);
}

TEST_F(JobLifeTest, ACoordinatorThatIsLostAgainAndAgainIsNotStartedForEver) {
    const std::string crash = "echo '75 running' >\"$run/status\"; kill -KILL $$";
    for (int start = 1; start < 5; ++start) {
        EXPECT_TRUE(contains(live(crash, {}, start), "requeued 5")) << start;
    }
    EXPECT_TRUE(contains(live(crash, {}, 5), "5 in a row"));
    EXPECT_EQ(exit_code_, 75);
    EXPECT_TRUE(contains(live("echo '75 drained' >\"$run/status\"", {}, 6), "requeued 5"));
    EXPECT_TRUE(contains(live(crash, {}, 7), "1 in a row"));
}

TEST_F(JobLifeTest, TheRequestToDrainIsHandedOn) {
    const std::string output = live(
        "trap 'echo \"75 drained\" >\"$run/status\"; echo heard; exit 0' USR1; "
        "kill -USR1 $PPID; for i in {1..300}; do sleep 0.1; done; echo '0 done' >\"$run/status\"");
    EXPECT_TRUE(contains(output, "asked to drain"));
    EXPECT_TRUE(contains(output, "heard"));
    EXPECT_TRUE(contains(output, "requeued 5"));
}

TEST_F(JobLifeTest, ALauncherThatOutlivesHarrowIsEnded) {
    JobRequest request;
    request.grace_seconds = 1;
    const std::string output =
        live("echo '0 done' >\"$run/status\"; for i in {1..500}; do sleep 0.1; done", request);
    EXPECT_TRUE(contains(output, "its launcher has not"));
    EXPECT_EQ(exit_code_, 0);
}

TEST_F(JobLifeTest, WhatSlurmEndsIsNotStartedAgain) {
    const std::string output =
        live("kill -TERM $PPID; sleep 0.3; echo '75 drained' >\"$run/status\"");
    EXPECT_TRUE(contains(output, "Slurm ends this job"));
    EXPECT_FALSE(contains(output, "requeued 5"));
    EXPECT_EQ(exit_code_, 75);
}

}  // namespace
}  // namespace harrow::slurm
