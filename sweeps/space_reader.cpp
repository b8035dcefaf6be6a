#include "sweeps/space_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>
#include <system_error>

namespace harrow::sweeps {
namespace {

const std::vector<std::string>& block_keys() {
    static const std::vector<std::string> keys = {
        "grid", "zip", "cases", "axes", "exclude", "set", "seeds", "tags"};
    return keys;
}

std::optional<double> parse_finite(const std::string& text) {
    double value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = result.ec == std::errc{} && result.ptr == text.data() + text.size();
    return whole && std::isfinite(value) ? std::optional<double>(value) : std::nullopt;
}

/// Nothing for a parameter that is no number.
std::optional<double> number_of(const Parameter& parameter, const TrialConfig& config) {
    return std::visit(
        [&](const auto& member) -> std::optional<double> {
            using T = std::decay_t<decltype(member.read(config))>;
            if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
                return static_cast<double>(member.read(config));
            } else {
                return std::nullopt;
            }
        },
        parameter.member);
}

class BlockReader {
public:
    BlockReader(const std::string& directory,
                const KeySet& overridden,
                std::vector<Problem>& problems)
        : directory_(directory), overridden_(overridden), problems_(problems) {}

    Block read(const YamlNode& node) {
        block_.place = node.place;
        if (!expect_map(node, "space", "a block is a mapping with grid, zip, cases or axes")) {
            return std::move(block_);
        }
        for (const YamlNode::Entry& entry : node.entries) {
            read_entry(entry);
        }
        check_zip_lengths();
        check_set_once();
        return std::move(block_);
    }

private:
    void report(const Place& place, const std::string& key, const std::string& message) {
        problems_.push_back(problem_at(place, key, message));
    }
    bool expect_map(const YamlNode& node, const std::string& key, const std::string& expected) {
        if (!node.is_map()) {
            report(node.place, key, "has " + std::string(node.kind_text()) + "; " + expected);
        }
        return node.is_map();
    }

    void read_entry(const YamlNode::Entry& entry) {
        const std::string& key = entry.key;
        if (key == "grid") {
            read_values(entry.value, key, block_.grid);
        } else if (key == "zip") {
            read_values(entry.value, key, block_.zip);
        } else if (key == "cases") {
            read_cases(entry.value);
        } else if (key == "axes") {
            read_axes(entry.value);
        } else if (key == "exclude") {
            read_exclusions(entry.value);
        } else if (key == "set") {
            if (expect_map(entry.value, key, "expected a mapping of parameters")) {
                block_.set = read_settings(entry.value, {}, directory_, problems_, overridden_);
            }
        } else if (key == "seeds") {
            if (overridden_.count(key) == 0) {
                block_.seeds = read_seeds(entry.value, key, problems_);
            }
        } else if (key == "tags") {
            read_tags(entry.value);
        } else {
            const std::string nearest = nearest_name(key, block_keys());
            report(
                entry.place,
                key,
                "unknown key of a block; expected grid, zip, cases, axes, exclude, set, seeds or "
                "tags" +
                    (nearest.empty() ? "" : "; did you mean " + nearest + "?"));
        }
    }

    void read_values(const YamlNode& node,
                     const std::string& kind,
                     std::vector<ParameterAxis>& to) {
        if (!expect_map(node, kind, "expected a mapping from parameters to lists of values")) {
            return;
        }
        if (node.entries.empty()) {
            report(node.place, kind, "is empty; give a parameter and its values");
        }
        std::set<const Parameter*> seen;
        const auto read = [&](const Parameter* parameter, const YamlNode::Entry& entry) {
            if (parameter == nullptr) {
                return;
            }
            if (!seen.insert(parameter).second) {
                report(entry.place, parameter->name, "given twice in one " + kind + "; keep one");
            } else if (overridden_.count(parameter->name) == 0) {
                to.push_back(read_axis(*parameter, entry));
            }
        };
        const std::vector<std::string>& sections = section_names();
        for (const YamlNode::Entry& entry : node.entries) {
            if (!entry.value.is_map() ||
                std::find(sections.begin(), sections.end(), entry.key) == sections.end()) {
                read(require_parameter(entry.key, entry.place, problems_), entry);
                continue;
            }
            for (const YamlNode::Entry& inner : entry.value.entries) {
                read(require_in_section(entry.key, inner.key, inner.place, problems_), inner);
            }
        }
    }
    void read_tags(const YamlNode& node) {
        for (std::string& tag : read_texts(node, "tags", problems_)) {
            if (std::find(block_.tags.begin(), block_.tags.end(), tag) == block_.tags.end()) {
                block_.tags.push_back(std::move(tag));
            }
        }
    }
    ParameterAxis read_axis(const Parameter& parameter, const YamlNode::Entry& entry) {
        ParameterAxis axis{&parameter, entry.place, {}};
        if (entry.value.is_list() && entry.value.items.empty()) {
            report(entry.place, parameter.name, "has no values; give at least one");
        }
        if (entry.value.is_list()) {
            for (const YamlNode& item : entry.value.items) {
                add_value(axis, item);
            }
        } else {
            add_value(axis, entry.value);
        }
        return axis;
    }
    void add_value(ParameterAxis& axis, const YamlNode& node) {
        if (auto setting = read_setting(*axis.parameter, node, directory_, problems_)) {
            axis.values.push_back(std::move(*setting));
        } else {
            has_bad_values_ = true;
        }
    }
    void check_zip_lengths() {
        if (block_.zip.empty() || has_bad_values_) {
            return;
        }
        const ParameterAxis& first = block_.zip.front();
        for (const ParameterAxis& axis : block_.zip) {
            if (axis.values.size() != first.values.size()) {
                report(axis.place,
                       "zip",
                       "lists differ in length: " + first.parameter->name + " has " +
                           std::to_string(first.values.size()) + ", " + axis.parameter->name +
                           " has " + std::to_string(axis.values.size()) +
                           "; the values of a zip go together one by one");
            }
        }
    }

    std::string read_name(const YamlNode& node, const std::string& key) {
        std::optional<std::string> name = node.text;
        if (node.is_scalar() && !(name = read_text(node, key, problems_))) {
            return {};
        }
        if (!node.is_scalar() || !is_name(*name)) {
            report(node.place, key, "expected a text of one line, up to 200 bytes");
            return {};
        }
        return *name;
    }
    void read_cases(const YamlNode& node) {
        if (!node.is_list() || node.items.empty()) {
            report(
                node.place, "cases", "expected a list of mappings such as {name: main}, not empty");
            return;
        }
        std::set<std::string> seen;
        for (const YamlNode& item : node.items) {
            if (!expect_map(
                    item, "cases", "expected a mapping such as {name: main, train.lr: 1e-3}")) {
                continue;
            }
            Alternative one{{}, {}, item.place, {}};
            for (const YamlNode::Entry& entry : item.entries) {
                if (entry.key == "name") {
                    one.name = read_name(entry.value, "name");
                } else if (entry.key == "label") {
                    one.label = read_name(entry.value, "label");
                }
            }
            if (!one.name.empty() && !seen.insert(one.name).second) {
                report(item.place, "cases", "the case '" + one.name + "' is given twice");
            }
            one.settings = read_settings(item, {"name", "label"}, directory_, problems_);
            block_.cases.push_back(std::move(one));
        }
    }
    void read_axes(const YamlNode& node) {
        const char* const expected =
            "expected a mapping such as {module: {none: {}, dia: {model.dia_n_blocks: 4}}}";
        if (!expect_map(node, "axes", expected)) {
            return;
        }
        for (const YamlNode::Entry& entry : node.entries) {
            const std::string key = "axes." + entry.key;
            if (!expect_map(entry.value, key, expected)) {
                continue;
            }
            if (entry.value.entries.empty()) {
                report(entry.place, key, "has no alternatives");
            }
            NamedAxis axis{entry.key, entry.place, {}};
            for (const YamlNode::Entry& alternative : entry.value.entries) {
                const bool is_nothing = alternative.value.kind == YamlNode::Kind::Null;
                if (is_nothing ||
                    expect_map(alternative.value, key + "." + alternative.key, expected)) {
                    axis.alternatives.push_back(
                        {alternative.key,
                         {},
                         alternative.place,
                         read_settings(alternative.value, {}, directory_, problems_)});
                }
            }
            block_.axes.push_back(std::move(axis));
        }
    }

    void read_exclusions(const YamlNode& node) {
        if (node.is_scalar()) {
            read_exclusion(node);
        } else if (node.is_list()) {
            for (const YamlNode& item : node.items) {
                read_exclusion(item);
            }
        } else {
            report(node.place, "exclude", "expected a list of expressions");
        }
    }
    void read_exclusion(const YamlNode& node) {
        if (!node.is_scalar()) {
            report(node.place, "exclude", "expected an expression such as \"train.lr > 1e-3\"");
            return;
        }
        const std::optional<std::string> text = read_text(node, "exclude", problems_);
        if (!text) {
            return;
        }
        std::string error;
        std::optional<Expression> expression = Expression::parse(*text, error);
        if (!expression) {
            report(node.place, "exclude", "'" + text->substr(0, 80) + "': " + error);
            return;
        }
        Exclusion exclusion;
        for (const Comparison& comparison : expression->comparisons()) {
            const Parameter* parameter = require_parameter(comparison.name, node.place, problems_);
            if (parameter == nullptr || !add_operand(*parameter, comparison, node, exclusion)) {
                return;
            }
        }
        exclusion.expression = std::move(*expression);
        block_.exclude.push_back(std::move(exclusion));
    }
    bool add_operand(const Parameter& parameter,
                     const Comparison& comparison,
                     const YamlNode& node,
                     Exclusion& exclusion) {
        const bool is_number = parameter.type() == Type::Int || parameter.type() == Type::Real;
        const bool is_equality = comparison.op == ComparisonOperator::Equal ||
                                 comparison.op == ComparisonOperator::NotEqual;
        ExclusionOperand operand{&parameter, 0.0, {}};
        if (is_number) {
            // Bounds may lie outside the parameter's range, as in `train.lr > 0`.
            const std::optional<double> number = parse_finite(comparison.literal);
            if (!number) {
                report(node.place,
                       parameter.name,
                       "'" + comparison.literal.substr(0, 60) + "' in exclude is no number");
                return false;
            }
            operand.number = *number;
        } else if (!is_equality) {
            report(
                node.place, "exclude", parameter.name + " is no number; compare it with == or !=");
            return false;
        } else {
            YamlNode literal;
            literal.kind = YamlNode::Kind::Scalar;
            literal.place = node.place;
            literal.text = comparison.literal;
            const auto setting = read_setting(parameter, literal, directory_, problems_);
            if (!setting) {
                return false;
            }
            TrialConfig holder;
            apply(*setting, holder);
            operand.text = value_text(parameter, holder);
        }
        exclusion.operands.push_back(std::move(operand));
        return true;
    }

    /// Within a block only one of grid, zip, an axis and the cases may decide a parameter.
    void check_set_once() {
        std::map<const Parameter*, std::string> owner;
        const auto claim =
            [&](const Parameter* parameter, const Place& place, const std::string& by) {
                const auto [other, is_new] = owner.emplace(parameter, by);
                if (!is_new && other->second != by) {
                    report(place,
                           parameter->name,
                           "is set by " + other->second + " and by " + by +
                               " of one block; keep one, or use two blocks");
                }
            };
        for (const ParameterAxis& axis : block_.grid) {
            claim(axis.parameter, axis.place, "grid");
        }
        for (const ParameterAxis& axis : block_.zip) {
            claim(axis.parameter, axis.place, "zip");
        }
        for (const NamedAxis& axis : block_.axes) {
            for (const Alternative& alternative : axis.alternatives) {
                for (const Setting& setting : alternative.settings) {
                    claim(setting.parameter, setting.place, "axes." + axis.name);
                }
            }
        }
        for (const Alternative& one : block_.cases) {
            for (const Setting& setting : one.settings) {
                claim(setting.parameter, setting.place, "cases");
            }
        }
    }

    const std::string& directory_;
    const KeySet& overridden_;
    std::vector<Problem>& problems_;
    Block block_;
    bool has_bad_values_ = false;
};

}  // namespace

bool is_excluded(const Exclusion& exclusion, const TrialConfig& config) {
    return exclusion.expression.evaluate([&](std::size_t i) {
        const ExclusionOperand& operand = exclusion.operands[i];
        const ComparisonOperator op = exclusion.expression.comparisons()[i].op;
        if (const std::optional<double> value = number_of(*operand.parameter, config)) {
            return holds(*value, op, operand.number);
        }
        const bool is_equal = value_text(*operand.parameter, config) == operand.text;
        return is_equal == (op == ComparisonOperator::Equal);
    });
}

std::vector<Block> read_space(const YamlNode& node,
                              const std::string& directory,
                              const KeySet& overridden,
                              std::vector<Problem>& problems) {
    std::vector<Block> blocks;
    if (!node.is_list() || node.items.empty()) {
        problems.push_back(problem_at(node.place,
                                      "space",
                                      std::string("has ") +
                                          (node.is_list() ? "no blocks" : node.kind_text()) +
                                          "; expected a list of blocks such as [{grid: {train.lr: "
                                          "[1e-4, 3e-4]}}], or no space for one cell"));
        return blocks;
    }
    for (const YamlNode& item : node.items) {
        blocks.push_back(BlockReader(directory, overridden, problems).read(item));
    }
    return blocks;
}

}  // namespace harrow::sweeps
