#include "cli/best_result.hpp"

#include <nlohmann/json.hpp>

#include "analysis/sections/values.hpp"
#include "analysis/selection/selection_text.hpp"

namespace harrow::cli {
namespace {

using Json = nlohmann::ordered_json;

Json optional_number(const std::optional<double>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json names_of(const analysis::Summary& summary, const std::vector<std::size_t>& cells) {
    Json names = Json::array();
    for (const std::size_t cell : cells) {
        names.push_back(summary.cells[cell].info.name);
    }
    return names;
}

Json values_json(const std::map<std::uint64_t, double>& values) {
    Json object = Json::object();
    for (const auto& [seed, value] : values) {
        object[std::to_string(seed)] = value;
    }
    return object;
}

Json curse_json(const analysis::WinnersCurse& curse) {
    return {{"configurations", curse.configurations},
            {"n", curse.n},
            {"sigma", optional_number(curse.sigma)},
            {"expected_max", curse.expected_max},
            {"expected", optional_number(curse.expected)},
            {"bootstrap", optional_number(curse.bootstrap)},
            {"note", curse.note}};
}

Json rule_json(const BestResult& result) {
    const analysis::RuleResult& rule = *result.rule;
    const auto& cells = result.reported().summary.cells;
    Json folds = Json::array();
    for (const analysis::HeldOutFold& fold : rule.folds) {
        folds.push_back({{"held_out", fold.class_name},
                         {"cell", cells[fold.cell].info.name},
                         {"selected_by", fold.selected_by},
                         {"value", fold.held_out}});
    }
    return {{"rule", rule.rule},
            {"run", result.reported().name},
            {"cell", cells[rule.cell].info.name},
            {"value", optional_number(rule.statistics.mean)},
            {"oracle", {{"cell", cells[rule.oracle_cell].info.name}, {"value", rule.oracle}}},
            {"gap", rule.gap},
            {"folds", std::move(folds)},
            {"notes", rule.notes}};
}

std::string value_of(const BestResult& result, double value) {
    return analysis::value_text(result.reported(), result.metric, value);
}

std::string rule_lines(const BestResult& result) {
    const analysis::RuleResult& rule = *result.rule;
    const analysis::Report& reported = result.reported();
    const auto& cells = reported.summary.cells;
    const bool is_by_class = !rule.folds.empty();
    std::string text;
    for (const analysis::HeldOutFold& fold : rule.folds) {
        text += "Without " + fold.class_name + ": " + cells[fold.cell].info.name + ", " +
                value_of(result, fold.selected_by) + " on the others, " +
                value_of(result, fold.held_out) + " on " + fold.class_name + ".\n";
    }
    const analysis::MetricSummary values{rule.statistics, rule.values, {}};
    text += "Reported: " +
            std::string(is_by_class ? "mean of the held-out classes" : cells[rule.cell].info.name) +
            (result.other ? " of " + reported.name : "") + ", " + result.metric + " " +
            analysis::mean_std_text(&values, analysis::metric_format(reported, result.metric)) +
            ".\n";
    text += "An oracle would report " + cells[rule.oracle_cell].info.name + " with " +
            value_of(result, rule.oracle) + ": a gap of " + value_of(result, rule.gap) + ".\n";
    for (const std::string& note : rule.notes) {
        text += note + "\n";
    }
    return text;
}

}  // namespace

std::string best_lines(const BestResult& result) {
    const bool is_by_class = result.rule && !result.rule->folds.empty();
    std::string text;
    if (is_by_class) {
        text = "Selected by leave-categories-out, most often: " +
               result.report.summary.cells[result.cell].info.name + ".\n";
    } else {
        text = analysis::best_text(result.report) + "\n";
        for (const std::string& line : analysis::selection_lines(result.report)) {
            text += line + "\n";
        }
    }
    if (!result.pareto_goals.empty()) {
        text += analysis::pareto_line(result.report, result.pareto_goals, result.front) + "\n";
    }
    text += result.rule ? rule_lines(result) : "";
    std::vector<std::string> metrics = {result.metric, result.report.objective.metric};
    for (const analysis::ParetoGoal& goal : result.pareto_goals) {
        metrics.push_back(goal.metric);
    }
    for (const std::string& note : analysis::metric_notes(result.reported(), metrics)) {
        text += note + "\n";
    }
    return text;
}

std::string best_json(const BestResult& result) {
    const analysis::CellSummary& cell = result.report.summary.cells[result.cell];
    const analysis::Selection& selection = result.report.selection;
    const bool is_by_class = result.rule && !result.rule->folds.empty();
    analysis::MetricSummary reported;
    if (!result.rule) {
        reported = cell.metrics.at(result.metric);
    } else if (is_by_class) {
        reported = {result.rule->statistics, result.rule->values, {}};
    } else {
        reported = result.reported().summary.cells[result.rule->cell].metrics.at(result.metric);
    }
    const Json object = {
        {"id", cell.info.id},
        {"name", cell.info.name},
        {"metric", result.metric},
        {"goal", result.goal == sweeps::Goal::Maximize ? "maximize" : "minimize"},
        {"mean", optional_number(reported.statistics.mean)},
        {"std", optional_number(reported.statistics.std)},
        {"n", reported.statistics.n},
        {"missing", reported.missing},
        {"values", values_json(reported.values)},
        {"compared", selection.compared},
        {"selected_on", result.selected_on},
        {"stamp", result.stamp().empty() ? Json(nullptr) : Json(result.stamp())},
        {"tied",
         is_by_class ? Json::array() : names_of(result.report.summary, selection.ties.cells)},
        {"ties_tested", is_by_class ? 0 : selection.ties.tested},
        {"pareto", names_of(result.report.summary, result.front)},
        {"winners_curse", is_by_class ? Json(nullptr) : curse_json(selection.curse)},
        {"rule", result.rule ? rule_json(result) : Json(nullptr)},
        {"notes", selection.notes}};
    return object.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace harrow::cli
