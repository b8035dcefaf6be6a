#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <sstream>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/live_run.hpp"
#include "cli/slurm_status.hpp"
#include "cli/status_view.hpp"
#include "cli/terminal_text.hpp"
#include "cli/verbs.hpp"

namespace harrow::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr auto kLook = std::chrono::seconds(1);
constexpr int kLooksPerQuestion = 10;  // once a second is too often for Slurm's queue
constexpr int kDefaultColumns = 80;
constexpr int kDefaultRows = 24;

bool stdout_is_terminal() {
    const char* term = std::getenv("TERM");
    return ::isatty(STDOUT_FILENO) == 1 && term != nullptr && std::strcmp(term, "dumb") != 0;
}

/// Redraws a block of lines in place. One write per block: nothing flickers.
class Screen {
public:
    void show(const std::vector<std::string>& lines) {
        winsize size = {};
        const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
        const int columns = known && size.ws_col > 0 ? size.ws_col : kDefaultColumns;
        const int rows = known && size.ws_row > 1 ? size.ws_row : kDefaultRows;
        std::string output = drawn_ > 0 ? "\x1b[" + std::to_string(drawn_) + "F\x1b[J" : "";
        drawn_ = std::min(lines.size(), static_cast<std::size_t>(rows - 1));
        for (std::size_t line = 0; line < drawn_; ++line) {
            output += fitted(lines[line], static_cast<std::size_t>(columns)) + "\n";
        }
        std::cout << output << std::flush;
    }

private:
    std::size_t drawn_ = 0;
};

/// On one line with indent -1.
std::string text_of(const Json& object, int indent) {
    return object.dump(indent, ' ', false, Json::error_handler_t::replace);
}

void print(const storage::RunState& state, const StatusFacts& facts) {
    for (const std::string& line : status_lines(state, facts)) {
        std::cout << line << "\n";
    }
}

/// Until nobody works in the directory any more. Where standard output is no terminal, one line
/// (of text, or a JSON object) per change.
void watch(LiveRun& live, bool json) {
    const bool terminal = !json && stdout_is_terminal();
    Screen screen;
    std::string said;
    while (true) {
        const StatusFacts facts = live.facts();  // before the journal: its last word is then there
        live.update();
        if (terminal) {
            screen.show(status_lines(live.state(), facts));
        } else if (std::string now = status_summary(live.state(), facts); now != said) {
            std::cout << (json ? text_of(status_json(live.state(), facts), -1) : now) << "\n"
                      << std::flush;
            said = std::move(now);
        }
        if (!facts.coordinator.alive || !std::cout) {
            break;
        }
        std::this_thread::sleep_for(kLook);
    }
    if (!terminal && !json) {
        print(live.state(), live.facts());
    }
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(std::move(line));
    }
    return lines;
}

std::string text_before_the_run(const SlurmStatus& jobs, bool json, int indent) {
    return json ? text_of({{"slurm", slurm_status_json(jobs)}}, indent) + "\n"
                : slurm_status_text(jobs);
}

/// Shows the jobs until one has begun the run, or none is left that could.
void await_run(const StatusOptions& options) {
    const bool terminal = !options.json && stdout_is_terminal();
    Screen screen;
    std::string said;
    while (only_submitted(options.dir)) {
        const SlurmStatus jobs = slurm_status(options.dir);
        std::string now = text_before_the_run(jobs, options.json, -1);
        if (terminal) {
            screen.show(lines_of(now));
        } else if (now != said) {
            std::cout << now << std::flush;
            said = std::move(now);
        }
        if (!jobs.may_begin() || !std::cout) {
            return;
        }
        for (int look = 0; look < kLooksPerQuestion && only_submitted(options.dir); ++look) {
            std::this_thread::sleep_for(kLook);
        }
    }
}

}  // namespace

sweeps::ExitCode run_verb(const StatusOptions& options) {
    if (options.watch) {
        await_run(options);
    }
    if (only_submitted(options.dir)) {
        if (!options.watch) {
            std::cout << text_before_the_run(slurm_status(options.dir), options.json, 2);
        }
        return sweeps::ExitCode::Ok;
    }
    LiveRun live(options.dir);
    if (options.watch) {
        watch(live, options.json);
    } else if (options.json) {
        Json status = status_json(live.state(), live.facts());
        status["slurm"] = slurm_status_json(slurm_status(options.dir));
        std::cout << text_of(status, 2) << "\n";
    } else {
        print(live.state(), live.facts());
        std::cout << slurm_status_text(slurm_status(options.dir));
    }
    return sweeps::ExitCode::Ok;
}

}  // namespace harrow::cli
