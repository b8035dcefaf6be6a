#include "coordinator/progress.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

namespace harrow::coordinator {
namespace {

constexpr std::size_t kMaxSlotLines = 12;
constexpr double kMinSecondsForEta = 2.0;

enum class Colour { Plain, Bold, Dim, Green, Red };

const char* escape_of(Colour colour) {
    switch (colour) {
        case Colour::Plain:
            break;
        case Colour::Bold:
            return "\x1b[1m";
        case Colour::Dim:
            return "\x1b[2m";
        case Colour::Green:
            return "\x1b[32m";
        case Colour::Red:
            return "\x1b[31m";
    }
    return "";
}

bool continues_character(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// Columns of UTF-8 text, one per code point: names are Latin, the bar is made of narrow signs.
std::size_t columns_of(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char byte) { return !continues_character(byte); }));
}

// The first `columns` columns of `text`.
std::string_view first_columns(std::string_view text, std::size_t columns) {
    std::size_t end = 0;
    while (end < text.size() && (columns > 0 || continues_character(text[end]))) {
        columns -= continues_character(text[end]) ? 0 : 1;
        ++end;
    }
    return text.substr(0, end);
}

std::string fitted(std::string_view text, std::size_t columns) {
    if (columns_of(text) <= columns) {
        return std::string(text);
    }
    return columns == 0 ? "" : std::string(first_columns(text, columns - 1)) + "…";
}

// Keeps both ends: labels end in the seed.
std::string fitted_in_the_middle(std::string_view text, std::size_t columns) {
    const std::size_t length = columns_of(text);
    if (length <= columns || columns < 12) {
        return fitted(text, columns);
    }
    const std::size_t tail = columns / 3;
    const std::string_view skipped = first_columns(text, length - tail);
    return std::string(first_columns(text, columns - tail - 1)) + "…" +
           std::string(text.substr(skipped.size()));
}

std::string padded(std::string_view text, std::size_t columns) {
    std::string result = fitted(text, columns);
    return result + std::string(columns - columns_of(result), ' ');
}

std::string right_aligned(const std::string& text, std::size_t columns) {
    const std::size_t used = columns_of(text);
    return used >= columns ? text : std::string(columns - used, ' ') + text;
}

// One line put together from coloured parts; never wider than its limit.
class Line {
public:
    Line(const ProgressStyle& style)
        : colour_(style.colour), left_(static_cast<std::size_t>(std::max(style.width, 0))) {}

    Line& add(std::string_view text, Colour colour = Colour::Plain) {
        const std::string part = fitted(text, left_);
        left_ -= columns_of(part);
        if (colour_ && colour != Colour::Plain && !part.empty()) {
            text_ += escape_of(colour) + part + "\x1b[0m";
        } else {
            text_ += part;
        }
        return *this;
    }
    std::size_t room() const { return left_; }
    std::string text() const { return text_; }

private:
    bool colour_;
    std::size_t left_;
    std::string text_;
};

double share_of_cost(const RunSnapshot& snapshot) {
    const double total = snapshot.cost_done + snapshot.cost_left;
    return total > 0.0 ? std::clamp(snapshot.cost_done / total, 0.0, 1.0) : 1.0;
}

std::string bar_line(const RunSnapshot& snapshot, const ProgressStyle& style) {
    const double share = share_of_cost(snapshot);
    const int percent = static_cast<int>(std::floor(share * 100.0));
    const std::string figure = right_aligned(std::to_string(percent) + " %", 7);
    Line line(style);
    if (!style.title.empty()) {
        line.add(fitted(style.title, line.room() / 3), Colour::Bold).add("  ");
    }
    const std::size_t columns = line.room() > figure.size() ? line.room() - figure.size() : 0;
    const auto filled = static_cast<std::size_t>(std::floor(share * static_cast<double>(columns)));
    std::string done;
    std::string open;
    for (std::size_t column = 0; column < columns; ++column) {
        (column < filled ? done : open) += column < filled ? "━" : "─";
    }
    return line.add(done, Colour::Green).add(open, Colour::Dim).add(figure, Colour::Bold).text();
}

std::string eta_text(const RunSnapshot& snapshot) {
    if (snapshot.stopping != StopLevel::Run) {
        return "stopping";
    }
    if (snapshot.left.seconds <= 0.0 || snapshot.elapsed_s < kMinSecondsForEta) {
        return "ETA –";
    }
    return "ETA " + duration_text(snapshot.left.seconds);
}

// " (6–10 min)", in the largest unit that gives the lower end two digits or so.
std::string interval_text(const RunSnapshot& snapshot) {
    const Forecast& left = snapshot.left;
    if (snapshot.stopping != StopLevel::Run || left.seconds <= 0.0 ||
        snapshot.elapsed_s < kMinSecondsForEta) {
        return "";
    }
    const bool hours = left.high >= 2 * 3600;
    const bool minutes = !hours && left.high >= 2 * 60;
    const double unit = hours ? 3600 : minutes ? 60 : 1;
    char text[64];
    std::snprintf(text,
                  sizeof(text),
                  hours ? " (%.1f–%.1f %s)" : " (%.0f–%.0f %s)",
                  left.low / unit,
                  left.high / unit,
                  hours     ? "h"
                  : minutes ? "min"
                            : "s");
    return text;
}

std::string rate_text(const RunSnapshot& snapshot) {
    const auto done = static_cast<double>(snapshot.trials_done - snapshot.trials_done_before);
    if (done <= 0.0 || snapshot.elapsed_s < kMinSecondsForEta) {
        return "";
    }
    const double per_minute = 60.0 * done / snapshot.elapsed_s;
    char text[48];
    if (per_minute >= 1.0) {
        std::snprintf(text, sizeof(text), "%.1f/min", per_minute);
    } else {
        std::snprintf(text, sizeof(text), "%.1f/h", 60.0 * per_minute);
    }
    return text;
}

// Rate, time and ETA, as many of them as fit into `columns`; the ETA matters most.
std::string times_text(const RunSnapshot& snapshot, std::size_t columns) {
    const std::string rate = rate_text(snapshot);
    const std::string elapsed = duration_text(snapshot.elapsed_s);
    const std::string eta = eta_text(snapshot);
    const std::string interval = interval_text(snapshot);
    const std::string all = rate + (rate.empty() ? "" : "  ") + elapsed + "  ";
    for (const std::string& text :
         {all + eta + interval, all + eta, elapsed + "  " + eta + interval, elapsed + "  " + eta}) {
        if (columns_of(text) <= columns) {
            return text;
        }
    }
    return eta;
}

std::string count_line(const RunSnapshot& snapshot, const ProgressStyle& style) {
    const std::string total = std::to_string(snapshot.trials);
    Line line(style);
    line.add("trials ").add(right_aligned(std::to_string(snapshot.trials_done), total.size()),
                            Colour::Bold);
    line.add("/" + total + " done");
    line.add("  " + right_aligned(std::to_string(snapshot.trials_running), 2) + " running");
    if (snapshot.trials_failed > 0) {
        line.add("  ").add(std::to_string(snapshot.trials_failed) + " failed", Colour::Red);
    }
    const std::size_t room = line.room() > 2 ? line.room() - 2 : 0;
    const std::string times = times_text(snapshot, room);
    const std::size_t used = columns_of(times);
    return line.add(std::string(room > used ? room - used + 2 : 2, ' '))
        .add(times, Colour::Dim)
        .text();
}

/// "images 120/209  41/s"
std::string images_text(const SlotSnapshot& slot) {
    const std::string total = std::to_string(slot.progress.images_total);
    std::string text =
        "images " + right_aligned(std::to_string(slot.progress.images), total.size()) + "/" + total;
    if (slot.progress.images > 0 && slot.unit_seconds > 0.0) {
        char rate[32];
        const double per_second = static_cast<double>(slot.progress.images) / slot.unit_seconds;
        std::snprintf(rate, sizeof(rate), per_second < 10.0 ? "  %.1f/s" : "  %.0f/s", per_second);
        text += rate;
    }
    return text;
}

std::string position_text(const SlotSnapshot& slot) {
    const Progress& progress = slot.progress;
    if (progress.images_total > 0) {
        return images_text(slot);
    }
    std::string text;
    if (progress.tasks > 0) {
        text = "task " +
               right_aligned(std::to_string(progress.task + 1), progress.tasks > 9 ? 2 : 1) + "/" +
               std::to_string(progress.tasks);
    }
    if (progress.epochs > 0) {
        const std::string total = std::to_string(progress.epochs);
        text += (text.empty() ? "" : "  ") + std::string("epoch ") +
                right_aligned(std::to_string(progress.epoch), total.size()) + "/" + total;
    }
    return text.empty() ? progress.text : text;
}

std::string slot_line(const SlotSnapshot& slot,
                      std::size_t name_columns,
                      const ProgressStyle& style) {
    Line line(style);
    line.add("  ").add(padded(slot.name, name_columns), Colour::Dim).add("  ");
    if (slot.state == SlotSnapshot::State::Starting) {
        return line.add("starting", Colour::Dim).text();
    }
    const std::string position = position_text(slot);
    const std::string time = right_aligned(duration_text(slot.unit_seconds), 11);
    const std::size_t right = columns_of(position) + columns_of(time) + 2;
    const std::size_t left = line.room() > right + 2 ? line.room() - right - 2 : 0;
    const std::string what = slot.kind == UnitKind::Extract ? "extract " : "";
    return line.add(padded(fitted_in_the_middle(what + slot.label, left), left))
        .add("  ")
        .add(position)
        .add("  ")
        .add(time, Colour::Dim)
        .text();
}

}  // namespace

std::string duration_text(double seconds) {
    const auto total = static_cast<long long>(std::floor(std::clamp(seconds, 0.0, 1e9)));
    char text[48];
    if (total < 60) {
        std::snprintf(text, sizeof(text), "%lld s", total);
    } else if (total < 3600) {
        std::snprintf(text, sizeof(text), "%lld min %02lld s", total / 60, total % 60);
    } else if (total < 48 * 3600) {
        std::snprintf(text, sizeof(text), "%lld h %02lld min", total / 3600, total / 60 % 60);
    } else {
        std::snprintf(text, sizeof(text), "%lld d %02lld h", total / 86400, total / 3600 % 24);
    }
    return text;
}

std::vector<std::string> render_progress(const RunSnapshot& snapshot, const ProgressStyle& style) {
    std::vector<std::string> lines = {bar_line(snapshot, style), count_line(snapshot, style)};
    std::vector<const SlotSnapshot*> shown;
    std::size_t name_columns = 0;
    std::size_t hidden = 0;
    // Two lines of summary, one for "and N more", one for the cursor.
    const std::size_t max_slot_lines =
        std::min(kMaxSlotLines, static_cast<std::size_t>(std::max(style.rows - 4, 0)));
    for (const SlotSnapshot& slot : snapshot.slots) {
        if (slot.state != SlotSnapshot::State::Busy &&
            slot.state != SlotSnapshot::State::Starting) {
            continue;
        }
        if (shown.size() == max_slot_lines) {
            ++hidden;
            continue;
        }
        shown.push_back(&slot);
        name_columns = std::max(name_columns, columns_of(slot.name));
    }
    name_columns = std::min(name_columns, static_cast<std::size_t>(std::max(style.width, 0)) / 4);
    for (const SlotSnapshot* slot : shown) {
        lines.push_back(slot_line(*slot, name_columns, style));
    }
    if (hidden > 0) {
        Line line(style);
        lines.push_back(
            line.add("  and " + std::to_string(hidden) + " more slots", Colour::Dim).text());
    }
    return lines;
}

ProgressDisplay::ProgressDisplay(std::FILE* stream, bool terminal, std::string title)
    : stream_(stream), terminal_(terminal) {
    const char* no_colour = std::getenv("NO_COLOR");
    style_.colour = terminal && (no_colour == nullptr || *no_colour == '\0');
    style_.title = std::move(title);
}

ProgressDisplay::~ProgressDisplay() = default;

bool ProgressDisplay::stderr_is_terminal() {
    const char* term = std::getenv("TERM");
    return ::isatty(STDERR_FILENO) == 1 && term != nullptr && std::strcmp(term, "dumb") != 0;
}

void ProgressDisplay::update(const RunSnapshot& snapshot) {
    if (!terminal_) {
        return;
    }
    winsize size = {};
    const bool known = ::ioctl(::fileno(stream_), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    style_.width = known ? size.ws_col : 80;
    style_.rows = known && size.ws_row > 0 ? size.ws_row : 24;
    std::vector<std::string> lines = render_progress(snapshot, style_);
    if (lines != drawn_) {
        draw(std::move(lines), "");
    }
}

void ProgressDisplay::line(std::string_view text) {
    draw(drawn_, std::string(text) + "\n");
}

void ProgressDisplay::clear() {
    draw({}, "");
}

// One write: back to the first line of the block, `above`, the new block. Nothing flickers.
void ProgressDisplay::draw(std::vector<std::string> lines, const std::string& above) {
    std::string output;
    if (!drawn_.empty()) {
        output += "\x1b[" + std::to_string(drawn_.size()) + "F\x1b[J";
    }
    output += above;
    for (const std::string& line : lines) {
        output += line + "\n";
    }
    std::fwrite(output.data(), 1, output.size(), stream_);
    std::fflush(stream_);
    drawn_ = std::move(lines);
}

}  // namespace harrow::coordinator
