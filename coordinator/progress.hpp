#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/run_loop.hpp"

namespace harrow::coordinator {

struct ProgressStyle {
    int width = 80;      ///< columns; no line is longer
    bool colour = true;  ///< false under NO_COLOR
    std::string title;   ///< name of the sweep
    int rows = 24;       ///< of the terminal; the block stays below that
};

/// The live block, one string per line, without line ends: bar, counts, throughput and ETA, then
/// one line per busy slot. Pure.
std::vector<std::string> render_progress(const RunSnapshot& snapshot, const ProgressStyle& style);

/// "1 h 02 min", "3 min 07 s", "12 s".
std::string duration_text(double seconds);

/// Draws the block to a terminal and redraws it in place; elsewhere only `line` prints.
class ProgressDisplay {
public:
    /// `terminal`: whether `stream` understands cursor movement.
    ProgressDisplay(std::FILE* stream, bool terminal, std::string title);
    ~ProgressDisplay();  ///< leaves the last block on the screen
    ProgressDisplay(const ProgressDisplay&) = delete;
    ProgressDisplay& operator=(const ProgressDisplay&) = delete;

    /// For stderr: terminal by isatty and TERM, colour by NO_COLOR.
    static bool stderr_is_terminal();

    bool live() const { return terminal_; }
    void update(const RunSnapshot& snapshot);
    /// One line of log, above the block.
    void line(std::string_view text);
    /// Removes the block.
    void clear();

private:
    void draw(std::vector<std::string> lines, const std::string& above);

    std::FILE* stream_;
    bool terminal_;
    ProgressStyle style_;
    std::vector<std::string> drawn_;
};

}  // namespace harrow::coordinator
