#include "slurm/quoting.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "slurm/command.hpp"

namespace harrow::slurm {
namespace {

const std::vector<std::string> kNasty = {"plain",
                                         "",
                                         " ",
                                         "a b",
                                         "it's",
                                         "\"quoted\"",
                                         "$HOME `id` $(id)",
                                         "back\\slash",
                                         "a\nb",
                                         "*?[x]{a,b}",
                                         "~",
                                         "#comment",
                                         "=x",
                                         "-n",
                                         "a;b&c|d>e",
                                         "trailing\\",
                                         "h\u00f6he \u2192"};

TEST(QuotingTest, TheShellReadsEveryWordAsItWas) {
    std::string script = "printf '<%s>'";
    std::string expected;
    for (const std::string& text : kNasty) {
        script += " " + shell_word(text);
        expected += "<" + text + ">";
    }
    const CommandResult result =
        run_command({"bash", "-c", script}, std::chrono::seconds(30), outside_environment());
    EXPECT_EQ(result.output, expected) << result.error;
}

TEST(QuotingTest, PlainWordsStayReadable) {
    EXPECT_EQ(shell_word("train.lr=1e-3"), "train.lr=1e-3");
    EXPECT_EQ(shell_word("w/o DIA.s1"), "'w/o DIA.s1'");
    EXPECT_EQ(shell_word("/data/runs/a_b-c.yaml"), "/data/runs/a_b-c.yaml");
    EXPECT_EQ(sbatch_value("node[0-3]"), "node[0-3]");
}

TEST(QuotingTest, SbatchReadsValuesByItsOwnRules) {
    EXPECT_EQ(sbatch_value("a b"), R"("a b")");
    EXPECT_EQ(sbatch_value(R"(a "b" \c)"), R"("a \"b\" \\c")");
    EXPECT_EQ(sbatch_value("a #b"), R"("a #b")");
    EXPECT_EQ(sbatch_value(""), R"("")");
    EXPECT_EQ(sbatch_value("it's"), R"("it's")");
}

TEST(QuotingTest, ControlCharactersAreFound) {
    EXPECT_TRUE(has_control_characters("a\nb"));
    EXPECT_TRUE(has_control_characters("a\x7f"));
    EXPECT_FALSE(has_control_characters("h\u00f6he"));
}

}  // namespace
}  // namespace harrow::slurm
