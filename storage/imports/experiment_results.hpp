#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/imports/csv_reader.hpp"
#include "storage/imports/import_table.hpp"

namespace harrow::storage {

/// `final_results.csv`.
bool is_final_results(const std::vector<std::string>& header);
/// `continual_results_after_task_<t>.csv`.
bool is_continual_results(const std::vector<std::string>& header);
/// The t of a file's name; absent for other names.
std::optional<int> task_of_continual_file(std::string_view file_name);

/// The result files of one experiment of the reference implementation: one cell, one seed. Metrics
/// get Harrow's names (img_auc, Image AUC: image_auroc), values and units stay as they are; rows of
/// means are not read, they follow from the classes.
class ExperimentResults {
public:
    ExperimentResults(ImportTable& table, std::uint32_t cell, std::uint64_t seed)
        : table_(table), cell_(cell), seed_(seed) {}

    /// Columns class_name, task_id, img_auc, pixel_auc, routing_accuracy: every class seen, after
    /// task `after_task`.
    void read_continual(CsvReader& reader, std::uint32_t file, int after_task);
    /// Columns Task ID, Class Name, Routing Acc (%), Image AUC, Pixel AUC, Image AP, Pixel AP:
    /// after the last task.
    void read_final(CsvReader& reader, std::uint32_t file);
    /// Behind the last file: hands the values on. Where both kinds of files have one, the continual
    /// one stays, which is not rounded; they must agree.
    void finish();

private:
    struct Value {
        double value = 0;
        ImportPlace place;
    };
    /// By after_task (kFinal of final_results), class and metric; std::map: classes are handed on
    /// in the order of their tasks.
    using Key = std::tuple<int, std::string, std::string>;

    struct Columns;
    void read_rows(CsvReader& reader, std::uint32_t file, int after_task, const Columns& columns);
    bool know_class(const std::string& name,
                    std::string_view task,
                    int after_task,
                    const ImportPlace& place);
    void keep(const Key& key, std::string_view field, const ImportPlace& place);
    void require_all_classes();
    bool agrees(const Key& key, const Value& value, int last);
    void hand_on(const Key& key, const Value& value, int after_task);

    ImportTable& table_;
    std::uint32_t cell_;
    std::uint64_t seed_;
    std::map<std::string, int> task_of_;  ///< by class
    std::vector<std::string> classes_;    ///< in the order in which they came
    std::map<int, ImportPlace> stages_;   ///< by after_task: its file
    std::map<Key, Value> values_;
};

}  // namespace harrow::storage
