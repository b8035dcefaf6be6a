#include "cli/slurm_arguments.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "slurm/job_request.hpp"

namespace harrow::cli {
namespace {

/// "gpus_per_node" -> "--gpus-per-node".
std::string flag_of(std::string name) {
    std::replace(name.begin(), name.end(), '_', '-');
    return "--" + name;
}

/// Those of the options that were given, as words of a command line.
std::vector<std::string> as_typed(const std::vector<CLI::Option*>& options) {
    std::vector<std::string> words;
    for (const CLI::Option* option : options) {
        if (option->count() > 0) {
            words.push_back(option->get_name());
            const bool has_value = option->get_items_expected_max() > 0;
            const std::vector<std::string> values =
                has_value ? option->results() : std::vector<std::string>();
            words.insert(words.end(), values.begin(), values.end());
        }
    }
    return words;
}

}  // namespace

void add_job_settings(CLI::App& app, const std::shared_ptr<SlurmJobOptions>& options) {
    app.add_option("--site",
                   options->site,
                   "file of defaults (default: ~/.config/harrow/site.yaml, if it is there)");
    for (const slurm::JobSetting& setting : slurm::job_settings()) {
        const std::string name = setting.name;
        CLI::Option* option = app.add_option_function<std::vector<std::string>>(
            flag_of(name),
            [options, name](const std::vector<std::string>& values) {
                for (const std::string& value : values) {
                    options->settings.emplace_back(name, value);
                }
            },
            setting.help);
        option->type_name(setting.value)->type_size(1)->group("Job");
        setting.is_list ? option->allow_extra_args(false) : option->expected(1);
    }
}

void hand_on_to_run(CLI::App& app,
                    const std::shared_ptr<SlurmJobOptions>& options,
                    const std::function<void(const std::shared_ptr<RunOptions>&)>& add_run_flags) {
    const auto own = static_cast<std::ptrdiff_t>(app.get_options().size());
    const auto run = std::make_shared<RunOptions>();
    add_run_flags(run);
    std::vector<CLI::Option*> of_the_run = app.get_options();
    of_the_run.erase(of_the_run.begin(), of_the_run.begin() + own);
    for (CLI::Option* option : of_the_run) {
        option->group("Handed on to harrow run");
    }
    app.parse_complete_callback([options, run, of_the_run] {
        options->cache = run->cache;
        options->run_flags = as_typed(of_the_run);
    });
}

}  // namespace harrow::cli
