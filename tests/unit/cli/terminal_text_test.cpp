#include "cli/terminal_text.hpp"

#include <gtest/gtest.h>

#include "cli/verbs.hpp"
#include "storage/datasets/synth.hpp"
#include "storage/weights/safetensors_writer.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::cli {
namespace {

TEST(TerminalTextTest, WhatCouldSteerATerminalIsAQuestionMark) {
    EXPECT_EQ(printable("\x1b[31mred\x07\n\x7f"), "?[31mred???");
    EXPECT_EQ(printable("\xc2\x9b"
                        "31m"),
              "?31m")
        << "CSI of C1";
    EXPECT_EQ(printable("\x9b"
                        "31m"),
              "?31m")
        << "no UTF-8";
    EXPECT_EQ(printable("a\xe2\x80\xae"
                        "gnp.b"),
              "a?gnp.b")
        << "right-to-left override";
    EXPECT_EQ(printable("\xe2\x81\xa6\xe2\x81\xa9\xd8\x9c\xe2\x80\xa8"), "????");
    EXPECT_EQ(printable("cut \xe2\x80"), "cut ??");
}

TEST(TerminalTextTest, NamesOfAnyLanguageStay) {
    const std::string names = "Größe 2 × 3, 螺丝, мотор, مسمار, 🔩";
    EXPECT_EQ(printable(names), names);
    EXPECT_EQ(printable(""), "");
}

TEST(TerminalTextTest, LinesStayLines) {
    EXPECT_EQ(printable_lines("a.yaml:1: b\n\tc\r\x1b"), "a.yaml:1: b\n\tc??");
}

/// What a verb writes to standard output.
template <typename Options>
std::string output_of(const Options& options) {
    ::testing::internal::CaptureStdout();
    run_verb(options);
    return ::testing::internal::GetCapturedStdout();
}

TEST(TerminalTextTest, VerbsShowNamesOfFilesAndTensorsHarmless) {
    const storage::testing::TemporaryDirectory directory;
    storage::SynthOptions synthetic;
    synthetic.classes = 1;
    synthetic.size = 32;
    DataCheckOptions check;
    check.dir = (directory / "data").string();
    storage::write_synthetic_dataset(check.dir, synthetic);
    const std::filesystem::path cls = std::filesystem::directory_iterator(check.dir)->path();
    storage::testing::spill(cls / "test" / "good" / "a\x1b[2J.png", "no picture");
    std::filesystem::create_directory(cls / "test" / "dent\xc2\x9b");
    storage::testing::spill(cls / "test" / "dent\xc2\x9b" / "b.png", "no picture");
    const std::string checked = output_of(check);
    EXPECT_NE(checked.find("a?[2J.png"), std::string::npos) << checked;
    EXPECT_EQ(checked.find_first_of("\x1b\x9b"), std::string::npos) << checked;

    WeightsInspectOptions inspect;
    inspect.file = (directory / "a.safetensors").string();
    inspect.tensors = true;
    storage::write_safetensors(inspect.file, {{"w\xe2\x80\xaex\xc2\x9b", {1}, {1.0F}}});
    EXPECT_NE(output_of(inspect).find("w?x?"), std::string::npos);
}

TEST(TerminalTextTest, FittedTextNeverExceedsItsColumns) {
    EXPECT_EQ(fitted("abc", 3), "abc");
    EXPECT_EQ(fitted("abcd", 3), "ab…");
    EXPECT_EQ(fitted("äöüß", 3), "äö…");
    EXPECT_EQ(fitted("äöü", 3), "äöü");
    EXPECT_EQ(fitted("abc", 0), "");
    EXPECT_EQ(fitted("", 0), "");
}

}  // namespace
}  // namespace harrow::cli
