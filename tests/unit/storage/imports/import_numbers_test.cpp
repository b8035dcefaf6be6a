#include "storage/imports/import_numbers.hpp"

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.hpp"

namespace harrow::storage {
namespace {

using testing::contains;

ParsedNumber parse(const std::string& text, bool with_std = false) {
    DecimalMarks marks;
    return parse_import_number(text, with_std, 1, marks);
}

TEST(ImportNumbersTest, ReadsDecimalNumbers) {
    EXPECT_EQ(parse("98.03").value, 98.03);
    EXPECT_EQ(parse("-0.5").value, -0.5);
    EXPECT_EQ(parse("+2").value, 2);
    EXPECT_EQ(parse("9.8e1").value, 98);
    for (const char* text : {"98.03", "-1e-3", "0"}) {
        EXPECT_EQ(parse(text).problem, "");
    }
}

TEST(ImportNumbersTest, PublishedValuesMayHaveAStandardDeviation) {
    for (const char* text : {"98.03 ± 0.19", "98.03±0.19", "98.03+-0.19", "98.03 +/- 0.19"}) {
        const ParsedNumber number = parse(text, true);
        EXPECT_EQ(number.problem, "") << text;
        EXPECT_EQ(number.value, 98.03) << text;
        EXPECT_EQ(number.std, 0.19) << text;
    }
    EXPECT_FALSE(parse("98.03", true).std);
    EXPECT_TRUE(contains(parse("98.03 ± 0.19").problem, "leave the seed of published values"));
    EXPECT_TRUE(contains(parse("98.03 ± -0.19", true).problem, "cannot be negative"));
    EXPECT_TRUE(contains(parse("98.03 ±", true).problem, "missing"));
    EXPECT_TRUE(contains(parse("98.03 \xb1 0.19", true).problem, "UTF-8"));
}

TEST(ImportNumbersTest, SaysWhatIsWrongWithANumber) {
    EXPECT_TRUE(contains(parse("abc").problem, "'abc' is not a number"));
    EXPECT_TRUE(contains(parse("0.9α").problem, "'0.9α' is not a number"));
    EXPECT_TRUE(contains(parse("98.1%").problem, "leave out the '%'"));
    EXPECT_TRUE(contains(parse("98.1*").problem, "leave out the '*'"));
    EXPECT_TRUE(contains(parse("nan").problem, "NaN"));
    EXPECT_TRUE(contains(parse("-inf").problem, "infinite"));
    EXPECT_TRUE(contains(parse("1e999").problem, "too large"));
    EXPECT_TRUE(contains(parse("1 2").problem, "not a number"));
    EXPECT_TRUE(contains(parse("0x10").problem, "not a number"));
    EXPECT_TRUE(contains(parse("+-3").problem, "not a number"));
    EXPECT_TRUE(contains(parse("1,234.5").problem, "thousands"));
    EXPECT_TRUE(contains(parse("98,03").problem, "write 98.03"));
}

TEST(ImportNumbersTest, AFileKeepsToOneDecimalMark) {
    DecimalMarks marks;
    marks.comma_allowed = true;
    EXPECT_EQ(parse_import_number("98,03", false, 2, marks).value, 98.03);
    EXPECT_EQ(parse_import_number("98", false, 3, marks).problem, "");
    const std::string problem = parse_import_number("97.5", false, 4, marks).problem;
    EXPECT_TRUE(contains(problem, "line 4 has a point, line 2 a comma"));
}

TEST(ImportNumbersTest, SeedsAreWholeNumbers) {
    std::uint64_t seed = 0;
    EXPECT_EQ(parse_import_seed("18446744073709551615", seed), "");
    EXPECT_EQ(seed, 18446744073709551615ULL);
    EXPECT_TRUE(contains(parse_import_seed("18446744073709551616", seed), "larger than"));
    EXPECT_TRUE(contains(parse_import_seed("42.0", seed), "write 42"));
    EXPECT_TRUE(contains(parse_import_seed("42.5", seed), "whole number"));
    EXPECT_TRUE(contains(parse_import_seed("-1", seed), "whole number"));
    EXPECT_TRUE(contains(parse_import_seed("1e3", seed), "whole number"));
}

}  // namespace
}  // namespace harrow::storage
