#include "slurm/site_file.hpp"

#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "sweeps/error.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::slurm {
namespace {

using namespace storage::testing;
using Texts = std::vector<std::string>;

JobRequest site(const std::string& text) {
    JobRequest request;
    apply_site_text(text, "site.yaml", request);
    return request;
}

std::string refusal(const std::string& text) {
    return message_of<sweeps::UsageError>([&] { site(text); });
}

TEST(SiteFileTest, EveryKindOfValueIsRead) {
    const JobRequest request = site(R"(slurm:
  partition: gpu
  nodes: 2
  gpus_per_node: a100:4
  time: 1-12:00:00
  requeue: no
  launcher: srun
  signal: 300
  memory: 64G
  modules: [cuda/12.4, openmpi]
  setup: "ulimit -l unlimited"
  extra: ["--exclusive", "#SBATCH --mail-type=END"]
  environment: {OMPI_MCA_btl: "self,tcp", EMPTY: "", N: 3}
)");
    EXPECT_EQ(request.partition, "gpu");
    EXPECT_EQ(request.nodes, 2);
    EXPECT_EQ(request.gpus_per_node, "a100:4");
    EXPECT_EQ(request.time, "1-12:00:00");
    EXPECT_FALSE(request.requeue);
    EXPECT_EQ(request.launcher, Launcher::Srun);
    EXPECT_EQ(request.signal_seconds, 300);
    EXPECT_EQ(request.memory, "64G");
    EXPECT_EQ(request.modules, (Texts{"cuda/12.4", "openmpi"}));
    EXPECT_EQ(request.setup, (Texts{"ulimit -l unlimited"}));
    EXPECT_EQ(request.extra, (Texts{"--exclusive", "--mail-type=END"}));
    ASSERT_EQ(request.environment.size(), 3U);
    EXPECT_EQ(request.environment[0],
              (std::pair<std::string, std::string>("OMPI_MCA_btl", "self,tcp")));
    EXPECT_EQ(request.environment[1].second, "");
}

TEST(SiteFileTest, AnEmptyFileChangesNothing) {
    EXPECT_EQ(site("").nodes, 1);
    EXPECT_EQ(site("# nothing yet\n").signal_seconds, 120);
}

TEST(SiteFileTest, AllMistakesAreListedWithTheirLinesAndNearestNames) {
    const std::string message = refusal(R"(slurm:
  partitoin: gpu
  nodes: none
  time: tomorrow
  environment: {1BAD: x}
  modules: {a: b}
  extra: exclusive
  log: relative.out
slrum: {}
)");
    for (const char* part : {"site.yaml:2: slurm.partitoin: unknown key; did you mean 'partition'?",
                             "site.yaml:3: slurm.nodes: expected an integer from 1",
                             "site.yaml:4: slurm.time: expected a time limit",
                             "site.yaml:5: slurm.environment: expected NAME=VALUE",
                             "site.yaml:6: slurm.modules: expected a text, found a mapping",
                             "site.yaml:7: slurm.extra: expected an option of sbatch",
                             "site.yaml:8: slurm.log: expected an absolute path",
                             "site.yaml:9: slrum: unknown key; did you mean 'slurm'?"}) {
        EXPECT_TRUE(contains(message, part));
    }
}

TEST(SiteFileTest, WhatIsNoMappingIsRefused) {
    EXPECT_TRUE(contains(refusal("- a\n"), "site.yaml:1: expected a mapping"));
    EXPECT_TRUE(contains(refusal("slurm: gpu\n"), "slurm: expected a mapping"));
    EXPECT_TRUE(contains(refusal("slurm: {partition: a, partition: b}\n"), "given twice"));
    EXPECT_TRUE(contains(refusal("slurm: {\n"), "no valid YAML"));
}

TEST(SiteFileTest, ItStandsInTheUsersConfiguration) {
    const char* home = std::getenv("HOME");
    const std::string saved = home != nullptr ? home : "";
    ::unsetenv("XDG_CONFIG_HOME");
    ::setenv("HOME", "/home/someone", 1);
    EXPECT_EQ(default_site_file(), "/home/someone/.config/harrow/site.yaml");
    ::setenv("XDG_CONFIG_HOME", "/etc/xdg", 1);
    EXPECT_EQ(default_site_file(), "/etc/xdg/harrow/site.yaml");
    ::unsetenv("XDG_CONFIG_HOME");
    ::setenv("HOME", saved.c_str(), 1);
}

TEST(SiteFileTest, AFileThatIsNamedMustBeThere) {
    const TemporaryDirectory directory;
    JobRequest request;
    EXPECT_TRUE(contains(
        message_of<sweeps::UsageError>([&] { apply_site_file(directory / "none.yaml", request); }),
        "none.yaml"));
}

TEST(SiteFileTest, EveryKeyIsInTheGuide) {
    const std::string guide = slurp(HARROW_SOURCE_DIR "/docs/slurm.md");
    for (const JobSetting& setting : job_settings()) {
        EXPECT_TRUE(contains(guide, std::string("| `") + setting.name + "`"));
    }
}

}  // namespace
}  // namespace harrow::slurm
