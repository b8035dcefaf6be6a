#include "storage/results.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>

#include "sweeps/error.hpp"

namespace harrow::storage {

namespace {

using sweeps::Problem;
using sweeps::UsageError;

const std::array<std::string, 9> kColumns = {
    "trial", "cell", "cell_name", "seed", "after_task", "class", "routing", "metric", "value"};

[[noreturn]] void refuse(const std::string& file,
                         int line,
                         const std::string& key,
                         const std::string& message) {
    throw UsageError(std::vector<Problem>{{file, line, key, message}});
}

auto sort_key(const ResultRow& row) {
    return std::tie(row.cell_name,
                    row.cell,
                    row.seed,
                    row.after_task,
                    row.class_name,
                    row.routing,
                    row.metric,
                    row.trial);
}

std::string joined(const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts) {
        all += (all.empty() ? "" : ";") + text;
    }
    return all;
}

template <typename Number>
Number number_of(const CsvRecord& record, std::size_t column, const std::string& file) {
    const std::string& text = record.fields[column];
    Number value{};
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || text.empty()) {
        refuse(file, record.line, kColumns[column], "'" + text + "' is not a number it can hold");
    }
    return value;
}

/// An empty field takes one byte of text and 32 of memory.
constexpr std::size_t kMaxFields = 65536;

/// Reads one CSV record at a time.
class CsvReader {
public:
    CsvReader(std::string_view text, const std::string& file) : text_(text), file_(file) {}

    bool at_end() const { return position_ >= text_.size(); }

    CsvRecord next() {
        CsvRecord record{line_, {}};
        while (true) {
            record.fields.push_back(next_field());
            if (record.fields.size() > kMaxFields) {
                refuse(file_, record.line, "", "more than 65536 fields; this is no table");
            }
            if (!at_end() && text_[position_] == ',') {
                ++position_;
                continue;
            }
            end_line();
            return record;
        }
    }

private:
    std::string next_field() {
        if (at_end() || text_[position_] != '"') {
            const std::size_t end = std::min(text_.find_first_of(",\r\n", position_), text_.size());
            std::string field(text_.substr(position_, end - position_));
            position_ = end;
            return field;
        }
        const int opened = line_;
        std::string field;
        for (++position_; !at_end(); ++position_) {
            const char c = text_[position_];
            if (c == '"') {
                if (text_.substr(position_, 2) != "\"\"") {
                    ++position_;
                    return field;
                }
                ++position_;
            }
            line_ += c == '\n' ? 1 : 0;
            field += c;
        }
        refuse(file_, opened, "", "a quoted field is never closed");
    }

    void end_line() {
        if (text_.substr(position_, 2) == "\r\n") {
            ++position_;
        }
        if (!at_end() && text_[position_] != '\n') {
            refuse(file_, line_, "", "expected a comma or the end of the line after a field");
        }
        ++position_;
        ++line_;
    }

    std::string_view text_;
    const std::string& file_;
    std::size_t position_ = 0;
    int line_ = 1;
};

}  // namespace

std::string shortest_text(double value) {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    return std::string(digits.data(), end);
}

std::string csv_field(std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
        return std::string(text);
    }
    std::string quoted = "\"";
    for (const char c : text) {
        quoted += c == '"' ? "\"\"" : std::string(1, c);
    }
    return quoted + "\"";
}

void visit_csv(std::string_view text,
               const std::string& file,
               const std::function<bool(const CsvRecord&)>& visit) {
    CsvReader reader(text, file);
    while (!reader.at_end() && visit(reader.next())) {
    }
}

std::vector<CsvRecord> parse_csv(std::string_view text, const std::string& file) {
    std::vector<CsvRecord> records;
    visit_csv(text, file, [&records](const CsvRecord& record) {
        records.push_back(record);
        return true;
    });
    return records;
}

std::string results_to_csv(std::vector<ResultRow> rows) {
    std::sort(rows.begin(), rows.end(), [](const ResultRow& a, const ResultRow& b) {
        return sort_key(a) < sort_key(b);
    });
    std::string text;
    for (const std::string& column : kColumns) {
        text += (text.empty() ? "" : ",") + column;
    }
    text += "\n";
    for (const ResultRow& row : rows) {
        text += csv_field(row.trial) + "," + csv_field(row.cell) + "," + csv_field(row.cell_name) +
                "," + std::to_string(row.seed) + "," + std::to_string(row.after_task) + "," +
                csv_field(row.class_name) + "," + csv_field(row.routing) + "," +
                csv_field(row.metric) + "," + shortest_text(row.value) + "\n";
    }
    return text;
}

std::vector<ResultRow> parse_results_csv(std::string_view text, const std::string& file) {
    const std::vector<CsvRecord> records = parse_csv(text, file);
    if (records.empty() ||
        !std::equal(
            records[0].fields.begin(), records[0].fields.end(), kColumns.begin(), kColumns.end())) {
        refuse(file,
               1,
               "",
               "the first line must be "
               "trial,cell,cell_name,seed,after_task,class,routing,metric,value");
    }
    std::vector<ResultRow> rows;
    for (std::size_t i = 1; i < records.size(); ++i) {
        const CsvRecord& record = records[i];
        if (record.fields.size() != kColumns.size()) {
            refuse(file,
                   record.line,
                   "",
                   std::to_string(record.fields.size()) + " fields where 9 were expected");
        }
        ResultRow row;
        row.trial = record.fields[0];
        row.cell = record.fields[1];
        row.cell_name = record.fields[2];
        row.seed = number_of<std::uint64_t>(record, 3, file);
        row.after_task = number_of<int>(record, 4, file);
        row.class_name = record.fields[5];
        row.routing = record.fields[6];
        row.metric = record.fields[7];
        row.value = number_of<double>(record, 8, file);
        rows.push_back(std::move(row));
    }
    return rows;
}

std::string cells_to_csv(const std::vector<std::string>& swept_parameters,
                         const std::vector<CellRow>& cells) {
    std::string text = "cell,cell_name,names,tags,seeds";
    for (const std::string& parameter : swept_parameters) {
        text += "," + csv_field(parameter);
    }
    text += "\n";
    for (const CellRow& cell : cells) {
        std::vector<std::string> seeds;
        for (const std::uint64_t seed : cell.seeds) {
            seeds.push_back(std::to_string(seed));
        }
        text += csv_field(cell.cell) + "," + csv_field(cell.name) + "," +
                csv_field(joined(cell.names)) + "," + csv_field(joined(cell.tags)) + "," +
                csv_field(joined(seeds));
        for (const std::string& value : cell.values) {
            text += "," + csv_field(value);
        }
        text += "\n";
    }
    return text;
}

}  // namespace harrow::storage
