#include "storage/imports/experiment_results.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>
#include <utility>

#include "storage/imports/import_numbers.hpp"

namespace harrow::storage {
namespace {

constexpr int kMaxTask = 999;
constexpr int kFinal = -1;  ///< stage of final_results.csv until the last task is known
constexpr const char* kRouting = "routing_acc";

/// final_results.csv has four decimals.
constexpr double kRounding = 1e-3;

struct MetricColumn {
    const char* column;
    const char* metric;
};
constexpr MetricColumn kContinualMetrics[] = {
    {"img_auc", "image_auroc"}, {"pixel_auc", "pixel_auroc"}, {"routing_accuracy", kRouting}};
constexpr MetricColumn kFinalMetrics[] = {{"Routing Acc (%)", kRouting},
                                          {"Image AUC", "image_auroc"},
                                          {"Pixel AUC", "pixel_auroc"},
                                          {"Image AP", "image_ap"},
                                          {"Pixel AP", "pixel_ap"}};

bool has(const std::vector<std::string>& header, const char* name) {
    return std::find(header.begin(), header.end(), name) != header.end();
}

/// `Average`, `Task_3_Average`, `Mean`, `Overall`.
bool is_mean_row(std::string_view class_name) {
    constexpr std::string_view kTask = "Task_", kAverage = "_Average";
    if (class_name == "Average" || class_name == "Overall" || class_name == "Mean") {
        return true;
    }
    return class_name.size() > kTask.size() + kAverage.size() &&
           class_name.substr(0, kTask.size()) == kTask &&
           class_name.substr(class_name.size() - kAverage.size()) == kAverage;
}

}  // namespace

/// Where a file's columns stand.
struct ExperimentResults::Columns {
    std::size_t count = 0, class_name = 0, task = 0;
    std::vector<std::pair<std::size_t, const char*>> metrics;  ///< place, Harrow's name

    template <std::size_t n>
    Columns(const std::vector<std::string_view>& header,
            const char* class_column,
            const char* task_column,
            const MetricColumn (&known)[n])
        : count(header.size()) {
        for (std::size_t i = 0; i < header.size(); ++i) {
            const std::string_view name = trimmed_field(header[i]);
            class_name = name == class_column ? i : class_name;
            task = name == task_column ? i : task;
            for (const MetricColumn& metric : known) {
                if (name == metric.column) {
                    metrics.emplace_back(i, metric.metric);
                }
            }
        }
    }
};

bool is_final_results(const std::vector<std::string>& header) {
    return has(header, "Task ID") && has(header, "Class Name");
}

bool is_continual_results(const std::vector<std::string>& header) {
    return has(header, "class_name") && has(header, "task_id");
}

std::optional<int> task_of_continual_file(std::string_view file_name) {
    constexpr std::string_view kBegin = "continual_results_after_task_", kEnd = ".csv";
    if (file_name.size() <= kBegin.size() + kEnd.size() ||
        file_name.substr(0, kBegin.size()) != kBegin ||
        file_name.substr(file_name.size() - kEnd.size()) != kEnd) {
        return std::nullopt;
    }
    const std::string_view digits =
        file_name.substr(kBegin.size(), file_name.size() - kBegin.size() - kEnd.size());
    int task = 0;
    return parse_import_index(digits, kMaxTask, task).empty() ? std::optional(task) : std::nullopt;
}

bool ExperimentResults::know_class(const std::string& name,
                                   std::string_view task_text,
                                   int after_task,
                                   const ImportPlace& place) {
    int task = 0;
    const std::string wrong = parse_import_index(task_text, kMaxTask, task);
    if (!wrong.empty()) {
        table_.problem(place, "the task of class '" + name + "': " + wrong);
        return false;
    }
    const auto [known, is_new] = task_of_.emplace(name, task);
    if (is_new) {
        classes_.push_back(name);
    } else if (known->second != task) {
        table_.problem(place,
                       "class '" + name + "' is of task " + std::to_string(task) +
                           " here and of task " + std::to_string(known->second) + " before");
        return false;
    }
    if (after_task != kFinal && task > after_task) {
        table_.problem(place,
                       "class '" + name + "' of task " + std::to_string(task) +
                           " has values after task " + std::to_string(after_task) +
                           ", before it was learned");
        return false;
    }
    return true;
}

void ExperimentResults::keep(const Key& key, std::string_view field, const ImportPlace& place) {
    if (is_missing_value(field)) {
        return;
    }
    DecimalMarks marks;
    const ParsedNumber number = parse_import_number(field, false, place.line, marks);
    if (!number.problem.empty()) {
        table_.problem(place, std::get<2>(key) + ": " + number.problem);
        return;
    }
    const auto [first, is_new] = values_.emplace(key, Value{number.value, place});
    if (!is_new) {
        table_.problem(place,
                       "class '" + std::get<1>(key) + "' has a value of " + std::get<2>(key) +
                           " already, in line " + std::to_string(first->second.place.line));
    }
}

void ExperimentResults::read_rows(CsvReader& reader,
                                  std::uint32_t file,
                                  int after_task,
                                  const Columns& columns) {
    if (columns.metrics.empty()) {
        table_.problem({file, reader.line()}, "no column of a metric is there");
        return;
    }
    if (!stages_.emplace(after_task, ImportPlace{file, 0}).second) {
        table_.problem({file, 0}, "the experiment has a file of this stage already");
        return;
    }
    bool any = false;
    while (!table_.problems().is_full() && reader.next()) {
        const ImportPlace place{file, reader.line()};
        if (reader.fields().size() != columns.count) {
            table_.problem(place,
                           std::to_string(reader.fields().size()) +
                               " fields where the header has " + std::to_string(columns.count));
            continue;
        }
        const std::string name(trimmed_field(reader.fields()[columns.class_name]));
        if (is_mean_row(name)) {
            continue;
        }
        any = true;
        if (!know_class(name, trimmed_field(reader.fields()[columns.task]), after_task, place)) {
            continue;
        }
        for (const auto& [at, metric] : columns.metrics) {
            keep({after_task, name, metric}, trimmed_field(reader.fields()[at]), place);
        }
    }
    if (!any) {
        table_.problem({file, 0}, "there is no row of a class");
    }
}

void ExperimentResults::read_continual(CsvReader& reader, std::uint32_t file, int after_task) {
    read_rows(reader,
              file,
              after_task,
              Columns(reader.fields(), "class_name", "task_id", kContinualMetrics));
}

void ExperimentResults::read_final(CsvReader& reader, std::uint32_t file) {
    read_rows(
        reader, file, kFinal, Columns(reader.fields(), "Class Name", "Task ID", kFinalMetrics));
}

void ExperimentResults::require_all_classes() {
    std::set<std::pair<int, std::string>> present;
    for (const auto& [key, value] : values_) {
        present.emplace(std::get<0>(key), std::get<1>(key));
    }
    for (const auto& [stage, place] : stages_) {
        for (const std::string& name : classes_) {
            if ((stage == kFinal || task_of_[name] <= stage) && present.count({stage, name}) == 0) {
                table_.problem(place,
                               "class '" + name + "' of task " + std::to_string(task_of_[name]) +
                                   " has no value here");
            }
        }
    }
}

bool ExperimentResults::agrees(const Key& key, const Value& value, int last) {
    const auto other = values_.find({last, std::get<1>(key), std::get<2>(key)});
    if (other == values_.end()) {
        return true;
    }
    const double unit =
        std::max(std::abs(value.value), std::abs(other->second.value)) > 1.5 ? 100 : 1;
    if (std::get<2>(key) != kRouting &&
        !(std::abs(value.value - other->second.value) <= kRounding * unit)) {
        table_.problem(value.place,
                       "class '" + std::get<1>(key) + "': " + std::get<2>(key) +
                           " does not agree with " + table_.file_name(other->second.place.file) +
                           ", line " + std::to_string(other->second.place.line));
    }
    return false;  // the other one is handed on
}

void ExperimentResults::hand_on(const Key& key, const Value& value, int after_task) {
    ImportSubject subject;
    subject.cell = cell_;
    subject.class_name = std::get<1>(key);
    subject.metric = std::get<2>(key);
    subject.after_task = after_task;
    table_.add_value(seed_, subject, value.value, value.place);
}

void ExperimentResults::finish() {
    require_all_classes();
    int last = 0;
    for (const auto& [name, task] : task_of_) {
        last = std::max(last, task);
    }
    // Classes get their numbers, and with them their places in tables, in the order of their tasks.
    std::stable_sort(classes_.begin(), classes_.end(), [&](const auto& a, const auto& b) {
        return task_of_[a] < task_of_[b];
    });
    std::map<std::string, std::vector<const std::pair<const Key, Value>*>> by_class;
    for (const auto& entry : values_) {
        by_class[std::get<1>(entry.first)].push_back(&entry);
    }
    for (const std::string& name : classes_) {
        for (const auto* entry : by_class[name]) {
            const int stage = std::get<0>(entry->first);
            if (stage != kFinal || agrees(entry->first, entry->second, last)) {
                hand_on(entry->first, entry->second, stage == kFinal ? last : stage);
            }
        }
    }
}

}  // namespace harrow::storage
