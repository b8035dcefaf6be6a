#include <algorithm>
#include <charconv>
#include <iostream>
#include <set>

#include "cli/best_result.hpp"
#include "cli/report_choice.hpp"
#include "cli/report_source.hpp"
#include "cli/trial_recipe.hpp"
#include "cli/verbs.hpp"
#include "storage/files.hpp"
#include "sweeps/metric_kind.hpp"
#include "sweeps/parameters.hpp"
#include "sweeps/setting.hpp"

namespace harrow::cli {
namespace {

using Names = std::vector<std::string>;

constexpr std::size_t kMaxFreshSeeds = 1000;
constexpr const char* kLeaveOut = "leave-categories-out";

std::string goal_of(const BestOptions& options, std::size_t metric) {
    return options.goals.empty()       ? ""
           : options.goals.size() == 1 ? options.goals.front()
                                       : options.goals[metric];
}

void require_sense(const BestOptions& options) {
    const auto refuse = [](const std::string& why) { throw sweeps::UsageError(why); };
    if (options.goals.size() > 1 && options.goals.size() != options.metrics.size()) {
        refuse("--goal: give one goal, or one for every metric");
    }
    const bool has_rule = options.select_on != "test" || !options.report_on.empty();
    if (options.select_on != "test" && !options.report_on.empty()) {
        refuse("--select-on and --report-on are two ways to leave test data alone: give one");
    }
    if (has_rule && options.metrics.size() > 1) {
        refuse("--select-on and --report-on take one --metric");
    }
    if (!options.out.empty() && options.rerun.empty()) {
        refuse("--out is for the sweep file of --rerun");
    }
    if (options.json && !options.rerun.empty() && options.out.empty()) {
        refuse("--rerun writes its sweep file to standard output: give --out FILE beside --json");
    }
}

/// The sweep's objective with what the command line says instead.
sweeps::Objective wanted_objective(const analysis::Report& report, const BestOptions& options) {
    sweeps::Objective objective = report.objective;
    if (!options.metrics.empty() || !options.goals.empty()) {
        const bool is_same = options.metrics.empty() || options.metrics.front() == objective.metric;
        const std::string metric = is_same ? objective.metric : options.metrics.front();
        if (!is_same || !options.goals.empty()) {
            objective.goal = objective_of(metric, goal_of(options, 0)).goal;
        }
        objective.metric = metric;
    }
    if (!options.subject_to.empty()) {
        objective.subject_to = options.subject_to;
    }
    return objective;
}

/// "val_synth.image_auroc" for image_auroc; where there is none, the only metric of the split.
sweeps::Objective on_split(const analysis::Summary& summary,
                           const sweeps::Objective& reported,
                           const std::string& split,
                           const std::string& goal) {
    sweeps::Objective objective = reported;
    objective.metric = split + "." + reported.metric;
    Names known;
    std::copy_if(summary.metrics.begin(),
                 summary.metrics.end(),
                 std::back_inserter(known),
                 [&](const std::string& metric) { return sweeps::split_of(metric) == split; });
    if (std::find(known.begin(), known.end(), objective.metric) != known.end()) {
        return objective;
    }
    if (known.size() == 1) {
        objective.metric = known.front();
        const std::optional<sweeps::Goal> own = sweeps::known_goal(objective.metric);
        objective.goal = own ? *own : objective_of(objective.metric, goal).goal;
        return objective;
    }
    throw sweeps::UsageError(
        "--select-on " + split + ": these results have no metric " + objective.metric +
        (known.empty()
             ? "; docs/reports.md, \"Selecting without test data\", says how a run gets it"
             : sweeps::suggestion(objective.metric, known)));
}

void select(BestResult& result, const sweeps::Objective& objective) {
    result.report =
        analysis::make_report(result.report.name, objective, std::move(result.report.summary));
    if (!result.report.selection.cell) {
        Names metrics;
        for (const std::string& metric : result.report.summary.metrics) {
            metrics.push_back(metric);
        }
        throw sweeps::UsageError(
            "no cell can be selected: " + result.report.selection.why_none +
            (result.report.selection.compared == 0 && !metrics.empty()
                 ? "; --metric takes" + sweeps::suggestion(objective.metric, metrics)
                 : ""));
    }
    result.cell = *result.report.selection.cell;
}

void apply_rule(BestResult& result, const BestOptions& options, const sweeps::Objective& wanted) {
    const analysis::Summary& summary = result.report.summary;
    if (options.select_on == kLeaveOut) {
        result.rule = analysis::leave_categories_out(summary, wanted);
        result.cell = result.rule->cell;
        result.selected_on = kLeaveOut;
    } else if (!options.report_on.empty()) {
        result.other = make_run_report(read_run_state(options.report_on), false);
        const std::size_t cell =
            analysis::matching_cell(summary.cells[result.cell], result.other->summary);
        result.rule = analysis::judge_selection(
            result.other->summary, wanted, cell, "selected on " + result.report.name);
        result.selected_on = "cross-dataset";
    } else if (options.select_on != "test") {
        result.rule = analysis::judge_selection(
            summary, wanted, result.cell, "selected by " + result.report.objective.metric);
    }
}

BestResult find_best(const storage::RunState& state, const BestOptions& options) {
    BestResult result;
    result.report = make_run_report(state, false);
    require_metrics(result.report.summary, options.metrics);
    const sweeps::Objective wanted = wanted_objective(result.report, options);
    result.metric = wanted.metric;
    result.goal = wanted.goal;
    const bool is_by_split = options.select_on == "val_synth" || options.select_on == "val_normal";
    select(result,
           is_by_split
               ? on_split(result.report.summary, wanted, options.select_on, goal_of(options, 0))
               : wanted);
    result.selected_on = result.report.selection.selected_on;
    apply_rule(result, options, wanted);
    if (options.metrics.size() > 1) {
        for (std::size_t i = 0; i < options.metrics.size(); ++i) {
            const sweeps::Objective one =
                i == 0 ? wanted : objective_of(options.metrics[i], goal_of(options, i));
            result.pareto_goals.push_back({one.metric, one.goal});
        }
        result.front = analysis::pareto_front(
            result.report.summary, result.pareto_goals, result.report.selection.candidates);
    }
    return result;
}

/// "5": the five smallest that no cell has; "100..104,7": these.
std::vector<std::uint64_t> fresh_seeds(const analysis::Summary& summary, const std::string& text) {
    std::set<std::uint64_t> used;
    for (const analysis::CellSummary& cell : summary.cells) {
        used.insert(cell.info.seeds.begin(), cell.info.seeds.end());
    }
    std::size_t count = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, code] = std::from_chars(text.data(), end, count);
    std::vector<std::uint64_t> seeds;
    if (code == std::errc() && rest == end) {
        if (count == 0 || count > kMaxFreshSeeds) {
            throw sweeps::UsageError("--rerun: 1 to " + std::to_string(kMaxFreshSeeds) +
                                     " fresh seeds");
        }
        for (std::uint64_t seed = 0; seeds.size() < count; ++seed) {
            if (used.count(seed) == 0) {
                seeds.push_back(seed);
            }
        }
        return seeds;
    }
    sweeps::YamlNode node;
    node.kind = sweeps::YamlNode::Kind::Scalar;
    node.text = text;
    std::vector<sweeps::Problem> problems;
    seeds = sweeps::read_seeds(node, "--rerun", problems);
    if (!problems.empty()) {
        throw sweeps::UsageError(problems);
    }
    for (const std::uint64_t seed : seeds) {
        if (used.count(seed) != 0) {
            throw sweeps::UsageError("--rerun: seed " + std::to_string(seed) +
                                     " had a part in the selection; fresh ones have not");
        }
    }
    return seeds;
}

std::string rerun_file(const storage::RunState& state,
                       const BestResult& result,
                       const std::string& seeds) {
    if (state.sweep->imported) {
        throw sweeps::UsageError("--rerun: these results were imported; Harrow cannot run them");
    }
    const std::string& id = result.report.summary.cells[result.cell].info.id;
    const auto record =
        std::find_if(state.cells.begin(), state.cells.end(), [&](const storage::CellRecord& cell) {
            return cell.id == id;
        });
    if (record == state.cells.end()) {
        throw sweeps::UsageError("--rerun: the journal does not tell the settings of " + id);
    }
    return cell_recipe(*record,
                       result.report.name + "-rerun",
                       result.report.objective,
                       state.sweep->compare,
                       fresh_seeds(result.report.summary, seeds));
}

std::string as_comment(const std::string& text) {
    std::string comment = "# ";
    for (const char c : text.substr(0, text.find_last_not_of('\n') + 1)) {
        comment += c == '\n' ? std::string("\n# ") : std::string(1, c);
    }
    return comment +
           "\n# On seeds that had no part in the selection its value is not optimistic.\n";
}

}  // namespace

sweeps::ExitCode run_verb(const BestOptions& options) {
    require_sense(options);
    const storage::RunState state = read_run_state(options.dir);
    const BestResult result = find_best(state, options);
    std::string sweep;
    if (!options.rerun.empty()) {
        sweep = as_comment(best_lines(result)) + rerun_file(state, result, options.rerun);
        if (options.out.empty()) {
            std::cout << sweep;
            return sweeps::ExitCode::Ok;
        }
        storage::write_file_atomic(options.out, sweep);
    }
    std::cout << (options.json ? best_json(result) + "\n" : best_lines(result));
    return sweeps::ExitCode::Ok;
}

}  // namespace harrow::cli
