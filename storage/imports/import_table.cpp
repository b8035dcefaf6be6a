#include "storage/imports/import_table.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <tuple>
#include <utility>

#include "storage/imports/unit_check.hpp"
#include "storage/results.hpp"
#include "sweeps/utf8.hpp"

namespace harrow::storage {
namespace {

constexpr const char* kMean = "mean";
constexpr std::size_t kMaxNameBytes = 1000;
constexpr std::size_t kMaxMetrics = std::numeric_limits<std::uint16_t>::max();

auto sort_key(const ImportValue& value) {
    return std::make_tuple(
        value.trial, value.after_task, value.is_oracle, value.class_name, value.metric);
}

bool has_control_character(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
}

/// What people call a mean over classes besides "mean".
bool looks_like_mean(std::string_view name) {
    constexpr std::array<std::string_view, 6> kMeans = {
        "mean", "average", "avg", "overall", "avg.", "mean."};
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return name != kMean && std::find(kMeans.begin(), kMeans.end(), lower) != kMeans.end();
}

}  // namespace

std::uint32_t ImportNames::number_of(std::string_view name) {
    if (!names_.empty() && names_[last_] == name) {
        return last_;
    }
    const auto known = numbers_.find(name);
    if (known != numbers_.end()) {
        return last_ = known->second;
    }
    last_ = static_cast<std::uint32_t>(names_.size());
    names_.emplace_back(name);
    numbers_.emplace(names_.back(), last_);
    return last_;
}

std::uint32_t ImportTable::add_file(const std::string& name) {
    constexpr std::size_t kMaxFiles = std::numeric_limits<std::uint16_t>::max();
    if (files_.size() >= kMaxFiles) {
        problem({}, "more than 65535 files; import them in parts");
        problems_.stop();
        return 0;
    }
    files_.push_back(name);
    return static_cast<std::uint32_t>(files_.size() - 1);
}

void ImportTable::problem(const ImportPlace& place, const std::string& message) {
    problems_.add(files_[place.file], place.line, message);
}

bool ImportTable::is_usable_name(std::string_view name,
                                 const char* what,
                                 const ImportPlace& place) {
    std::string wrong;
    if (name.empty()) {
        wrong = " is missing";
    } else if (name.size() > kMaxNameBytes) {
        wrong = " is longer than 1000 bytes";
    } else if (has_control_character(name)) {
        wrong = " has a line break or another control character";
    } else if (sweeps::valid_utf8_prefix(name) != name.size()) {
        wrong = " is not UTF-8; save the file as UTF-8";
    }
    if (!wrong.empty()) {
        problem(place, std::string("the name of the ") + what + wrong);
    }
    return wrong.empty();
}

std::optional<std::uint32_t> ImportTable::cell(std::string_view name, const ImportPlace& place) {
    const auto known = cell_numbers_.find(name);
    if (known != cell_numbers_.end()) {
        return known->second;
    }
    if (!is_usable_name(name, "cell", place)) {
        return std::nullopt;
    }
    ImportCell cell;
    cell.name = std::string(name);
    cells_.push_back(std::move(cell));
    const auto number = static_cast<std::uint32_t>(cells_.size() - 1);
    cell_numbers_.emplace(std::string(name), number);
    return number;
}

bool ImportTable::is_usable(const ImportSubject& subject, const ImportPlace& place) {
    // Names that are known were looked at when they came.
    const std::size_t classes = classes_.size(), metrics = metrics_.size();
    const std::uint32_t class_number = classes_.number_of(subject.class_name);
    if (class_number >= classes && looks_like_mean(subject.class_name)) {
        problem(place,
                "class '" + std::string(subject.class_name) +
                    "' seems to be a mean over classes; call it mean");
        return false;
    }
    if (class_number >= classes && !is_usable_name(subject.class_name, "class", place)) {
        return false;
    }
    const std::uint32_t metric_number = metrics_.number_of(subject.metric);
    if (metric_number > kMaxMetrics) {
        problem(place, "more than 65535 metrics");
        return false;
    }
    return metric_number < metrics || is_usable_name(subject.metric, "metric", place);
}

std::uint32_t ImportTable::trial(std::uint32_t cell, std::uint64_t seed) {
    const auto [known, is_new] = trial_numbers_.emplace(std::make_pair(cell, seed), trials_.size());
    if (is_new) {
        trials_.push_back({cell, seed});
    }
    return known->second;
}

void ImportTable::add_value(std::uint64_t seed,
                            const ImportSubject& subject,
                            double value,
                            const ImportPlace& place) {
    if (values_.size() >= kMaxValues) {
        problem(place,
                "more than " + std::to_string(kMaxValues) + " values; import the table in parts");
        problems_.stop();
        return;
    }
    if (!is_usable(subject, place)) {
        return;
    }
    ImportValue stored;
    stored.value = value == 0 ? 0 : value;  // no negative zero
    stored.trial = trial(subject.cell, seed);
    stored.class_name = classes_.number_of(subject.class_name);
    stored.line = static_cast<std::uint32_t>(
        std::min<std::int64_t>(place.line, std::numeric_limits<std::uint32_t>::max()));
    stored.after_task = subject.after_task;
    stored.metric = static_cast<std::uint16_t>(metrics_.number_of(subject.metric));
    stored.file = static_cast<std::uint16_t>(place.file);
    stored.is_oracle = subject.is_oracle;
    values_.push_back(stored);
}

void ImportTable::add_published(const ImportSubject& subject,
                                double value,
                                std::optional<double> std,
                                const ImportPlace& place) {
    if (published_places_.size() >= kMaxPublished) {
        problem(place,
                "more than " + std::to_string(kMaxPublished) +
                    " values without a seed; values of one's own trainings have one");
        problems_.stop();
        return;
    }
    if (!is_usable(subject, place)) {
        return;
    }
    std::vector<PublishedValue>& published = cells_[subject.cell].published;
    published_places_.push_back({subject.cell, published.size(), place});
    published.push_back({std::string(subject.class_name),
                         std::string(subject.metric),
                         value == 0 ? 0 : value,
                         std});
}

sweeps::MetricRow ImportTable::row(const ImportValue& value) const {
    return {value.after_task,
            classes_[value.class_name],
            value.is_oracle ? "oracle" : "routed",
            metrics_[value.metric],
            value.value};
}

std::string ImportTable::subject_text(const ImportValue& value) const {
    const ImportTrial& trial = trials_[value.trial];
    std::string text = "cell '" + cells_[trial.cell].name + "', seed " +
                       std::to_string(trial.seed) + ", class '" + classes_[value.class_name] +
                       "', metric '" + metrics_[value.metric] + "'";
    return value.after_task > 0 ? text + ", after task " + std::to_string(value.after_task) : text;
}

void ImportTable::refuse_duplicates() {
    std::sort(values_.begin(), values_.end(), [](const ImportValue& a, const ImportValue& b) {
        return std::tuple_cat(sort_key(a), std::make_tuple(a.file, a.line)) <
               std::tuple_cat(sort_key(b), std::make_tuple(b.file, b.line));
    });
    for (std::size_t i = 1; i < values_.size() && !problems_.is_full(); ++i) {
        if (sort_key(values_[i - 1]) == sort_key(values_[i])) {
            const ImportValue& first = values_[i - 1];
            const std::string where = first.file == values_[i].file ? "" : files_[first.file] + " ";
            problem({values_[i].file, values_[i].line},
                    subject_text(values_[i]) + " has a value already, in " + where + "line " +
                        std::to_string(first.line));
        }
    }
}

void ImportTable::refuse_duplicate_published() {
    std::map<std::tuple<std::uint32_t, std::string, std::string>, ImportPlace> seen;
    for (const PublishedPlace& at : published_places_) {
        if (problems_.is_full()) {
            return;
        }
        const PublishedValue& value = cells_[at.cell].published[at.index];
        const auto [first, is_new] =
            seen.emplace(std::make_tuple(at.cell, value.class_name, value.metric), at.place);
        if (!is_new) {
            problem(
                at.place,
                "cell '" + cells_[at.cell].name + "' without a seed, class '" + value.class_name +
                    "', metric '" + value.metric + "' has a value already, in " +
                    (first->second.file == at.place.file ? "" : files_[first->second.file] + " ") +
                    "line " + std::to_string(first->second.line));
        }
    }
}

void ImportTable::refuse_mixed_units() {
    UnitCheck check;
    for (const ImportValue& value : values_) {
        check.add(metrics_[value.metric],
                  {value.trial, value.after_task, value.is_oracle},
                  value.value,
                  {value.file, value.line});
    }
    for (const PublishedPlace& at : published_places_) {
        const PublishedValue& value = cells_[at.cell].published[at.index];
        check.add(value.metric,
                  {trials_.size() + at.cell, 0, false},
                  value.value,
                  {at.place.file, at.place.line});
    }
    for (const ImpossibleShare& share : check.impossible()) {
        problem({share.place.file, share.place.line},
                "metric '" + share.metric + "' is " + shortest_text(share.value) +
                    ", which no AUROC is, neither as a fraction nor in percent; a difference has "
                    "delta, gain or change in its name");
    }
    for (const MixedUnits& mixed : check.mixed()) {
        const auto text = [&](const UnitPlace& place, double value) {
            return shortest_text(value) + " (" + files_[place.file] + ":" +
                   std::to_string(place.line) + ")";
        };
        problem({mixed.percentage_place.file, mixed.percentage_place.line},
                "metric '" + mixed.metric + "' mixes fractions and percentages: " +
                    text(mixed.fraction_place, mixed.fraction) + " and " +
                    text(mixed.percentage_place, mixed.percentage) +
                    "; give all of its values in one unit" +
                    (mixed.is_strict ? ""
                                     : ", or import a cell that is really below 1 % into a "
                                       "directory of its own"));
    }
}

std::vector<std::string> ImportTable::constant_metrics() const {
    struct Seen {
        bool is_constant = true, is_repeated = false;
    };
    std::vector<Seen> seen(metrics_.size());
    for (std::size_t metric = 0; metric < seen.size(); ++metric) {
        seen[metric].is_constant = sweeps::share_kind(metrics_[metric]) == sweeps::ShareKind::None;
    }
    std::map<std::pair<std::uint32_t, std::uint16_t>, std::pair<double, std::uint32_t>> first;
    for (const ImportValue& value : values_) {
        Seen& metric = seen[value.metric];
        if (!metric.is_constant) {
            continue;
        }
        const auto [at, is_new] =
            first.emplace(std::make_pair(trials_[value.trial].cell, value.metric),
                          std::make_pair(value.value, value.trial));
        metric.is_constant = at->second.first == value.value;
        metric.is_repeated = metric.is_repeated || at->second.second != value.trial;
    }
    std::vector<std::string> names;
    for (std::size_t metric = 0; metric < seen.size(); ++metric) {
        if (seen[metric].is_constant && seen[metric].is_repeated) {
            names.push_back(metrics_[metric]);
        }
    }
    return names;
}

void ImportTable::finish() {
    if (problems_.empty() && values_.empty() && published_places_.empty()) {
        problem({}, "there is not one value");
    }
    refuse_duplicates();
    refuse_duplicate_published();
    refuse_mixed_units();
}

}  // namespace harrow::storage
