#include "storage/datasets/table_layout.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>
#include <unordered_map>

#include "storage/files.hpp"
#include "storage/results.hpp"
#include "sweeps/error.hpp"

namespace harrow::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::size_t kShownPerKind = 10;
constexpr std::uintmax_t kMaxTableBytes = std::uintmax_t{1} << 28;
constexpr std::size_t kMaxRows = 10'000'000;

std::string trimmed(const std::string& text) {
    const std::size_t first = text.find_first_not_of(" \t");
    return first == std::string::npos
               ? ""
               : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return text;
}

bool is_blank(const CsvRecord& record) {
    return record.fields.size() == 1 && trimmed(record.fields[0]).empty();
}

/// Byte order mark, or every other byte zero as in UTF-16 of Latin letters.
bool is_utf16(const std::string& text) {
    const std::string begin = text.substr(0, 2);
    return begin == "\xff\xfe" || begin == "\xfe\xff" ||
           (begin.size() == 2 && (begin[0] == '\0') != (begin[1] == '\0'));
}

/// What a header of one field seems to be parted by; null when it looks like a single word.
const char* other_separator(const CsvRecord& header) {
    if (header.fields.size() != 1) {
        return nullptr;
    }
    const std::string& line = header.fields[0];
    return line.find(';') != std::string::npos    ? "';'"
           : line.find('\t') != std::string::npos ? "tabs"
                                                  : nullptr;
}

/// The columns' places in a row, in the order of TableColumns.
using Places = std::array<std::size_t, 5>;

class TableLister {
public:
    TableLister(ListingBuilder& builder, const fs::path& csv, const TableColumns& columns)
        : builder_(builder),
          csv_(csv),
          names_{columns.path, columns.class_name, columns.split, columns.label, columns.mask} {
        std::error_code error;
        base_ = fs::absolute(builder.root(), error).lexically_normal();
    }

    void list() {
        const std::optional<std::string> text = read();
        if (!text) {
            return;
        }
        if (read_rows(*text)) {
            add_classes();
        }
        summarize_the_rest();
    }

private:
    /// False when the table as a whole cannot be used; then a problem says why.
    bool read_rows(const std::string& text) {
        CsvRecord header;
        std::optional<Places> places;
        std::size_t rows = 0;
        const auto visit = [&](const CsvRecord& record) {
            if (is_blank(record)) {
                return true;
            }
            if (header.fields.empty()) {
                header = record;
                places = find_columns(header);
                return places.has_value();
            }
            if (++rows > kMaxRows) {
                builder_.problem(place(record.line) + "the table has more than " +
                                 std::to_string(kMaxRows) + " rows; split it into several");
                return false;
            }
            add_record(record, header, *places);
            return true;
        };
        try {
            visit_csv(text, csv_.string(), visit);
        } catch (const sweeps::Error& refusal) {
            builder_.problem(refusal.what());
            return false;
        }
        if (header.fields.empty()) {
            builder_.problem(place(1) + "the file is empty; expected a header with the columns " +
                             expected_columns() + ", and one row per image");
        }
        return places.has_value() && rows <= kMaxRows;
    }

    void add_record(const CsvRecord& record, const CsvRecord& header, const Places& places) {
        if (record.fields.size() == header.fields.size()) {
            add_row(record, places);
            return;
        }
        report(record.line,
               "wrong number of fields",
               "the row has " + std::to_string(record.fields.size()) + " fields, the header " +
                   std::to_string(header.fields.size()) + "; quote fields that hold commas");
    }

    std::string place(int line) const { return csv_.string() + ":" + std::to_string(line) + ": "; }

    /// `kind` is what problems are counted by.
    void report(int line, const std::string& kind, const std::string& message) {
        if (++counts_[kind] <= kShownPerKind) {
            builder_.problem(place(line) + message);
        }
    }

    void summarize_the_rest() {
        for (const auto& [kind, count] : counts_) {
            if (count > kShownPerKind) {
                builder_.problem(csv_.string() + ": " + std::to_string(count - kShownPerKind) +
                                 " more rows with: " + kind);
            }
        }
    }

    std::optional<std::string> read() {
        std::error_code error;
        const std::uintmax_t bytes = fs::file_size(csv_, error);
        if (!error && bytes > kMaxTableBytes) {
            builder_.problem(csv_.string() + " has " + std::to_string(bytes) +
                             " bytes; a list of images of at most 256 MiB was expected");
            return std::nullopt;
        }
        try {
            std::string text = read_file(csv_);
            if (is_utf16(text)) {
                builder_.problem(csv_.string() +
                                 " is UTF-16 text; save it as UTF-8 (\"CSV UTF-8\")");
                return std::nullopt;
            }
            if (text.compare(0, kByteOrderMark.size(), kByteOrderMark) == 0) {
                text.erase(0, kByteOrderMark.size());
            }
            return text;
        } catch (const sweeps::Error& refusal) {
            builder_.problem(refusal.what());
            return std::nullopt;
        }
    }

    std::optional<Places> find_columns(const CsvRecord& header) {
        std::vector<std::string> titles;
        for (const std::string& field : header.fields) {
            titles.push_back(lower(trimmed(field)));
        }
        Places places{};
        std::string missing;
        std::string repeated;
        for (std::size_t i = 0; i < names_.size(); ++i) {
            const auto found = std::find(titles.begin(), titles.end(), names_[i]);
            if (found == titles.end()) {
                missing += (missing.empty() ? "" : ", ") + std::string(names_[i]);
            } else if (std::find(found + 1, titles.end(), names_[i]) != titles.end()) {
                repeated = names_[i];
            }
            places[i] = static_cast<std::size_t>(found - titles.begin());
        }
        if (missing.empty() && repeated.empty()) {
            return places;
        }
        const char* const separator = other_separator(header);
        builder_.problem(place(header.line) +
                         (separator != nullptr ? std::string("fields are parted by ") + separator +
                                                     "; save the table with commas instead"
                          : missing.empty()
                              ? "the header names the column " + repeated + " twice; leave one"
                              : "the header lacks the column " + missing + "; expected " +
                                    expected_columns() + ", parted by commas, in any order"));
        return std::nullopt;
    }

    std::string expected_columns() const {
        std::string text;
        for (const char* name : names_) {
            text += (text.empty() ? "" : ", ") + std::string(name);
        }
        return text;
    }

    void add_row(const CsvRecord& record, const Places& places) {
        const auto field = [&](std::size_t column) { return record.fields[places[column]]; };
        const std::string class_name = trimmed(field(1));
        if (!builder_.wants(class_name)) {
            return;
        }
        if (!class_name.empty()) {
            first_lines_.emplace(class_name, record.line);
        }
        const std::string split = lower(trimmed(field(2)));
        const std::string label = trimmed(field(3));
        const std::string word = lower(label);
        ImageEntry entry;
        entry.defective = word != "good" && word != "normal" && word != "0";
        entry.defect_type = entry.defective ? label : kNormalType;
        bool usable = words_are_usable(record.line, class_name, split, label);
        if (usable && entry.defective && split == "train") {
            report(record.line,
                   "defect in train",
                   "the image of split train is labelled '" + label +
                       "'; training uses normal images only, move the row to test or remove it");
            usable = false;
        }
        usable = find_image(entry, field(0), record.line) && usable;
        if (usable && entry.defective) {
            usable = find_mask(entry, field(4), record.line);
        }
        if (usable) {
            rows_[class_name][split == "train" ? 0 : 1].emplace_back(record.line, std::move(entry));
        }
    }

    bool words_are_usable(int line,
                          const std::string& class_name,
                          const std::string& split,
                          const std::string& label) {
        if (class_name.empty()) {
            report(line,
                   "no class",
                   std::string("the field ") + names_[1] + " is empty; name the class");
        }
        if (split != "train" && split != "test") {
            report(line,
                   "unknown split",
                   "unknown split '" + split +
                       "'; expected train or test, remove rows of other splits");
        }
        if (label.empty()) {
            report(line,
                   "no label",
                   std::string("the field ") + names_[3] +
                       " is empty; expected good, normal, 0 or the type of the defect");
        }
        return !class_name.empty() && (split == "train" || split == "test") && !label.empty();
    }

    bool find_image(ImageEntry& entry, const std::string& text, int line) {
        const std::optional<std::string> path = existing_file(text, line, names_[0]);
        if (!path) {
            return false;
        }
        entry.relative_path = *path;
        const auto [first, is_new] = lines_.emplace(*path, line);
        if (!is_new) {
            report(line,
                   "repeated path",
                   "'" + *path + "' is listed in line " + std::to_string(first->second) +
                       " already; list every image once");
        }
        return is_new;
    }

    bool find_mask(ImageEntry& entry, const std::string& text, int line) {
        if (trimmed(text).empty()) {
            report(line,
                   "no mask",
                   "'" + entry.relative_path + "' is defective but has no mask; name its mask");
            return false;
        }
        const std::optional<std::string> mask = existing_file(text, line, names_[4]);
        entry.mask_path = mask.value_or("");
        return mask.has_value();
    }

    /// Relative to the root; nothing, and a problem, unless a file is there. An absolute path into
    /// the root is as good as a relative one.
    std::optional<std::string> existing_file(const std::string& text,
                                             int line,
                                             const std::string& column) {
        if (trimmed(text).empty() || text.find('\0') != std::string::npos) {
            report(line, "no path", "the field " + column + " holds no path; name a file");
            return std::nullopt;
        }
        const fs::path given(text);
        const fs::path inside = given.is_absolute()
                                    ? given.lexically_normal().lexically_relative(base_)
                                    : given.lexically_normal();
        if (inside.empty() || inside == "." || *inside.begin() == "..") {
            report(line,
                   "path outside",
                   "'" + text + "' is outside of " + base_.string() +
                       "; move the file there, or put a symbolic link to its folder there and "
                       "use a path through the link");
            return std::nullopt;
        }
        const FileLook look = look_at_file(base_ / inside);
        if (look.presence != FileLook::Presence::Regular) {
            const bool is_absent = look.presence == FileLook::Presence::Absent;
            report(line,
                   is_absent ? "missing file" : "unusable file",
                   "'" + text + "' in " + base_.string() + " " + look.why +
                       "; correct the path or remove the row");
            return std::nullopt;
        }
        return inside.generic_string();
    }

    void add_classes() {
        for (const auto& [name, line] : first_lines_) {
            DatasetClass found{name, {}, {}};
            auto& splits = rows_[name];
            for (auto* split : {&splits[0], &splits[1]}) {
                std::sort(split->begin(), split->end(), [](const Row& a, const Row& b) {
                    return a.second.relative_path < b.second.relative_path;
                });
                for (Row& row : *split) {
                    builder_.add_image(std::move(row.second),
                                       split == &splits[0] ? found.train : found.test,
                                       place(row.first));
                }
            }
            if (found.train.empty() || found.test.empty()) {
                builder_.problem(
                    csv_.string() + ": class " + name + " has no usable rows of split " +
                    (found.train.empty() ? "train" : "test") + "; add some or remove the class");
            }
            builder_.add_class(std::move(found), place(line) + "the class");
        }
        if (first_lines_.empty() && builder_.wants_all() && !builder_.has_problems()) {
            builder_.problem(csv_.string() + " lists no images; add one row per image");
        }
    }

    using Row = std::pair<int, ImageEntry>;  // line

    ListingBuilder& builder_;
    fs::path csv_;
    std::array<const char*, 5> names_;
    fs::path base_;  ///< absolute form of the root
    std::map<std::string, std::size_t> counts_;
    std::unordered_map<std::string, int> lines_;  ///< of each path
    std::map<std::string, int> first_lines_;      ///< of each class
    std::map<std::string, std::array<std::vector<Row>, 2>> rows_;
};

}  // namespace

void list_table(ListingBuilder& builder, const fs::path& csv, const TableColumns& columns) {
    TableLister(builder, csv, columns).list();
}

}  // namespace harrow::storage
