#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sweeps/error.hpp"

namespace harrow::sweeps {

/// Where something was written.
struct Place {
    std::shared_ptr<const std::string> file;  ///< as named in messages
    int line = 0;                             ///< from 1; 0: none applies, as on the command line
};

Problem problem_at(const Place& place, const std::string& key, const std::string& message);

/// A parsed YAML document. Mappings keep their order and hold no key twice; aliases are expanded.
struct YamlNode {
    enum class Kind { Null, Scalar, List, Map };
    struct Entry;

    Kind kind = Kind::Null;
    Place place;
    std::string text;             ///< of a scalar
    std::vector<YamlNode> items;  ///< of a list
    std::vector<Entry> entries;   ///< of a map

    bool is_scalar() const { return kind == Kind::Scalar; }
    bool is_list() const { return kind == Kind::List; }
    bool is_map() const { return kind == Kind::Map; }
    /// "nothing", "a text", "a list", "a mapping": for messages.
    const char* kind_text() const;
};

struct YamlNode::Entry {
    std::string key;
    Place place;
    YamlNode value;
};

/// Parses one document. Never throws for what the text holds: everything wrong is appended to
/// `problems` (not UTF-8, syntax, a second document, duplicate and merge keys, keys that are no
/// scalars, cyclic aliases, nesting over 64, more than 200,000 nodes), and what could be read is
/// returned.
YamlNode parse_yaml(std::string_view text, const std::string& file, std::vector<Problem>& problems);

/// Largest text that is parsed at all.
inline constexpr std::size_t kMaxYamlBytes = 4U << 20U;

}  // namespace harrow::sweeps
