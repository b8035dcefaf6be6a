#include "coordinator/progress.hpp"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace harrow::coordinator {
namespace {

std::size_t columns(const std::string& line) {
    std::size_t count = 0;
    bool in_escape = false;
    for (const char byte : line) {
        if (byte == '\x1b') {
            in_escape = true;
        }
        if (!in_escape && (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U) {
            ++count;
        }
        in_escape = in_escape && byte != 'm';
    }
    return count;
}

RunSnapshot example() {
    RunSnapshot snapshot;
    snapshot.elapsed_s = 312;
    snapshot.trials = 36;
    snapshot.trials_done = 12;
    snapshot.trials_failed = 1;
    snapshot.trials_running = 2;
    snapshot.cost_done = 40;
    snapshot.cost_left = 60;
    snapshot.left = {468, 372, 600};
    SlotSnapshot training;
    training.name = "node1/0";
    training.state = SlotSnapshot::State::Busy;
    training.label = "tail_weight=0.55,top_k=5 seed 42";
    training.progress.task = 2;
    training.progress.tasks = 15;
    training.progress.epoch = 7;
    training.progress.epochs = 60;
    training.unit_seconds = 62;
    SlotSnapshot extraction;
    extraction.name = "node1/1";
    extraction.state = SlotSnapshot::State::Busy;
    extraction.kind = UnitKind::Extract;
    extraction.label = "bottle train";
    extraction.progress.text = "extracting";
    extraction.progress.images = 120;
    extraction.progress.images_total = 209;
    extraction.unit_seconds = 3;
    SlotSnapshot starting;
    starting.name = "node1/2";
    SlotSnapshot idle;
    idle.name = "node1/3";
    idle.state = SlotSnapshot::State::Idle;
    snapshot.slots = {training, extraction, starting, idle};
    return snapshot;
}

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) {
        text += line + "\n";
    }
    return text;
}

TEST(ProgressTest, TheBlockShowsWhatMatters) {
    EXPECT_EQ(joined(render_progress(example(), {80, false, "mvtec-main"})),
              "mvtec-main  ━━━━━━━━━━━━━━━━━━━━━━━━─────────────────────────────────────   40 %\n"
              "trials 12/36 done   2 running  1 failed      2.3/min  5 min 12 s  ETA 7 min 48 s\n"
              "  node1/0  tail_weight=0.55,top…=5 seed 42  task  3/15  epoch  7/60   1 min 02 s\n"
              "  node1/1  extract bottle train                images 120/209  40/s          3 s\n"
              "  node1/2  starting\n");
}

TEST(ProgressTest, NoLineIsWiderThanTheTerminal) {
    RunSnapshot snapshot = example();
    snapshot.slots[0].label = std::string(300, 'x') + "größe";
    for (const int width : {0, 1, 7, 20, 40, 60, 79, 80, 120, 200}) {
        for (const bool colour : {false, true}) {
            for (const std::string& line :
                 render_progress(snapshot, {width, colour, "a title that is long"})) {
                EXPECT_LE(columns(line), static_cast<std::size_t>(width)) << line;
            }
        }
    }
}

TEST(ProgressTest, WithoutColourThereAreNoEscapes) {
    EXPECT_EQ(joined(render_progress(example(), {80, false, "s"})).find('\x1b'), std::string::npos);
    EXPECT_NE(joined(render_progress(example(), {80, true, "s"})).find('\x1b'), std::string::npos);
}

TEST(ProgressTest, ManySlotsAreSummarised) {
    RunSnapshot snapshot = example();
    snapshot.slots.assign(100, snapshot.slots[0]);
    const std::vector<std::string> lines = render_progress(snapshot, {80, false, "s"});
    EXPECT_EQ(lines.size(), 15U);
    EXPECT_EQ(lines.back(), "  and 88 more slots");
}

TEST(ProgressTest, NothingIsPromisedBeforeAnythingIsKnown) {
    RunSnapshot snapshot = example();
    snapshot.cost_done = 0;
    snapshot.left = {};
    EXPECT_NE(joined(render_progress(snapshot, {80, false, "s"})).find("ETA –"), std::string::npos);
    snapshot.stopping = StopLevel::Drain;
    EXPECT_NE(joined(render_progress(snapshot, {80, false, "s"})).find("stopping"),
              std::string::npos);
}

TEST(ProgressTest, Durations) {
    EXPECT_EQ(duration_text(0.4), "0 s");
    EXPECT_EQ(duration_text(59.9), "59 s");
    EXPECT_EQ(duration_text(187), "3 min 07 s");
    EXPECT_EQ(duration_text(3720), "1 h 02 min");
    EXPECT_EQ(duration_text(86400 * 3 + 3600), "3 d 01 h");
    EXPECT_EQ(duration_text(-1), "0 s");
}

class ProgressDisplayTest : public ::testing::Test {
protected:
    ProgressDisplayTest() : stream_(::open_memstream(&text_, &size_)) {}
    ~ProgressDisplayTest() override {
        std::fclose(stream_);
        std::free(text_);
    }
    std::string text() const { return std::string(text_, size_); }

    char* text_ = nullptr;
    std::size_t size_ = 0;
    std::FILE* stream_;
};

TEST_F(ProgressDisplayTest, ElsewhereThanATerminalOnlyLinesAppear) {
    ProgressDisplay display(stream_, false, "sweep");
    display.update(example());
    display.line("12:00:01 finished cell a, seed 0");
    display.clear();
    EXPECT_EQ(text(), "12:00:01 finished cell a, seed 0\n");
}

TEST_F(ProgressDisplayTest, OnATerminalTheBlockIsRedrawnInPlace) {
    ProgressDisplay display(stream_, true, "sweep");
    display.update(example());
    const std::string first = text();
    EXPECT_EQ(std::count(first.begin(), first.end(), '\n'), 5);
    display.update(example());
    EXPECT_EQ(text(), first);  // nothing changed, nothing written
    display.line("a line");
    EXPECT_EQ(text().substr(first.size(), 14), "\x1b[5F\x1b[Ja line\n");
    EXPECT_EQ(text().substr(first.size() + 14), first);
    display.clear();
    EXPECT_EQ(text().substr(text().size() - 7), "\x1b[5F\x1b[J");
}

}  // namespace
}  // namespace harrow::coordinator
