#include "analysis/imports/derived_rows.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "analysis/continual.hpp"
#include "sweeps/metric_kind.hpp"

namespace harrow::analysis {
namespace {

constexpr const char* kMean = "mean";

/// One metric under one routing: values by stage and class.
using Stages = std::map<std::pair<int, std::string>, double>;
using Subject = std::pair<std::string, std::string>;  ///< routing, metric

class Derivation {
public:
    Derivation(const std::vector<sweeps::MetricRow>& rows, const std::vector<std::string>& classes)
        : classes_(classes) {
        for (const sweeps::MetricRow& row : rows) {
            subjects_[{row.routing, row.metric}][{row.after_task, row.class_name}] = row.value;
            last_ = std::max(last_, row.after_task);
            if (row.class_name != kMean) {
                const auto known = arrival_.emplace(row.class_name, row.after_task).first;
                known->second = std::min(known->second, row.after_task);
            }
        }
        for (const std::string& name : classes) {
            arrival_.emplace(name, last_);
        }
    }

    std::vector<sweeps::MetricRow> rows() {
        for (const auto& [subject, stages] : subjects_) {
            if (subject.second.find('.') != std::string::npos) {
                continue;
            }
            add_means(subject, stages);
            if (last_ > 0 && subject.second != "routing_acc" &&
                sweeps::known_goal(subject.second) == sweeps::Goal::Maximize) {
                add_continual(subject, stages);
            }
        }
        return std::move(derived_);
    }

private:
    std::optional<double> mean_at(const Stages& stages, int after_task) const {
        double sum = 0;
        std::size_t seen = 0;
        for (const std::string& name : classes_) {
            if (arrival_.at(name) > after_task) {
                continue;
            }
            const auto value = stages.find({after_task, name});
            if (value == stages.end()) {
                return std::nullopt;
            }
            sum += value->second;
            ++seen;
        }
        return seen == 0 ? std::nullopt : std::optional(sum / static_cast<double>(seen));
    }

    void add_means(const Subject& subject, const Stages& stages) {
        int previous = -1;
        for (const auto& [stage, value] : stages) {
            const int after_task = stage.first;
            if (after_task == previous) {
                continue;
            }
            previous = after_task;
            const std::optional<double> mean = mean_at(stages, after_task);
            if (mean && stages.count({after_task, kMean}) == 0) {
                derived_.push_back({after_task, kMean, subject.first, subject.second, *mean});
            }
        }
    }

    /// Whether every class has a value after each task from its own on, and one has after the
    /// first.
    bool is_complete(const Stages& stages) const {
        bool has_first = false;
        for (const std::string& name : classes_) {
            const int own = arrival_.at(name);
            has_first = has_first || own == 0;
            for (int after_task = own; after_task <= last_; ++after_task) {
                if (stages.count({after_task, name}) == 0) {
                    return false;
                }
            }
        }
        return has_first;
    }

    void add_continual(const Subject& subject, const Stages& stages) {
        if (!is_complete(stages)) {
            return;
        }
        ContinualMatrix matrix;
        matrix.values.assign(static_cast<std::size_t>(last_) + 1,
                             std::vector<double>(classes_.size(), 0.0));
        for (std::size_t c = 0; c < classes_.size(); ++c) {
            const int own = arrival_.at(classes_[c]);
            matrix.class_task.push_back(own);
            for (int after_task = own; after_task <= last_; ++after_task) {
                matrix.values[static_cast<std::size_t>(after_task)][c] =
                    stages.at({after_task, classes_[c]});
            }
        }
        const ContinualMetrics metrics = continual_metrics(matrix);
        add(subject, ".acc", metrics.acc);
        add(subject, ".aia", metrics.aia);
        add(subject, ".la", metrics.la);
        add(subject, ".bwt", metrics.bwt);
        add(subject, ".fm", metrics.fm);
    }

    void add(const Subject& subject, const char* suffix, const std::optional<double>& value) {
        const Subject derived{subject.first, subject.second + suffix};
        const auto known = subjects_.find(derived);
        if (value && (known == subjects_.end() || known->second.count({last_, kMean}) == 0)) {
            derived_.push_back({last_, kMean, derived.first, derived.second, *value});
        }
    }

    const std::vector<std::string>& classes_;
    std::map<Subject, Stages> subjects_;
    std::map<std::string, int> arrival_;
    int last_ = 0;
    std::vector<sweeps::MetricRow> derived_;
};

}  // namespace

std::vector<sweeps::MetricRow> derived_rows(const std::vector<sweeps::MetricRow>& rows,
                                            const std::vector<std::string>& classes) {
    return Derivation(rows, classes).rows();
}

}  // namespace harrow::analysis
