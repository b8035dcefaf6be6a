#include "sweeps/overrides.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include "sweeps/utf8.hpp"

namespace harrow::sweeps {
namespace {

const std::string kFile = "command line";

/// Cuts at commas outside brackets and quotes.
std::vector<std::string> split_alternatives(const std::string& text) {
    std::vector<std::string> parts(1);
    int depth = 0;
    char quote = 0;
    for (const char c : text) {
        if (quote != 0) {
            quote = c == quote ? '\0' : quote;
        } else if (c == '\'' || c == '"') {
            quote = c;
        } else if (c == '[') {
            ++depth;
        } else if (c == ']') {
            --depth;
        } else if (c == ',' && depth <= 0) {
            parts.emplace_back();
            continue;
        }
        parts.back() += c;
    }
    return parts;
}

bool is_plain_text(const std::string& text) {
    const bool has_control = std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
    return !has_control && valid_utf8_prefix(text) == text.size();
}

/// A mapping cannot be given on the command line, but what is in it can.
bool is_run_setting(const std::string& key) {
    return key == "checkpoint_minutes" || key == "keep.checkpoints" || key == "slots_per_gpu";
}

const std::vector<std::string>& own_keys() {
    static const std::vector<std::string> keys = {
        "name", "seeds", "checkpoint_minutes", "keep.checkpoints", "slots_per_gpu"};
    return keys;
}

class OverrideReader {
public:
    OverrideReader(Spec& spec, std::vector<Problem>& problems)
        : spec_(spec),
          problems_(problems),
          directory_(std::filesystem::current_path().string()),
          place_{std::make_shared<const std::string>(kFile), 0} {}

    void read(const std::string& text) {
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos || equals == 0) {
            report(is_plain_text(text) ? text : "", "expected KEY=VALUE, as in train.lr=1e-3");
            return;
        }
        const std::string key = text.substr(0, equals);
        const std::string value = text.substr(equals + 1);
        if (!is_plain_text(text)) {
            report("", "an argument holds bytes that are no UTF-8 text, or control characters");
        } else if (value.empty()) {
            report(key, "has no value; expected KEY=VALUE, as in train.lr=1e-3");
        } else if (key == "name") {
            once(key);
            spec_.name = value;
            if (!is_name(value)) {
                report(key, "expected a text of one line, up to 200 bytes");
            }
        } else if (key == "seeds") {
            once(key);
            set_seeds(value);
        } else if (is_run_setting(key)) {
            once(key);
            if (const std::optional<YamlNode> node = parse(key, value)) {
                read_run_setting(key, *node, spec_.run, problems_);
            }
        } else if (const Parameter* parameter = find(key)) {
            once(parameter->name);
            set_parameter(*parameter, value);
        }
    }

private:
    void report(const std::string& key, const std::string& message) {
        problems_.push_back(problem_at(place_, key, message));
    }
    void once(const std::string& key) {
        if (!seen_.insert(key).second) {
            report(key, "given twice; keep one");
        }
    }
    const Parameter* find(const std::string& key) {
        const Parameter* parameter = find_parameter(key);
        if (parameter == nullptr) {
            const std::string own = nearest_name(key, own_keys());
            const std::string nearest = own.empty() ? nearest_parameter(key) : own;
            report(key,
                   "unknown parameter" + (nearest.empty() ? "; `harrow params` lists all of them"
                                                          : "; did you mean " + nearest + "?"));
        }
        return parameter;
    }
    YamlNode scalar(const std::string& text) const {
        YamlNode node;
        node.kind = YamlNode::Kind::Scalar;
        node.place = place_;
        node.text = text;
        return node;
    }
    /// Text as it stands, but quotes and lists as YAML reads them.
    std::optional<YamlNode> parse(const std::string& key, const std::string& text) {
        if (text.empty() || (text[0] != '[' && text[0] != '"' && text[0] != '\'')) {
            return scalar(text);
        }
        std::vector<Problem> wrong;
        YamlNode node = parse_yaml(text, kFile, wrong);
        if (!wrong.empty()) {
            report(key, "'" + text.substr(0, 80) + "' " + wrong.front().message);
            return std::nullopt;
        }
        node.place = place_;
        for (YamlNode& item : node.items) {
            item.place = place_;
        }
        return node;
    }
    void set_seeds(const std::string& value) {
        const std::optional<YamlNode> node = parse("seeds", value);
        if (!node) {
            return;
        }
        const std::vector<std::uint64_t> seeds = read_seeds(*node, "seeds", problems_);
        if (!seeds.empty()) {
            spec_.seeds = seeds;
            for (Block& block : spec_.space) {
                block.seeds.clear();
            }
        }
    }
    void set_parameter(const Parameter& parameter, const std::string& value) {
        ParameterAxis axis{&parameter, place_, {}};
        for (const std::string& part : split_alternatives(value)) {
            const std::optional<YamlNode> node = parse(parameter.name, part);
            if (!node) {
                return;
            }
            auto setting = read_setting(parameter, *node, directory_, problems_);
            if (!setting) {
                return;
            }
            axis.values.push_back(std::move(*setting));
        }
        remove_from_blocks(parameter);
        if (axis.values.size() == 1) {
            set_base(spec_, std::move(axis.values.front()));
            return;
        }
        if (spec_.space.empty()) {
            spec_.space.emplace_back();
            spec_.space.back().place = place_;
        }
        for (Block& block : spec_.space) {
            block.grid.push_back(axis);
        }
    }
    void remove_from_blocks(const Parameter& parameter) {
        const auto is_it = [&](const auto& element) { return element.parameter == &parameter; };
        const auto remove = [&](auto& from) {
            from.erase(std::remove_if(from.begin(), from.end(), is_it), from.end());
        };
        for (Block& block : spec_.space) {
            remove(block.grid);
            remove(block.zip);
            remove(block.set);
        }
    }

    Spec& spec_;
    std::vector<Problem>& problems_;
    std::string directory_;
    Place place_;
    std::set<std::string> seen_;
};

/// The setting of `parameter` when all of these have one.
const Setting* first_if_in_all(const std::vector<Alternative>& alternatives,
                               const std::string& parameter) {
    const Setting* first = nullptr;
    for (const Alternative& alternative : alternatives) {
        const auto& settings = alternative.settings;
        const auto found = std::find_if(settings.begin(), settings.end(), [&](const auto& setting) {
            return setting.parameter->name == parameter;
        });
        if (found == settings.end()) {
            return nullptr;
        }
        first = first == nullptr ? &*found : first;
    }
    return first;
}

/// A setting of `parameter` where every point of the block has one of its own.
const Setting* own_setting(const Block& block, const std::string& parameter) {
    const Setting* first = first_if_in_all(block.cases, parameter);
    for (const NamedAxis& axis : block.axes) {
        first = first != nullptr ? first : first_if_in_all(axis.alternatives, parameter);
    }
    return first;
}

}  // namespace

KeySet overridden_keys(const std::vector<std::string>& overrides) {
    KeySet keys;
    for (const std::string& text : overrides) {
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos || equals + 1 == text.size() || !is_plain_text(text)) {
            continue;  // gives no value
        }
        const std::string key = text.substr(0, equals);
        const Parameter* parameter = find_parameter(key);
        if (parameter != nullptr) {
            keys.insert(parameter->name);
        } else if (key == "name" || key == "seeds" || is_run_setting(key)) {
            keys.insert(key);
        }
    }
    return keys;
}

void check_effect(const Spec& spec, const KeySet& overridden, std::vector<Problem>& problems) {
    for (const std::string& key : overridden) {
        const Setting* first = nullptr;
        for (const Block& block : spec.space) {
            const Setting* own = own_setting(block, key);
            if (own == nullptr) {
                first = nullptr;
                break;
            }
            first = first == nullptr ? own : first;
        }
        if (first != nullptr) {
            problems.push_back({kFile,
                                0,
                                key,
                                "has no effect: every cell sets it itself, first in line " +
                                    std::to_string(first->place.line)});
        }
    }
}

void apply_overrides(Spec& spec,
                     const std::vector<std::string>& overrides,
                     std::vector<Problem>& problems) {
    OverrideReader reader(spec, problems);
    for (const std::string& text : overrides) {
        reader.read(text);
    }
}

}  // namespace harrow::sweeps
