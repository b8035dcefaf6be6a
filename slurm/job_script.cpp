#include "slurm/job_script.hpp"

#include <set>
#include <string_view>
#include <utility>

#include "slurm/job_life.hpp"
#include "slurm/quoting.hpp"

namespace harrow::slurm {
namespace {

class Script {
public:
    void line(const std::string& text) { text_ += text + "\n"; }
    void sbatch(const std::string& option, const std::string& value) {
        if (!value.empty()) {
            line("#SBATCH --" + option + "=" + sbatch_value(value));
        }
    }
    void count(const std::string& option, int value) {
        if (value > 0) {
            sbatch(option, std::to_string(value));
        }
    }
    void array(const std::string& name, const std::vector<std::string>& words) {
        line(name + "=(" + words_text(words) + ")");
    }
    void variable(const std::string& name, const std::string& value) {
        line(name + "=" + shell_word(value));
    }
    void append(std::string_view text) { text_ += text; }
    std::string take() { return std::move(text_); }

    static std::string words_text(const std::vector<std::string>& words) {
        std::string text;
        for (const std::string& word : words) {
            text += (text.empty() ? "" : " ") + shell_word(word);
        }
        return text;
    }

private:
    std::string text_;
};

/// Of a path as a pattern of sbatch: %j and the like are its own.
std::string log_pattern(const JobRequest& request, const RunCommand& command) {
    if (!request.log.empty()) {
        return request.log;
    }
    std::string pattern;
    for (const char letter : command.run_directory) {
        pattern += letter == '%' ? "%%" : std::string(1, letter);
    }
    return pattern + "/slurm/job-%j.out";
}

void refuse_unusable_paths(const JobRequest& request, const RunCommand& command) {
    for (const std::string& path : {command.run_directory, command.program, command.spec}) {
        if (has_control_characters(path)) {
            throw sweeps::UsageError("'" + path +
                                     "' holds a control character, which no job script can name: "
                                     "choose another path");
        }
    }
    const std::string log = log_pattern(request, command);
    if (log.find('\\') != std::string::npos) {
        throw sweeps::UsageError("sbatch cannot write to " + log +
                                 ": a backslash switches its patterns off; choose another --dir, "
                                 "or say --log");
    }
}

void write_header(Script& script, const JobRequest& request, const RunCommand& command) {
    script.line("#!/bin/bash");
    script.sbatch("job-name", request.name);
    script.count("nodes", request.nodes);
    script.count("ntasks-per-node", request.tasks_per_node);
    script.sbatch("gres", request.gpus_per_node.empty() ? "" : "gpu:" + request.gpus_per_node);
    script.count("cpus-per-task", request.cpus_per_task);
    script.sbatch("mem", request.memory);
    script.sbatch("time", request.time);
    script.sbatch("partition", request.partition);
    script.sbatch("account", request.account);
    script.sbatch("qos", request.qos);
    script.sbatch("constraint", request.constraint);
    if (request.signal_seconds > 0) {
        script.line("#SBATCH --signal=B:USR1@" + std::to_string(request.signal_seconds));
    }
    script.line(request.requeue ? "#SBATCH --requeue" : "#SBATCH --no-requeue");
    script.line("#SBATCH --open-mode=append");
    script.sbatch("output", log_pattern(request, command));
    for (const std::string& line : request.extra) {
        script.line("#SBATCH " + line);
    }
}

/// Modules, variables and the site's own lines, in this order.
void write_surroundings(Script& script, const JobRequest& request) {
    if (!request.modules.empty()) {
        script.append(module_command());
        script.line("module load " + Script::words_text(request.modules) + " || exit 1");
    }
    for (const auto& [name, value] : request.environment) {
        script.line("export " + name + "=" + shell_word(value));
    }
    for (const std::string& line : request.setup) {
        script.line(line);
    }
}

/// Of a sound request: what starts the ranks, and the container around harrow.
std::vector<std::string> launch_words(const JobRequest& request) {
    std::vector<std::string> words;
    if (launcher_of(request) == Launcher::Mpirun) {
        words = {"mpirun",
                 "--enable-recovery",
                 "--bind-to",
                 "none",
                 "--map-by",
                 "ppr:" + std::to_string(request.tasks_per_node) + ":node"};
        std::set<std::string> exported;
        for (const auto& [name, value] : request.environment) {
            // Open MPI hands its own variables on by itself.
            if (name.rfind("OMPI_", 0) != 0 && exported.insert(name).second) {
                words.insert(words.end(), {"-x", name});
            }
        }
    } else if (launcher_of(request) == Launcher::Srun) {
        words = {"srun", "--mpi=pmix", "--export=ALL", "--cpu-bind=none"};
        if (request.cpus_per_task > 0) {  // which srun no longer takes from the job
            words.push_back("--cpus-per-task=" + std::to_string(request.cpus_per_task));
        }
    }
    words.insert(words.end(), request.launcher_options.begin(), request.launcher_options.end());
    const std::vector<std::string> container = words_of_command(request.container).value();
    words.insert(words.end(), container.begin(), container.end());
    return words;
}

void write_commands(Script& script, const JobRequest& request, const RunCommand& command) {
    if (launcher_of(request) == Launcher::Mpirun && request.cpus_per_task > 0) {
        // mpirun starts one daemon on each node by srun: it gets the CPUs of all its ranks.
        script.variable("export SRUN_CPUS_PER_TASK",
                        std::to_string(request.cpus_per_task * request.tasks_per_node));
    }
    script.array("launch", launch_words(request));
    std::vector<std::string> sweep = {request.program.empty() ? command.program : request.program,
                                      "run"};
    if (!command.spec.empty()) {
        sweep.push_back(command.spec);
    }
    sweep.insert(sweep.end(), command.overrides.begin(), command.overrides.end());
    sweep.insert(sweep.end(), {"--dir", command.run_directory});
    sweep.insert(sweep.end(), command.flags.begin(), command.flags.end());
    script.array("sweep", sweep);
    script.variable("run", command.run_directory);
    script.variable("requeue", request.requeue ? "yes" : "no");
    script.variable("max_restarts", std::to_string(request.max_restarts));
    script.variable("grace", std::to_string(request.grace_seconds));
}

}  // namespace

std::string render_job_script(const JobRequest& request, const RunCommand& command) {
    require_sound(request);
    refuse_unusable_paths(request, command);
    Script script;
    write_header(script, request, command);
    script.line("# Written by `harrow slurm`; what it does is in docs/slurm.md.");
    script.line("");
    write_surroundings(script, request);
    write_commands(script, request, command);
    script.append(job_life());
    return script.take();
}

}  // namespace harrow::slurm
