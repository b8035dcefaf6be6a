#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/imports/import_problems.hpp"
#include "storage/journal_records.hpp"
#include "sweeps/result_row.hpp"

namespace harrow::storage {

/// Texts by number, in the order in which they came.
class ImportNames {
public:
    std::uint32_t number_of(std::string_view name);
    const std::string& operator[](std::size_t number) const { return names_[number]; }
    std::size_t size() const noexcept { return names_.size(); }

private:
    std::vector<std::string> names_;
    std::map<std::string, std::uint32_t, std::less<>> numbers_;
    std::uint32_t last_ = 0;  ///< rows often repeat what the one before had
};

/// A configuration that results were made under.
struct ImportCell {
    std::string name;
    std::string label;
    std::vector<std::string> tags;
    std::string dataset;
    std::map<std::string, std::string> settings;  ///< Harrow's parameters by their dotted names
    std::vector<PublishedValue> published;
};

/// One number of one seed.
struct ImportValue {
    double value = 0;
    std::uint32_t trial = 0, class_name = 0;  ///< numbers in ImportTable
    std::uint32_t line = 0;
    std::int32_t after_task = 0;
    std::uint16_t metric = 0, file = 0;
    bool is_oracle = false;
};

struct ImportTrial {
    std::uint32_t cell = 0;
    std::uint64_t seed = 0;
};

/// Where a value stands in its file.
struct ImportPlace {
    std::uint32_t file = 0;
    std::int64_t line = 0;
};

/// What a value is of.
struct ImportSubject {
    std::uint32_t cell = 0;
    std::string_view class_name;  ///< or "mean"
    std::string_view metric;
    int after_task = 0;
    bool is_oracle = false;
};

/// Collects what the files say; 32 bytes a value. Problems are kept, nothing throws but refuse() of
/// the problems.
class ImportTable {
public:
    static constexpr std::size_t kMaxValues = std::size_t{1} << 26;
    static constexpr std::size_t kMaxPublished = std::size_t{1} << 18;

    /// Of a file as the user named it; for places.
    std::uint32_t add_file(const std::string& name);
    const std::string& file_name(std::uint32_t file) const { return files_[file]; }
    /// The cell of that name; a new one at its end. A name that is empty, has control characters or
    /// is no UTF-8 is a problem, and its number is none: absent.
    std::optional<std::uint32_t> cell(std::string_view name, const ImportPlace& place);
    /// One measured value of a seed. After kMaxValues a problem, once.
    void add_value(std::uint64_t seed,
                   const ImportSubject& subject,
                   double value,
                   const ImportPlace& place);
    /// A value without a seed. After kMaxPublished a problem, once.
    void add_published(const ImportSubject& subject,
                       double value,
                       std::optional<double> std,
                       const ImportPlace& place);
    void problem(const ImportPlace& place, const std::string& message);

    /// To be called once, when all was read: sorts the values by trial, stage, routing, class and
    /// metric; values given twice and units that are mixed are problems.
    void finish();

    /// Of a finished table, names of metrics that no name tells to be shares and that have one
    /// value over all seeds of every cell, class and stage, where a cell has several seeds: perhaps
    /// settings. In the order in which they came.
    std::vector<std::string> constant_metrics() const;

    ImportProblems& problems() noexcept { return problems_; }
    std::vector<ImportCell>& cells() noexcept { return cells_; }
    const std::vector<ImportCell>& cells() const noexcept { return cells_; }
    const std::vector<ImportTrial>& trials() const noexcept { return trials_; }
    const std::vector<ImportValue>& values() const noexcept { return values_; }
    const ImportNames& classes() const noexcept { return classes_; }
    const ImportNames& metrics() const noexcept { return metrics_; }
    /// The row of one of values().
    sweeps::MetricRow row(const ImportValue& value) const;

private:
    struct PublishedPlace {
        std::uint32_t cell = 0;
        std::size_t index = 0;  ///< in the cell's published
        ImportPlace place;
    };

    bool is_usable_name(std::string_view name, const char* what, const ImportPlace& place);
    bool is_usable(const ImportSubject& subject, const ImportPlace& place);
    std::uint32_t trial(std::uint32_t cell, std::uint64_t seed);
    void refuse_duplicates();
    void refuse_duplicate_published();
    void refuse_mixed_units();
    std::string subject_text(const ImportValue& value) const;

    std::vector<std::string> files_;
    std::vector<ImportCell> cells_;
    std::map<std::string, std::uint32_t, std::less<>> cell_numbers_;
    std::vector<ImportTrial> trials_;
    std::map<std::pair<std::uint32_t, std::uint64_t>, std::uint32_t> trial_numbers_;
    std::vector<ImportValue> values_;
    std::vector<PublishedPlace> published_places_;
    ImportNames classes_, metrics_;
    ImportProblems problems_;
};

}  // namespace harrow::storage
