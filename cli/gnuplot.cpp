#include "cli/gnuplot.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <vector>

#include "analysis/figures/plot_script.hpp"
#include "analysis/figures/svg.hpp"
#include "slurm/command.hpp"
#include "storage/files.hpp"
#include "sweeps/error.hpp"

extern char** environ;

namespace harrow::cli {
namespace {

namespace fs = std::filesystem;
using analysis::Figure;

/// Signals that end the program wait until this goes: what was begun is cleaned up first.
class HeldSignals {
public:
    HeldSignals() {
        sigset_t held;
        sigemptyset(&held);
        for (const int signal : kSignals) {
            sigaddset(&held, signal);
        }
        ::pthread_sigmask(SIG_BLOCK, &held, &before_);
    }
    HeldSignals(const HeldSignals&) = delete;
    HeldSignals& operator=(const HeldSignals&) = delete;
    ~HeldSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

    static bool has_one() {
        sigset_t waiting;
        ::sigpending(&waiting);
        return std::any_of(std::begin(kSignals), std::end(kSignals), [&](int signal) {
            return sigismember(&waiting, signal) == 1;
        });
    }

private:
    static constexpr int kSignals[] = {SIGHUP, SIGINT, SIGTERM};
    sigset_t before_{};
};

/// A folder that goes with its owner.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::error_code ignored;
        const fs::path parent = fs::temp_directory_path(ignored);
        path_ = (parent.empty() ? fs::path("/tmp") : parent) / "harrow-figures-XXXXXX";
        std::string name = path_.string();
        if (::mkdtemp(name.data()) == nullptr) {
            storage::throw_io_error("create a folder like", path_, errno);
        }
        path_ = name;
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    const fs::path& path() const noexcept { return path_; }

private:
    fs::path path_;
};

std::vector<Figure*> figures_of(analysis::Document& document) {
    std::vector<Figure*> figures;
    const auto add = [&figures](std::vector<analysis::Block>& blocks) {
        for (analysis::Block& block : blocks) {
            if (Figure* figure = std::get_if<Figure>(&block)) {
                figures.push_back(figure);
            }
        }
    };
    add(document.lead);
    for (analysis::Section& section : document.sections) {
        add(section.blocks);
    }
    return figures;
}

std::string inches(int pixels) {
    return analysis::fixed_text(pixels / 96.0, 3) + "in";
}

/// The same commands for the screen and for paper, where a pixel is 1/96 inch.
std::string full_script(const Figure& figure, const fs::path& folder) {
    const auto file = [&](const char* extension) {
        return analysis::plot_text((folder / (figure.id + extension)).string());
    };
    return "reset\nset encoding utf8\nset terminal svg size " + std::to_string(figure.width) + "," +
           std::to_string(figure.height) + " noenhanced font 'sans-serif,12'\nset output " +
           file(".svg") + "\n" + figure.script + "\nset output\nset terminal pdfcairo size " +
           inches(figure.width) + "," + inches(figure.height) +
           " noenhanced font 'Sans,9'\nset output " + file(".pdf") + "\nreplot\nset output\n";
}

/// Settings of the user's change nothing.
std::vector<std::string> plain_environment() {
    std::vector<std::string> variables = {"LC_ALL=C.UTF-8", "TZ=UTC"};
    for (char** variable = environ; *variable != nullptr; ++variable) {
        const std::string text = *variable;
        const std::string name = text.substr(0, text.find('='));
        if (name.rfind("LC_", 0) != 0 && name.rfind("GNU", 0) != 0 && name != "TZ" &&
            name != "LANG" && name != "LANGUAGE" && name != "DISPLAY" && name != "FIT_SCRIPT") {
            variables.push_back(text);
        }
    }
    return variables;
}

std::string file_or_nothing(const fs::path& path) {
    return storage::look_at_file(path).presence == storage::FileLook::Presence::Regular
               ? storage::read_file(path)
               : "";
}

bool ends_with(const std::string& text, const std::string& end) {
    const std::size_t last = text.find_last_not_of("\r\n ");
    return last != std::string::npos && last + 1 >= end.size() &&
           text.compare(last + 1 - end.size(), end.size(), end) == 0;
}

/// What gnuplot says, in one line: its first message without the script's path.
std::string first_message(const std::string& error) {
    const std::size_t at = error.find("line ");
    const std::string message = error.substr(at == std::string::npos ? 0 : at);
    return message.substr(0, message.find_first_of("\r\n"));
}

/// Takes over what is complete; the position of the first figure that is not.
std::size_t take_figures(const std::vector<Figure*>& figures,
                         std::size_t from,
                         const fs::path& folder,
                         DrawnFigures& drawn) {
    for (; from < figures.size(); ++from) {
        Figure& figure = *figures[from];
        const std::string svg = file_or_nothing(folder / (figure.id + ".svg"));
        const std::string pdf = file_or_nothing(folder / (figure.id + ".pdf"));
        if (!ends_with(svg, "</svg>") || !ends_with(pdf, "%%EOF")) {
            break;
        }
        figure.svg = analysis::finished_svg(svg, figure.id);
        drawn.pdfs[figure.id] = analysis::without_dates(pdf);
    }
    return from;
}

std::string missing_text(const std::vector<Figure*>& figures,
                         std::size_t from,
                         std::size_t to,
                         const std::string& why) {
    std::string ids;
    for (std::size_t i = from; i < to; ++i) {
        ids += (ids.empty() ? "" : ", ") + figures[i]->id;
    }
    return (to - from == 1 ? "Figure " + ids + " is" : "Figures " + ids + " are") +
           " missing: gnuplot " + why + ".";
}

void draw(const std::vector<Figure*>& figures, DrawnFigures& drawn) {
    const HeldSignals held;
    const TemporaryFolder folder;
    const fs::path script = folder.path() / "figures.gp";
    // A script that fails ends gnuplot: the others get another one.
    for (std::size_t done = 0; done < figures.size() && !HeldSignals::has_one();) {
        std::string text;
        for (std::size_t i = done; i < figures.size(); ++i) {
            text += full_script(*figures[i], folder.path());
        }
        storage::write_file_atomic(script, text);
        const slurm::CommandResult result =
            slurm::run_command({"gnuplot", "-d", script.string()},
                               std::chrono::seconds(30 + 2 * (figures.size() - done)),
                               plain_environment(),
                               HeldSignals::has_one);
        if (!result.started) {
            drawn.problem = "Figures are missing: gnuplot was not found on PATH.";
            return;
        }
        done = take_figures(figures, done, folder.path(), drawn);
        if (done < figures.size()) {
            const std::size_t next = result.timed_out ? figures.size() : done + 1;
            drawn.problem +=
                (drawn.problem.empty() ? "" : " ") +
                missing_text(figures,
                             done,
                             next,
                             result.timed_out ? "took too long" : first_message(result.error));
            done = next;
        }
    }
}

}  // namespace

DrawnFigures draw_figures(analysis::Document& document) {
    DrawnFigures drawn;
    const std::vector<Figure*> figures = figures_of(document);
    if (figures.empty()) {
        return drawn;
    }
    try {
        draw(figures, drawn);
    } catch (const sweeps::StorageError& error) {
        drawn.problem = std::string("Figures are missing: ") + error.what() + ".";
    }
    return drawn;
}

}  // namespace harrow::cli
