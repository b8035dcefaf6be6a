#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace harrow::sweeps {

enum class ComparisonOperator { Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual };

bool holds(double left, ComparisonOperator op, double right);

/// `name op literal`
struct Comparison {
    std::string name;
    ComparisonOperator op = ComparisonOperator::Equal;
    std::string literal;  ///< without its quotes
};

/// Comparisons (== != < <= > >=) of a name with a literal, joined by `and`, `or`, `not` and
/// parentheses; `not` binds tightest, then `and`. A literal with blanks stands in quotes.
class Expression {
public:
    /// Nothing when the text is none; then `error` says why.
    static std::optional<Expression> parse(std::string_view text, std::string& error);

    const std::vector<Comparison>& comparisons() const { return comparisons_; }
    /// `value_of(i)` says whether comparisons()[i] holds.
    bool evaluate(const std::function<bool(std::size_t)>& value_of) const;

private:
    friend class ExpressionParser;
    /// Postfix program: an index of a comparison, or one of the negative codes.
    static constexpr int kNot = -1;
    static constexpr int kAnd = -2;
    static constexpr int kOr = -3;
    std::vector<Comparison> comparisons_;
    std::vector<int> program_;
};

}  // namespace harrow::sweeps
