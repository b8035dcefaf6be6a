#include "storage/imports/csv_reader.hpp"

#include <algorithm>
#include <cstring>

#include <gtest/gtest.h>

namespace harrow::storage {
namespace {

using Rows = std::vector<std::vector<std::string>>;

/// Hands out `step` bytes at a time.
CsvReader::Source source_of(std::string text, std::size_t step) {
    return
        [text = std::move(text), step, at = std::size_t{0}](char* to, std::size_t count) mutable {
            const std::size_t bytes = std::min({count, step, text.size() - at});
            std::memcpy(to, text.data() + at, bytes);
            at += bytes;
            return bytes;
        };
}

Rows rows_of(const std::string& text, std::size_t step = 7) {
    CsvReader reader(source_of(text, step));
    Rows rows;
    while (reader.next()) {
        rows.emplace_back(reader.fields().begin(), reader.fields().end());
    }
    return rows;
}

std::string damage_of(const std::string& text) {
    try {
        rows_of(text);
    } catch (const CsvDamage& damage) {
        return std::to_string(damage.line()) + ": " + damage.what();
    }
    return "none";
}

TEST(CsvReaderTest, ReadsWhatSpreadsheetsWrite) {
    const Rows expected = {{"a", "b"}, {"1", "2"}, {"", "x, y\n\"z\""}};
    EXPECT_EQ(rows_of("a,b\n1,2\n,\"x, y\n\"\"z\"\"\"\n"), expected);
    EXPECT_EQ(rows_of("\xef\xbb\xbf"
                      "a,b\r\n1,2\r\n\r\n,\"x, y\n\"\"z\"\"\""),
              expected);
    EXPECT_EQ(rows_of("a;b\n1;2\n;\"x, y\n\"\"z\"\"\"\n"), expected);
    EXPECT_EQ(rows_of("a\tb\n1\t2\n\t\"x, y\n\"\"z\"\"\"\n"), expected);
}

TEST(CsvReaderTest, TellsWhereARecordBegins) {
    CsvReader reader(source_of("a,b\n\n\"x\ny\",2\n3,4\n", 1));
    std::vector<std::int64_t> lines;
    while (reader.next()) {
        lines.push_back(reader.line());
    }
    EXPECT_EQ(lines, (std::vector<std::int64_t>{1, 3, 5}));
}

TEST(CsvReaderTest, RefusesWhatIsNoTable) {
    EXPECT_EQ(damage_of(std::string("\xff\xfe"
                                    "a\0",
                                    4)),
              "1: the file is UTF-16 text; save it as UTF-8");
    EXPECT_EQ(damage_of(std::string("a\0b\0", 4)), "1: the file is UTF-16 text; save it as UTF-8");
    EXPECT_EQ(damage_of("a,b\n1,\"2\n3,4\n"), "2: a quoted field is never closed");
    EXPECT_EQ(damage_of("a,b\n1,\"2\"x\n").substr(0, 27), "2: text behind the closing ");
    EXPECT_EQ(damage_of("a,b\r1,2\r").substr(0, 20), "1: a carriage return");
    EXPECT_EQ(damage_of(std::string("a,b\n1,\0\n", 8)), "2: a NUL byte; this is no text");
    EXPECT_EQ(damage_of(std::string("a,b\n1,\"\0\"\n", 10)), "2: a NUL byte; this is no text");
    EXPECT_EQ(damage_of("a\n" + std::string(17 << 20, 'x')).substr(0, 20), "2: a row of more tha");
    EXPECT_EQ(damage_of("a\n" + std::string(70000, ',')).substr(0, 20), "2: more than 65536 f");
}

TEST(CsvReaderTest, BlocksMayEndAnywhere) {
    // Longer than a block, so that fields, quotes and line ends lie across its end.
    std::string text;
    std::size_t rows = 0;
    while (text.size() < (std::size_t{3} << 20)) {
        text += "cell " + std::to_string(rows) + ",\"a \"\"b\"\", " + std::to_string(rows) +
                "\",98.25\r\n";
        ++rows;
    }
    CsvReader reader(source_of(text, 1 << 16));
    for (std::size_t row = 0; row < rows; ++row) {
        ASSERT_TRUE(reader.next());
        const std::string number = std::to_string(row);
        ASSERT_EQ(reader.fields()[0], "cell " + number);
        ASSERT_EQ(reader.fields()[1], "a \"b\", " + number);
        ASSERT_EQ(reader.fields()[2], "98.25");
    }
    EXPECT_FALSE(reader.next());
}

}  // namespace
}  // namespace harrow::storage
