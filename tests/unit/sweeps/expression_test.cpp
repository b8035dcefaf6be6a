#include "sweeps/expression.hpp"

#include <map>

#include <gtest/gtest.h>

namespace harrow::sweeps {
namespace {

/// Evaluates over numbers.
bool truth(const std::string& text, const std::map<std::string, double>& values) {
    std::string error;
    const auto expression = Expression::parse(text, error);
    EXPECT_TRUE(expression.has_value()) << text << ": " << error;
    return expression && expression->evaluate([&](std::size_t i) {
        const Comparison& comparison = expression->comparisons()[i];
        return holds(values.at(comparison.name), comparison.op, std::stod(comparison.literal));
    });
}

TEST(ExpressionTest, ComparesInEveryWay) {
    EXPECT_TRUE(truth("a == 1", {{"a", 1}}));
    EXPECT_FALSE(truth("a != 1", {{"a", 1}}));
    EXPECT_TRUE(truth("a<2", {{"a", 1}}));
    EXPECT_TRUE(truth("a <= 1", {{"a", 1}}));
    EXPECT_FALSE(truth("a > 1", {{"a", 1}}));
    EXPECT_TRUE(truth("a >= -1e-3", {{"a", 0}}));
}

TEST(ExpressionTest, NotBindsTighterThanAndThanOr) {
    const std::map<std::string, double> v = {{"t", 1}, {"f", 0}};
    EXPECT_TRUE(truth("t == 1 or t == 1 and f == 1", v));
    EXPECT_FALSE(truth("(t == 1 or t == 1) and f == 1", v));
    EXPECT_FALSE(truth("not t == 1 and f == 1", v));
    EXPECT_TRUE(truth("not (t == 1 and f == 1)", v));
    EXPECT_TRUE(truth("not not t == 1", v));
}

TEST(ExpressionTest, LiteralsMayBeQuoted) {
    std::string error;
    const auto expression = Expression::parse("name == 'metal nut' or x != \"and\"", error);
    ASSERT_TRUE(expression.has_value()) << error;
    EXPECT_EQ(expression->comparisons()[0].literal, "metal nut");
    EXPECT_EQ(expression->comparisons()[1].literal, "and");
}

TEST(ExpressionTest, SaysWhatIsWrong) {
    const std::pair<const char*, const char*> cases[] = {
        {"", "expected a name"},
        {"a", "expected one of =="},
        {"a = 1", "found '='"},
        {"a == ", "expected a value"},
        {"a == 1 b == 2", "expected and, or"},
        {"a == 1 and", "expected a name"},
        {"(a == 1", "expected ')'"},
        {"a == 'x", "quote"},
        {"a == 1 && b == 2", "expected and, or"},
    };
    for (const auto& [text, expected] : cases) {
        std::string error;
        EXPECT_FALSE(Expression::parse(text, error).has_value()) << text;
        EXPECT_NE(error.find(expected), std::string::npos) << text << " gave " << error;
    }
}

TEST(ExpressionTest, DeepNestingIsRefused) {
    std::string error;
    EXPECT_FALSE(Expression::parse(std::string(100000, '('), error).has_value());
    EXPECT_EQ(error, "nested too deeply");
    std::string nots;
    for (int i = 0; i < 100000; ++i) {
        nots += "not ";
    }
    EXPECT_FALSE(Expression::parse(nots + "a == 1", error).has_value());
}

}  // namespace
}  // namespace harrow::sweeps
