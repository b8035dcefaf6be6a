#include "analysis/report_json.hpp"

#include <cmath>

#include <nlohmann/json.hpp>

#include "storage/results.hpp"

namespace harrow::analysis {
namespace {

// Numbers are written here and not by the library, whose text is not always the shortest.
std::string number(const std::optional<double>& value) {
    return value && std::isfinite(*value) ? storage::shortest_text(*value) : "null";
}

std::string quoted(const std::string& text) {
    using Json = nlohmann::json;
    return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

template <typename Items, typename TextOf>
std::string joined(const Items& items, const std::string& separator, TextOf text_of) {
    std::string text;
    for (const auto& item : items) {
        text += (text.empty() ? "" : separator) + text_of(item);
    }
    return text;
}

template <typename Items>
std::string quoted_list(const Items& items) {
    return "[" + joined(items, ", ", quoted) + "]";
}

std::string seed_list(const std::vector<std::uint64_t>& seeds) {
    return "[" + joined(seeds, ", ", [](std::uint64_t seed) { return std::to_string(seed); }) + "]";
}

std::string interval(const std::optional<Interval>& ci) {
    return ci ? "[" + number(ci->low) + ", " + number(ci->high) + "]" : "null";
}

std::string metric_json(const MetricSummary& summary) {
    const SampleStatistics& statistics = summary.statistics;
    return "{\"mean\": " + number(statistics.mean) + ", \"std\": " + number(statistics.std) +
           ", \"n\": " + std::to_string(statistics.n) + ", \"ci95\": " + interval(statistics.ci95) +
           ", \"values\": {" +
           joined(summary.values,
                  ", ",
                  [](const auto& value) {
                      return "\"" + std::to_string(value.first) + "\": " + number(value.second);
                  }) +
           "}}";
}

std::string table_json(const MetricTable& table,
                       const std::vector<std::string>& order,
                       const std::string& indent) {
    std::vector<std::string> present;
    for (const std::string& metric : order) {
        if (find_metric(table, metric) != nullptr) {
            present.push_back(metric);
        }
    }
    if (present.empty()) {
        return "{}";
    }
    return "{\n" +
           joined(present,
                  ",\n",
                  [&](const std::string& metric) {
                      return indent + "  " + quoted(metric) + ": " + metric_json(table.at(metric));
                  }) +
           "\n" + indent + "}";
}

/// By class or "mean", then metric.
std::string published_json(const CellInfo& info) {
    const auto value = [](const auto& entry) {
        return quoted(entry.first) + ": {\"mean\": " + number(entry.second.mean) +
               ", \"std\": " + number(entry.second.std) + "}";
    };
    return "{" +
           joined(info.published,
                  ", ",
                  [&](const auto& entry) {
                      return quoted(entry.first) + ": {" + joined(entry.second, ", ", value) + "}";
                  }) +
           "}";
}

std::string cell_json(const CellSummary& cell, const Summary& summary) {
    std::string text = "    {\n";
    text += "      \"id\": " + quoted(cell.info.id) + ",\n";
    text += "      \"name\": " + quoted(cell.info.name) + ",\n";
    text += "      \"label\": " + quoted(cell.info.label) + ",\n";
    text += "      \"names\": " + quoted_list(cell.info.names) + ",\n";
    text += "      \"tags\": " + quoted_list(cell.info.tags) + ",\n";
    text += "      \"n\": " + std::to_string(cell.finished.size()) + ",\n";
    text += "      \"missing\": " + seed_list(cell.missing) + ",\n";
    text += "      \"metrics\": " + table_json(cell.metrics, summary.metrics, "      ") + ",\n";
    text += "      \"classes\": {";
    text += joined(cell.classes, ",", [&](const auto& entry) {
        return "\n        " + quoted(entry.first) + ": " +
               table_json(entry.second, summary.metrics, "        ");
    });
    text += std::string(cell.classes.empty() ? "" : "\n      ") + "},\n";
    return text + "      \"published\": " + published_json(cell.info) + "\n    }";
}

std::string note_json(const TrialNote& note) {
    return "    {\"cell\": " + quoted(note.cell) + ", \"seed\": " + std::to_string(note.seed) +
           ", \"state\": " + quoted(note.state) + ", \"reason\": " + quoted(note.reason) + "}";
}

std::string comparison_json(const Comparison& comparison, const Summary& summary) {
    const auto name_of = [](const SettingDifference& difference) {
        return quoted(difference.name);
    };
    return "    {\"cell\": " + quoted(summary.cells[comparison.cell].info.name) +
           ", \"vs\": " + quoted(summary.cells[comparison.versus].info.name) +
           ", \"metric\": " + quoted(comparison.metric) +
           ", \"n\": " + std::to_string(comparison.n) + ", \"delta\": " + number(comparison.delta) +
           ", \"test\": " + quoted(comparison.test) + ", \"p\": " + number(comparison.p) +
           ", \"p_adjusted\": " + number(comparison.p_adjusted) +
           ", \"effect\": " + number(comparison.effect) +
           ", \"effect_name\": " + quoted(comparison.effect_name) +
           ", \"ci95\": " + interval(comparison.ci95) + ", \"note\": " + quoted(comparison.note) +
           ", \"unfair\": [" + joined(comparison.unfair, ", ", name_of) + "]}";
}

std::string class_difference_json(const ClassDifference& difference,
                                  const ClassComparisons& of,
                                  const Summary& summary) {
    const Comparison& pair = difference.pair;
    return "    {\"cell\": " + quoted(summary.cells[pair.cell].info.name) +
           ", \"vs\": " + quoted(summary.cells[pair.versus].info.name) +
           ", \"metric\": " + quoted(of.metric) + ", \"class\": " + quoted(difference.class_name) +
           ", \"n\": " + std::to_string(pair.n) + ", \"delta\": " + number(pair.delta) +
           ", \"relative\": " + number(difference.relative) + ", \"test\": " + quoted(of.test) +
           ", \"p\": " + number(pair.p) + ", \"p_adjusted\": " + number(pair.p_adjusted) +
           ", \"verdict\": " + quoted(separation_text(difference.separation)) + "}";
}

}  // namespace

std::string json_report(const Report& report) {
    const Summary& summary = report.summary;
    const Selection& selection = report.selection;
    const bool is_highest = report.objective.goal == sweeps::Goal::Maximize;
    std::string text = "{\n  \"name\": " + quoted(report.name) + ",\n";
    text += "  \"objective\": {\"metric\": " + quoted(report.objective.metric) +
            ", \"goal\": " + (is_highest ? "\"maximize\"" : "\"minimize\"") +
            ", \"subject_to\": " + quoted_list(report.objective.subject_to) + "},\n";
    text += "  \"best\": {\"cell\": " +
            (selection.cell ? quoted(summary.cells[*selection.cell].info.id) : "null") +
            ", \"compared\": " + std::to_string(selection.compared) +
            ", \"refused\": " + std::to_string(selection.refused) +
            ", \"selected_on\": " + quoted(selection.selected_on) +
            ", \"stamp\": " + (selection.is_oracle() ? quoted(selection.stamp()) : "null") +
            ", \"tied\": [" +
            joined(selection.ties.cells,
                   ", ",
                   [&](std::size_t cell) { return quoted(summary.cells[cell].info.name); }) +
            "], \"winners_curse\": {\"expected\": " + number(selection.curse.expected) +
            ", \"bootstrap\": " + number(selection.curse.bootstrap) + "}},\n";
    const auto list = [](const std::string& items) {
        return items.empty() ? std::string("[]") : "[\n" + items + "\n  ]";
    };
    text += "  \"cells\": " +
            list(joined(summary.cells,
                        ",\n",
                        [&](const CellSummary& cell) { return cell_json(cell, summary); })) +
            ",\n";
    text += "  \"comparisons\": " +
            list(joined(report.comparisons,
                        ",\n",
                        [&](const Comparison& comparison) {
                            return comparison_json(comparison, summary);
                        })) +
            ",\n";
    const auto of_classes = [&](const ClassComparisons& of) {
        return joined(of.differences, ",\n", [&](const ClassDifference& difference) {
            return class_difference_json(difference, of, summary);
        });
    };
    text +=
        "  \"class_comparisons\": " + list(joined(report.class_comparisons, ",\n", of_classes)) +
        ",\n";
    text += "  \"notes\": " + list(joined(summary.notes, ",\n", note_json)) + "\n}\n";
    return text;
}

}  // namespace harrow::analysis
