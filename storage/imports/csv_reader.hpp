#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace harrow::storage {

/// A table's text is damaged in a way that no later line can be trusted.
class CsvDamage : public std::runtime_error {
public:
    CsvDamage(std::int64_t line, const std::string& message)
        : std::runtime_error(message), line_(line) {}
    std::int64_t line() const noexcept { return line_; }

private:
    std::int64_t line_;
};

/// Reads a table of any size record by record; memory holds one record and one block of the file.
/// RFC 4180 with `,`, `;` or tabs between fields, whichever the first line has most of; a byte
/// order mark and CRLF are taken; quoted fields may hold separators and line breaks. Blank lines
/// are skipped.
class CsvReader {
public:
    /// Up to `count` bytes at `to`; answers how many, 0 at the end.
    using Source = std::function<std::size_t(char* to, std::size_t count)>;

    explicit CsvReader(Source source);

    /// The next record. False at the end. Throws CsvDamage for UTF-16, a NUL byte, lines that end
    /// with a carriage return alone, a quote that is never closed or does not end its field, and
    /// records of more than 16 MiB or 65536 fields.
    bool next();
    /// Where the record begins, from 1.
    std::int64_t line() const noexcept { return record_line_; }
    /// Of the record; they hold until the next call of next().
    const std::vector<std::string_view>& fields() const noexcept { return fields_; }
    char separator() const noexcept { return separator_; }

private:
    bool fill();
    int peek();
    void read_record();
    void read_plain();
    void read_quoted();
    bool end_field();
    void append(const char* text, std::size_t count);

    Source source_;
    std::string block_;
    std::size_t position_ = 0, filled_ = 0;
    char separator_ = ',';
    std::int64_t line_ = 1, record_line_ = 1;
    std::string text_;               ///< of the record, fields side by side
    std::vector<std::size_t> ends_;  ///< of its fields in text_
    std::vector<std::string_view> fields_;
};

}  // namespace harrow::storage
