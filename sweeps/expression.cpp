#include "sweeps/expression.hpp"

#include <cctype>
#include <stdexcept>
#include <utility>

namespace harrow::sweeps {
namespace {

constexpr int kMaxNesting = 64;

struct Token {
    enum class Kind { Word, Quoted, Operator, Open, Close, End };
    Kind kind = Kind::End;
    std::string text;
};

/// Leaves this file as the `error` of Expression::parse only.
struct SyntaxError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

bool is_word_character(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return std::isalnum(byte) != 0 || c == '_' || c == '.' || c == '+' || c == '-' || c == '/' ||
           byte >= 0x80;
}

std::vector<Token> tokenize(std::string_view text) {
    std::vector<Token> tokens;
    std::size_t i = 0;
    while (i < text.size()) {
        const char c = text[i];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            ++i;
        } else if (c == '(' || c == ')') {
            tokens.push_back(
                {c == '(' ? Token::Kind::Open : Token::Kind::Close, std::string(1, c)});
            ++i;
        } else if (c == '\'' || c == '"') {
            const std::size_t end = text.find(c, i + 1);
            if (end == std::string_view::npos) {
                throw SyntaxError("a quote is not closed");
            }
            tokens.push_back({Token::Kind::Quoted, std::string(text.substr(i + 1, end - i - 1))});
            i = end + 1;
        } else if (is_word_character(c)) {
            std::size_t end = i;
            while (end < text.size() && is_word_character(text[end])) {
                ++end;
            }
            tokens.push_back({Token::Kind::Word, std::string(text.substr(i, end - i))});
            i = end;
        } else {
            const std::size_t length = i + 1 < text.size() && text[i + 1] == '=' ? 2 : 1;
            tokens.push_back({Token::Kind::Operator, std::string(text.substr(i, length))});
            i += length;
        }
    }
    tokens.push_back({Token::Kind::End, "the end"});
    return tokens;
}

std::optional<ComparisonOperator> operator_named(const std::string& text) {
    const std::pair<const char*, ComparisonOperator> known[] = {
        {"==", ComparisonOperator::Equal},
        {"!=", ComparisonOperator::NotEqual},
        {"<", ComparisonOperator::Less},
        {"<=", ComparisonOperator::LessEqual},
        {">", ComparisonOperator::Greater},
        {">=", ComparisonOperator::GreaterEqual}};
    for (const auto& [name, op] : known) {
        if (text == name) {
            return op;
        }
    }
    return std::nullopt;
}

}  // namespace

/// Recursive descent; one function per level of binding.
class ExpressionParser {
public:
    explicit ExpressionParser(std::string_view text) : tokens_(tokenize(text)) {}

    Expression parse() {
        parse_or(0);
        if (next().kind != Token::Kind::End) {
            throw SyntaxError("expected and, or, or the end, found '" + next().text + "'");
        }
        return std::move(expression_);
    }

private:
    const Token& next() const { return tokens_[at_]; }
    bool take_word(const char* word) {
        const bool found = next().kind == Token::Kind::Word && next().text == word;
        at_ += found ? 1 : 0;
        return found;
    }
    void parse_or(int nesting) {
        parse_and(nesting);
        while (take_word("or")) {
            parse_and(nesting);
            expression_.program_.push_back(Expression::kOr);
        }
    }
    void parse_and(int nesting) {
        parse_not(nesting);
        while (take_word("and")) {
            parse_not(nesting);
            expression_.program_.push_back(Expression::kAnd);
        }
    }
    void parse_not(int nesting) {
        if (nesting > kMaxNesting) {
            throw SyntaxError("nested too deeply");
        }
        if (take_word("not")) {
            parse_not(nesting + 1);
            expression_.program_.push_back(Expression::kNot);
        } else if (next().kind == Token::Kind::Open) {
            ++at_;
            parse_or(nesting + 1);
            if (next().kind != Token::Kind::Close) {
                throw SyntaxError("expected ')', found '" + next().text + "'");
            }
            ++at_;
        } else {
            parse_comparison();
        }
    }
    void parse_comparison() {
        Comparison comparison;
        if (next().kind != Token::Kind::Word) {
            throw SyntaxError("expected a name, found '" + next().text + "'");
        }
        comparison.name = tokens_[at_++].text;
        const std::optional<ComparisonOperator> op = operator_named(next().text);
        if (next().kind != Token::Kind::Operator || !op) {
            throw SyntaxError("expected one of == != < <= > >= after '" + comparison.name +
                              "', found '" + next().text + "'");
        }
        comparison.op = *op;
        ++at_;
        if (next().kind != Token::Kind::Word && next().kind != Token::Kind::Quoted) {
            throw SyntaxError("expected a value, found '" + next().text + "'");
        }
        comparison.literal = tokens_[at_++].text;
        expression_.program_.push_back(static_cast<int>(expression_.comparisons_.size()));
        expression_.comparisons_.push_back(std::move(comparison));
    }

    std::vector<Token> tokens_;
    std::size_t at_ = 0;
    Expression expression_;
};

bool holds(double left, ComparisonOperator op, double right) {
    switch (op) {
        case ComparisonOperator::Equal:
            return left == right;
        case ComparisonOperator::NotEqual:
            return left != right;
        case ComparisonOperator::Less:
            return left < right;
        case ComparisonOperator::LessEqual:
            return left <= right;
        case ComparisonOperator::Greater:
            return left > right;
        case ComparisonOperator::GreaterEqual:
            return left >= right;
    }
    return false;
}

std::optional<Expression> Expression::parse(std::string_view text, std::string& error) {
    try {
        return ExpressionParser(text).parse();
    } catch (const SyntaxError& syntax) {
        error = syntax.what();
        return std::nullopt;
    }
}

bool Expression::evaluate(const std::function<bool(std::size_t)>& value_of) const {
    std::vector<bool> stack;
    for (const int step : program_) {
        if (step >= 0) {
            stack.push_back(value_of(static_cast<std::size_t>(step)));
        } else if (step == kNot) {
            stack.back() = !stack.back();
        } else {
            const bool right = stack.back();
            stack.pop_back();
            stack.back() = step == kAnd ? stack.back() && right : stack.back() || right;
        }
    }
    return !stack.empty() && stack.back();
}

}  // namespace harrow::sweeps
