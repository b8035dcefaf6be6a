#include "storage/imports/csv_reader.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace harrow::storage {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxRecordBytes = std::size_t{16} << 20;
constexpr std::size_t kMaxFields = 65536;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr int kEnd = -1;

void refuse_utf16(std::string_view begin) {
    const std::string_view mark = begin.substr(0, 2);
    if (mark == "\xff\xfe" || mark == "\xfe\xff" ||
        (begin.size() >= 2 && (begin[0] == '\0') != (begin[1] == '\0'))) {
        throw CsvDamage(1, "the file is UTF-16 text; save it as UTF-8");
    }
}

char separator_of(std::string_view text) {
    std::array<std::pair<char, int>, 3> counts = {{{',', 0}, {';', 0}, {'\t', 0}}};
    bool quoted = false;
    for (const char c : text) {
        if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && c == '\n') {
            break;
        } else if (!quoted) {
            for (auto& [separator, count] : counts) {
                count += c == separator ? 1 : 0;
            }
        }
    }
    return std::max_element(counts.begin(),
                            counts.end(),
                            [](const auto& a, const auto& b) { return a.second < b.second; })
        ->first;
}

}  // namespace

CsvReader::CsvReader(Source source) : source_(std::move(source)), block_(kBlockBytes, '\0') {
    fill();
    const std::string_view begin(block_.data(), filled_);
    refuse_utf16(begin);
    if (begin.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
        position_ = kByteOrderMark.size();
    }
    separator_ = separator_of(begin.substr(position_));
}

bool CsvReader::fill() {
    if (position_ < filled_) {
        return true;
    }
    position_ = 0;
    filled_ = 0;
    // A pipe gives what it has: the start must be long enough to look at.
    while (filled_ < block_.size()) {
        const std::size_t count = source_(block_.data() + filled_, block_.size() - filled_);
        if (count == 0) {
            break;
        }
        filled_ += count;
    }
    return filled_ > 0;
}

int CsvReader::peek() {
    return fill() ? static_cast<unsigned char>(block_[position_]) : kEnd;
}

void CsvReader::append(const char* text, std::size_t count) {
    if (text_.size() + count > kMaxRecordBytes) {
        throw CsvDamage(record_line_, "a row of more than 16 MiB; this is no table of results");
    }
    text_.append(text, count);
}

void CsvReader::read_plain() {
    while (fill()) {
        const char* const begin = block_.data() + position_;
        const char* const end = block_.data() + filled_;
        const char* const stop = std::find_if(begin, end, [this](char c) {
            return c == separator_ || c == '\n' || c == '\r' || c == '\0';
        });
        append(begin, static_cast<std::size_t>(stop - begin));
        position_ += static_cast<std::size_t>(stop - begin);
        if (stop != end) {
            return;
        }
    }
}

void CsvReader::read_quoted() {
    const std::int64_t opened = line_;
    ++position_;
    while (fill()) {
        const char* const begin = block_.data() + position_;
        const char* const end = block_.data() + filled_;
        const char* const stop =
            std::find_if(begin, end, [](char c) { return c == '"' || c == '\n' || c == '\0'; });
        append(begin, static_cast<std::size_t>(stop - begin));
        position_ += static_cast<std::size_t>(stop - begin);
        if (stop == end) {
            continue;
        }
        if (*stop == '\0') {
            return;  // end_field() says what is wrong
        }
        const char found = *stop;
        ++position_;
        if (found == '"' && peek() != '"') {
            return;
        }
        line_ += found == '\n' ? 1 : 0;
        position_ += found == '"' ? 1 : 0;
        append(&found, 1);
    }
    throw CsvDamage(opened, "a quoted field is never closed");
}

/// Behind a field: answers whether another one follows in its record.
bool CsvReader::end_field() {
    int c = peek();
    if (c == static_cast<unsigned char>(separator_)) {
        ++position_;
        return true;
    }
    if (c == '\r') {
        ++position_;
        c = peek();
        if (c != '\n' && c != kEnd) {
            throw CsvDamage(line_,
                            "a carriage return without a line feed; lines must end with LF or "
                            "CRLF: save the file anew as CSV");
        }
    }
    if (c == kEnd) {
        return false;
    }
    if (c == '\0') {
        throw CsvDamage(line_, "a NUL byte; this is no text");
    }
    if (c != '\n') {
        throw CsvDamage(line_,
                        "text behind the closing quote of a field; double a quote that belongs to "
                        "the field");
    }
    ++position_;
    ++line_;
    return false;
}

void CsvReader::read_record() {
    text_.clear();
    ends_.clear();
    bool more = true;
    while (more) {
        if (peek() == '"') {
            read_quoted();
        } else {
            read_plain();
        }
        ends_.push_back(text_.size());
        if (ends_.size() > kMaxFields) {
            throw CsvDamage(record_line_, "more than 65536 fields; this is no table of results");
        }
        more = end_field();
    }
}

bool CsvReader::next() {
    while (fill()) {
        record_line_ = line_;
        read_record();
        if (ends_.size() == 1 && text_.find_first_not_of(" \t") == std::string::npos) {
            continue;
        }
        fields_.clear();
        std::size_t begin = 0;
        for (const std::size_t end : ends_) {
            fields_.push_back(std::string_view(text_).substr(begin, end - begin));
            begin = end;
        }
        return true;
    }
    return false;
}

}  // namespace harrow::storage
