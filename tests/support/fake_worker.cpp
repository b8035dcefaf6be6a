/// A worker without torch. The payload of a unit is a list of orders, separated by ';', carried out
/// one after the other; the unit then finishes with the notes they made:
///   sleep MS   step N   print TEXT   lines N   note TEXT   env   descriptors   signals
///   allocate MIB   keep TASK   resume TASK (reports of a checkpoint, at epoch 2)
///   undying MS (killed, it stays a process that cannot be waited for until MS have passed)
///   nospace   fail KIND (number)   crash SIGNAL   exit CODE   hang   garbage   foreign   big BYTES
/// An order may begin with "@N ": only in attempts up to N. Arguments of the program:
///   --pretend: units are real ones; all succeed at once, every trial with one row. Such a worker
///   is of the build that it is asked by
///   --build ID   --die-early   --never-ready   --deaf (ignores Stop)
///   --probe: carries out $FAKE_PROBE instead: hang, crash SIGNAL, exit CODE, flood, env, else it
///   is printed as it stands
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <dirent.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

#include "coordinator/child_link.hpp"
#include "coordinator/work.hpp"

extern char** environ;

namespace {

using namespace harrow::coordinator;

struct Settings {
    std::string build = "test-build";
    bool die_early = false;
    bool never_ready = false;
    bool deaf = false;
    bool pretend = false;
};

Settings parse(int argc, char** argv) {
    Settings settings;
    for (int index = 1; index < argc; ++index) {
        const std::string argument = argv[index];
        if (argument == "--build" && index + 1 < argc) {
            settings.build = argv[++index];
        }
        settings.die_early = settings.die_early || argument == "--die-early";
        settings.never_ready = settings.never_ready || argument == "--never-ready";
        settings.deaf = settings.deaf || argument == "--deaf";
        settings.pretend = settings.pretend || argument == "--pretend";
    }
    return settings;
}

[[noreturn]] void hang() {
    while (true) {
        std::this_thread::sleep_for(std::chrono::seconds(1));
    }
}

[[noreturn]] void crash(int number) {
    ::signal(number, SIG_DFL);
    ::raise(number);
    std::_Exit(99);
}

// As a process in uninterruptible sleep looks to its parent: who traces a dead process keeps it.
[[noreturn]] void be_undying(int milliseconds) {
    ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    const pid_t self = ::getpid();
    if (::fork() == 0) {
        const bool traced = ::ptrace(PTRACE_SEIZE, self, 0, 0) == 0;
        std::fprintf(stderr, "%s\n", traced ? "traced" : "not traced");
        std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
        std::_Exit(0);
    }
    hang();
}

std::vector<std::string> environment() {
    std::vector<std::string> entries;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        entries.emplace_back(*entry);
    }
    return entries;
}

std::string open_descriptors() {
    std::string list;
    for (int descriptor = 0; descriptor < 1024; ++descriptor) {
        if (::dup2(descriptor, descriptor) >= 0) {
            list += (list.empty() ? "" : " ") + std::to_string(descriptor);
        }
    }
    return list;
}

std::string ignored_signals() {
    std::string list;
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) {
        struct sigaction action = {};
        ::sigaction(number, nullptr, &action);
        list += action.sa_handler == SIG_IGN ? "i" : "-";
    }
    return list;
}

int probe() {
    const char* order = std::getenv("FAKE_PROBE");
    const std::string text = order != nullptr ? order : "";
    if (text == "hang") {
        hang();
    }
    if (text.rfind("crash ", 0) == 0) {
        crash(std::atoi(text.c_str() + 6));
    }
    if (text.rfind("exit ", 0) == 0) {
        std::fprintf(stderr, "libcudart.so: cannot open shared object file\n");
        return std::atoi(text.c_str() + 5);
    }
    if (text == "flood") {
        for (int line = 0; line < 200'000; ++line) {
            std::printf("a warning that comes again and again\n");
        }
        return 0;
    }
    if (text == "env") {
        const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
        std::printf(R"({"version":1,"devices":[],"note":"%s"})",
                    visible != nullptr ? visible : "unset");
        return 0;
    }
    std::printf("%s\n", text.c_str());
    return 0;
}

WorkResult pretended_result(const Assign& assign) {
    WorkResult result;
    if (assign.kind == UnitKind::Train) {
        for (const ScoreJob& job : training_work_from_json(assign.payload).jobs) {
            result.trials.push_back(
                {job.trial, {{0, "mean", "routed", "image_auroc", 0.5}}, {}, ""});
        }
    }
    return result;
}

class Unit {
public:
    Unit(ChildLink& link, const Assign& assign, bool deaf)
        : link_(link), assign_(assign), deaf_(deaf) {}

    void run() {
        std::istringstream orders(assign_.payload);
        std::string order;
        while (std::getline(orders, order, ';')) {
            std::istringstream words(order);
            if (!carry_out(words)) {
                return;
            }
        }
        link_.send(Finished{assign_.unit, assign_.attempt, to_json(result_)});
    }

private:
    // False: the unit has ended.
    bool carry_out(std::istringstream& words) {
        std::string order;
        words >> order;
        if (!order.empty() && order.front() == '@') {
            if (static_cast<int>(assign_.attempt) > std::stoi(order.substr(1))) {
                return true;
            }
            words >> order;
        }
        std::string argument;
        std::getline(words >> std::ws, argument);
        const int number = std::atoi(argument.c_str());
        if (order == "sleep") {
            return sleep(number);
        }
        if (order == "keep") {
            link_.send(Checkpointed{assign_.unit, assign_.attempt, number, 2, 1000});
            return true;
        }
        if (order == "resume") {
            link_.send(Resumed{assign_.unit, assign_.attempt, number, 2});
            return true;
        }
        if (order == "step") {
            report_step(number);
        } else if (order == "print") {
            std::fprintf(stderr, "%s\n", argument.c_str());
        } else if (order == "lines") {
            for (int line = 0; line < number; ++line) {
                std::fprintf(stderr, "line %d\n", line);
            }
        } else if (order == "note") {
            result_.notes.push_back(argument);
        } else if (order == "env") {
            result_.notes = environment();
        } else if (order == "descriptors") {
            result_.notes.push_back(open_descriptors());
        } else if (order == "signals") {
            result_.notes.push_back(ignored_signals());
        } else if (order == "allocate") {
            memory_.assign(static_cast<std::size_t>(number) << 20U, 'x');
        } else if (order == "big") {
            result_.notes.emplace_back(static_cast<std::size_t>(number), 'x');
        } else {
            return end(order, number);
        }
        return true;
    }

    bool end(const std::string& order, int number) {
        if (order == "fail") {
            link_.send(Failed{
                assign_.unit, assign_.attempt, static_cast<FailureKind>(number), "failed as told"});
            return false;
        }
        if (order == "nospace") {
            link_.send(Failed{assign_.unit,
                              assign_.attempt,
                              FailureKind::Storage,
                              std::string("cannot write x: ") + std::strerror(ENOSPC)});
            return false;
        }
        if (order == "crash") {
            crash(number);
        }
        if (order == "exit") {
            std::_Exit(number);
        }
        if (order == "hang") {
            hang();
        }
        if (order == "undying") {
            be_undying(number);
        }
        if (order == "garbage") {
            ::send(kChildDescriptor, "these bytes are no frame", 24, MSG_NOSIGNAL);
            hang();
        }
        if (order == "foreign") {
            link_.send(Finished{assign_.unit + 1, assign_.attempt, to_json(result_)});
            hang();
        }
        return true;
    }

    bool sleep(int milliseconds) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
        while (std::chrono::steady_clock::now() < end) {
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
            link_.step();
            if (!deaf_ && link_.cancel_requested(assign_)) {
                link_.send(
                    Failed{assign_.unit, assign_.attempt, FailureKind::Cancelled, "cancelled"});
                return false;
            }
            if (!deaf_ && link_.stop_requested()) {
                link_.send(Failed{assign_.unit, assign_.attempt, FailureKind::Stopped, "stopped"});
                return false;
            }
        }
        return true;
    }

    void report_step(int task) {
        link_.step();
        Progress progress;
        progress.unit = assign_.unit;
        progress.attempt = assign_.attempt;
        progress.step = link_.steps();
        progress.task = task;
        progress.tasks = 3;
        link_.send(progress);
    }

    ChildLink& link_;
    const Assign& assign_;
    bool deaf_;
    WorkResult result_;
    std::string memory_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc == 2 && std::strcmp(argv[1], "--probe") == 0) {
        return probe();
    }
    const Settings settings = parse(argc, argv);
    if (settings.die_early) {
        std::fprintf(stderr, "cannot load the library\n");
        return 7;
    }
    ChildLink link;
    if (settings.never_ready) {
        hang();
    }
    Ready ready;
    ready.build_id = settings.pretend ? link.hello().build_id : settings.build;
    ready.pid = ::getpid();
    ready.device = link.hello().device;
    link.send(ready);
    while (const std::optional<Assign> assign = link.next()) {
        if (settings.pretend) {
            const WorkResult result = pretended_result(*assign);
            link.send(Finished{assign->unit, assign->attempt, to_json(result)});
        } else {
            Unit(link, *assign, settings.deaf).run();
        }
    }
    if (settings.deaf) {
        hang();
    }
    return 0;
}
