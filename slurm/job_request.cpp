#include "slurm/job_request.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string_view>

#include "slurm/quoting.hpp"

namespace harrow::slurm {
namespace {

using Verdict = std::optional<std::string>;

constexpr const char* kNoWords =
    "expected the words of one command: close all quotes, write paths in full, and put what the "
    "shell must not act on ($ ` ~ ; | & < > and parentheses) into single quotes";
constexpr int kMaxSignalSeconds = 65535;  // Slurm's own limit
constexpr int kMaxCount = 100'000;
constexpr long kSecondsPerDay = 86'400;

std::optional<long> whole_number(std::string_view text) {
    long value = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool digits = !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])) != 0;
    return digits && end.ec == std::errc() && end.ptr == text.data() + text.size()
               ? std::optional(value)
               : std::nullopt;
}

template <int JobRequest::*member, int least, int most>
Verdict take_count(JobRequest& request, const std::string& text) {
    const std::optional<long> value = whole_number(text);
    if (!value || *value < least || *value > most) {
        return "expected an integer from " + std::to_string(least) + " to " + std::to_string(most);
    }
    request.*member = static_cast<int>(*value);
    return {};
}

Verdict not_one_line(const std::string& text) {
    if (text.empty() || has_control_characters(text)) {
        return "expected one line of text";
    }
    return {};
}

template <std::string JobRequest::*member>
Verdict take_text(JobRequest& request, const std::string& text) {
    if (Verdict wrong = not_one_line(text)) {
        return wrong;
    }
    request.*member = text;
    return {};
}

template <std::vector<std::string> JobRequest::*member>
Verdict add_text(JobRequest& request, const std::string& text) {
    if (Verdict wrong = not_one_line(text)) {
        return wrong;
    }
    (request.*member).push_back(text);
    return {};
}

Verdict take_gpus(JobRequest& request, const std::string& text) {
    const std::size_t colon = text.rfind(':');
    const std::string count = colon == std::string::npos ? text : text.substr(colon + 1);
    const std::optional<long> value = whole_number(count);
    const bool type_is_name =
        colon == std::string::npos ||
        (colon > 0 &&
         std::all_of(text.begin(), text.begin() + static_cast<long>(colon), [](char c) {
             return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' ||
                    c == '.';
         }));
    if (!value || *value > kMaxCount || !type_is_name) {
        return "expected a number of GPUs, also with their type: 4, a100:4";
    }
    request.gpus_per_node = *value == 0 ? "" : text;
    return {};
}

Verdict take_memory(JobRequest& request, const std::string& text) {
    const bool has_unit =
        !text.empty() && std::string_view("KMGTkmgt").find(text.back()) != std::string_view::npos;
    if (!whole_number(std::string_view(text).substr(0, text.size() - (has_unit ? 1 : 0)))) {
        return "expected memory per node as an integer with K, M, G or T: 64G";
    }
    request.memory = text;
    return {};
}

Verdict take_time(JobRequest& request, const std::string& text) {
    const std::optional<long> seconds = seconds_of_limit(text);
    if (!seconds || *seconds <= 0) {
        return "expected a time limit as Slurm writes it: 30 (minutes), 12:00:00, 2-00:00:00";
    }
    request.time = text;
    return {};
}

Verdict take_requeue(JobRequest& request, const std::string& text) {
    for (const auto& [word, value] : {std::pair("yes", true),
                                      std::pair("true", true),
                                      std::pair("no", false),
                                      std::pair("false", false)}) {
        if (text == word) {
            request.requeue = value;
            return {};
        }
    }
    return "expected yes or no";
}

Verdict take_launcher(JobRequest& request, const std::string& text) {
    for (const auto& [word, value] : {std::pair("auto", Launcher::Auto),
                                      std::pair("mpirun", Launcher::Mpirun),
                                      std::pair("srun", Launcher::Srun),
                                      std::pair("none", Launcher::None)}) {
        if (text == word) {
            request.launcher = value;
            return {};
        }
    }
    return "expected one of auto, mpirun, srun, none";
}

Verdict take_container(JobRequest& request, const std::string& text) {
    if (Verdict wrong = not_one_line(text)) {
        return wrong;
    }
    if (!words_of_command(text)) {
        return kNoWords;
    }
    request.container = text;
    return {};
}

Verdict add_extra(JobRequest& request, const std::string& text) {
    constexpr std::string_view kPrefix = "#SBATCH ";
    std::string line = text.rfind(kPrefix, 0) == 0 ? text.substr(kPrefix.size()) : text;
    line.erase(0, line.find_first_not_of(' '));
    if (has_control_characters(line) || line.rfind('-', 0) != 0) {
        return "expected an option of sbatch on one line: --exclusive";
    }
    request.extra.push_back(std::move(line));
    return {};
}

Verdict add_variable(JobRequest& request, const std::string& text) {
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    const bool is_name = equals != std::string::npos && !name.empty() &&
                         std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
                         std::all_of(name.begin(), name.end(), [](unsigned char c) {
                             return c < 0x80 && (std::isalnum(c) != 0 || c == '_');
                         });
    if (!is_name || text.find('\0') != std::string::npos) {
        return "expected NAME=VALUE with a name of letters, digits and _";
    }
    request.environment.emplace_back(name, text.substr(equals + 1));
    return {};
}

Verdict take_log(JobRequest& request, const std::string& text) {
    if (Verdict wrong = take_text<&JobRequest::log>(request, text)) {
        return wrong;
    }
    if (text.front() != '/') {
        return "expected an absolute path; sbatch puts the job's number for %j";
    }
    return {};
}

// "1:02:03" -> {1, 2, 3}; nothing when a part is no number.
std::optional<std::vector<long>> clock_parts(std::string_view text) {
    std::vector<long> parts;
    while (true) {
        const std::size_t colon = std::min(text.find(':'), text.size());
        const std::optional<long> part = whole_number(text.substr(0, colon));
        if (!part || *part > 1'000'000'000) {
            return std::nullopt;
        }
        parts.push_back(*part);
        if (colon == text.size()) {
            return parts;
        }
        text.remove_prefix(colon + 1);
    }
}

}  // namespace

const std::vector<JobSetting>& job_settings() {
    using R = JobRequest;
    static const std::vector<JobSetting> settings = {
        {"nodes", "N", "nodes (default 1)", false, take_count<&R::nodes, 1, kMaxCount>},
        {"gpus_per_node", "N", "GPUs of each node, also as TYPE:N", false, take_gpus},
        {"tasks_per_node",
         "N",
         "ranks on each node (default 1, which is enough)",
         false,
         take_count<&R::tasks_per_node, 1, kMaxCount>},
        {"cpus_per_task",
         "N",
         "CPUs of each rank",
         false,
         take_count<&R::cpus_per_task, 1, kMaxCount>},
        {"memory", "SIZE", "memory of each node: 64G", false, take_memory},
        {"time", "LIMIT", "time limit: 30 (minutes), 12:00:00, 2-00:00:00", false, take_time},
        {"partition", "NAME", "partition", false, take_text<&R::partition>},
        {"account", "NAME", "account", false, take_text<&R::account>},
        {"qos", "NAME", "quality of service", false, take_text<&R::qos>},
        {"constraint", "TEXT", "features that nodes must have", false, take_text<&R::constraint>},
        {"name", "TEXT", "name of the job (default: the sweep's)", false, take_text<&R::name>},
        {"signal",
         "SECONDS",
         "the job drains this long before its limit (default 120; 0: never)",
         false,
         take_count<&R::signal_seconds, 0, kMaxSignalSeconds>},
        {"requeue",
         "yes|no",
         "start again when it ended unfinished (default yes)",
         false,
         take_requeue},
        {"max_restarts",
         "N",
         "how often at most (default 200)",
         false,
         take_count<&R::max_restarts, 0, kMaxCount>},
        {"launcher",
         "WORD",
         "mpirun, srun or none (default auto: none for one rank, else mpirun)",
         false,
         take_launcher},
        {"launcher_options",
         "TEXT",
         "a further word for the launcher",
         true,
         add_text<&R::launcher_options>},
        {"extra", "OPTION", "a further option of sbatch: --exclusive", true, add_extra},
        {"modules", "NAME", "a module to load", true, add_text<&R::modules>},
        {"setup", "LINE", "a line of shell before the launcher", true, add_text<&R::setup>},
        {"environment", "NAME=VALUE", "a variable for all ranks", true, add_variable},
        {"container",
         "COMMAND",
         "words before harrow: 'apptainer exec --nv image.sif'",
         false,
         take_container},
        {"program",
         "PATH",
         "harrow on the nodes (default: this one)",
         false,
         take_text<&R::program>},
        {"log", "PATH", "output of the job (default DIR/slurm/job-%j.out)", false, take_log},
    };
    return settings;
}

std::optional<long> seconds_of_limit(const std::string& text) {
    const std::size_t dash = text.find('-');
    const std::optional<std::vector<long>> parts =
        clock_parts(dash == std::string::npos ? text : text.substr(dash + 1));
    if (!parts || parts->size() > 3) {
        return std::nullopt;
    }
    const std::vector<long>& p = *parts;
    if (dash != std::string::npos) {
        const std::optional<long> days = whole_number(std::string_view(text).substr(0, dash));
        if (!days || *days > 1'000'000) {
            return std::nullopt;
        }
        return *days * kSecondsPerDay + p[0] * 3600 + (p.size() > 1 ? p[1] * 60 : 0) +
               (p.size() > 2 ? p[2] : 0);
    }
    return p.size() == 1   ? p[0] * 60
           : p.size() == 2 ? p[0] * 60 + p[1]
                           : p[0] * 3600 + p[1] * 60 + p[2];
}

int task_count(const JobRequest& request) {
    return request.nodes * request.tasks_per_node;
}

Launcher launcher_of(const JobRequest& request) {
    if (request.launcher != Launcher::Auto) {
        return request.launcher;
    }
    return task_count(request) > 1 ? Launcher::Mpirun : Launcher::None;
}

void require_sound(const JobRequest& request) {
    std::vector<sweeps::Problem> problems;
    const auto add = [&](const char* key, const std::string& message) {
        problems.push_back({"", 0, key, message});
    };
    if (request.launcher == Launcher::None && task_count(request) > 1) {
        add("launcher",
            "none starts one process, but the job has " + std::to_string(task_count(request)) +
                " ranks: use mpirun or srun");
    }
    const std::optional<long> limit =
        request.time.empty() ? std::nullopt : seconds_of_limit(request.time);
    if (limit && request.signal_seconds >= *limit) {
        add("signal",
            std::to_string(request.signal_seconds) +
                " s before the limit is before the start: " + request.time + " is " +
                std::to_string(*limit) + " s; ask for more time or a smaller signal");
    }
    if (!words_of_command(request.container)) {
        add("container", kNoWords);
    }
    if (!problems.empty()) {
        throw sweeps::UsageError(std::move(problems));
    }
}

}  // namespace harrow::slurm
