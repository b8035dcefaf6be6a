#include "sweeps/yaml_tree.hpp"

#include <algorithm>
#include <exception>
#include <map>
#include <set>
#include <sstream>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "sweeps/utf8.hpp"

namespace harrow::sweeps {
namespace {

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxNodes = 200000;

/// Ends the parse after a problem that leaves nothing to go on with.
struct Abandoned : std::exception {};

/// Builds the tree from yaml-cpp's events, which carry anchors and marks that its nodes lose.
class TreeBuilder : public YAML::EventHandler {
public:
    TreeBuilder(std::shared_ptr<const std::string> file, std::vector<Problem>& problems)
        : file_(std::move(file)), problems_(problems) {}

    YamlNode take_root() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (++documents_ > 1) {
            abandon(place_of(mark), "a second document starts here; a sweep file holds one");
        }
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        leave(make_node(YamlNode::Kind::Null, mark), anchor);
    }
    void OnScalar(const YAML::Mark& mark,
                  const std::string& tag,
                  YAML::anchor_t anchor,
                  const std::string& value) override {
        const bool is_plain = tag == "?";
        const bool is_null = is_plain && (value.empty() || value == "~" || value == "null");
        YamlNode node = make_node(is_null ? YamlNode::Kind::Null : YamlNode::Kind::Scalar, mark);
        node.text = is_null ? "" : value;
        leave(std::move(node), anchor);
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto found = anchored_.find(anchor);
        if (found == anchored_.end()) {
            abandon(place_of(mark), "the alias refers to the node that it is part of");
        }
        count(place_of(mark), count_nodes(found->second));
        require_depth(place_of(mark), open_.size() + depth_of(found->second));
        leave(YamlNode(found->second), 0);
    }
    void OnSequenceStart(const YAML::Mark& mark,
                         const std::string&,
                         YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        enter(YamlNode::Kind::List, mark, anchor);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark,
                    const std::string&,
                    YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        enter(YamlNode::Kind::Map, mark, anchor);
    }
    void OnMapEnd() override { close(); }

private:
    /// A list or map whose end has not come.
    struct Open {
        YamlNode node;
        YAML::anchor_t anchor = 0;
        bool has_key = false;  ///< of a map: the next node is the value of the last entry
        std::map<std::string, int> lines;  ///< of a map: where each key was first seen
        bool drop_value = false;           ///< of a map: the value belongs to a refused key
    };

    Place place_of(const YAML::Mark& mark) const { return {file_, mark.line + 1}; }

    [[noreturn]] void abandon(const Place& place, const std::string& message) {
        problems_.push_back(problem_at(place, "", message));
        throw Abandoned();
    }
    void require_depth(const Place& place, std::size_t depth) {
        if (depth > kMaxDepth) {
            abandon(place, "nested deeper than " + std::to_string(kMaxDepth) + " levels");
        }
    }
    /// Copies that anchors and aliases make count too: a small file must not become a large tree.
    void count(const Place& place, std::size_t nodes) {
        nodes_ += nodes;
        if (nodes_ > kMaxNodes) {
            abandon(place, "more than " + std::to_string(kMaxNodes) + " values");
        }
    }
    YamlNode make_node(YamlNode::Kind kind, const YAML::Mark& mark) {
        count(place_of(mark), 1);
        YamlNode node;
        node.kind = kind;
        node.place = place_of(mark);
        return node;
    }
    void enter(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
        require_depth(place_of(mark), open_.size() + 1);
        Open level;
        level.node = make_node(kind, mark);
        level.anchor = anchor;
        open_.push_back(std::move(level));
    }
    void close() {
        Open done = std::move(open_.back());
        open_.pop_back();
        leave(std::move(done.node), done.anchor);
    }
    /// Puts a complete node where it belongs.
    void leave(YamlNode node, YAML::anchor_t anchor) {
        if (anchor != 0) {
            count(node.place, count_nodes(node));
            anchored_[anchor] = node;
        }
        if (open_.empty()) {
            root_ = std::move(node);
        } else if (open_.back().node.is_list()) {
            open_.back().node.items.push_back(std::move(node));
        } else if (!open_.back().has_key) {
            take_key(open_.back(), node);
        } else {
            open_.back().has_key = false;
            if (!open_.back().drop_value) {
                YamlNode::Entry& entry = open_.back().node.entries.back();
                if (node.kind == YamlNode::Kind::Null) {
                    node.place = entry.place;  // its own mark is on what follows
                }
                entry.value = std::move(node);
            }
        }
    }
    void take_key(Open& map, const YamlNode& key) {
        map.has_key = true;
        map.drop_value = true;
        if (!key.is_scalar()) {
            problems_.push_back(problem_at(
                key.place, "", "a key must be a text, not " + std::string(key.kind_text())));
            return;
        }
        if (key.text == "<<") {
            problems_.push_back(
                problem_at(key.place,
                           "<<",
                           "merge keys are not supported; use include, or write the keys out"));
            return;
        }
        const auto [first, is_new] = map.lines.emplace(key.text, key.place.line);
        if (!is_new) {
            problems_.push_back(problem_at(key.place,
                                           key.text,
                                           "given twice in one mapping, first in line " +
                                               std::to_string(first->second) + "; keep one"));
            return;
        }
        map.drop_value = false;
        map.node.entries.push_back({key.text, key.place, {}});
    }

    static std::size_t count_nodes(const YamlNode& node) {
        std::size_t nodes = 1;
        for (const YamlNode& item : node.items) {
            nodes += count_nodes(item);
        }
        for (const YamlNode::Entry& entry : node.entries) {
            nodes += 1 + count_nodes(entry.value);
        }
        return nodes;
    }
    static std::size_t depth_of(const YamlNode& node) {
        std::size_t deepest = 0;
        for (const YamlNode& item : node.items) {
            deepest = std::max(deepest, depth_of(item));
        }
        for (const YamlNode::Entry& entry : node.entries) {
            deepest = std::max(deepest, depth_of(entry.value));
        }
        return deepest + (node.is_list() || node.is_map() ? 1 : 0);
    }

    std::shared_ptr<const std::string> file_;
    std::vector<Problem>& problems_;
    YamlNode root_;
    std::vector<Open> open_;
    std::map<YAML::anchor_t, YamlNode> anchored_;
    std::size_t nodes_ = 0;
    int documents_ = 0;
};

/// Line of the first byte that no text file holds, or 0.
int first_bad_line(std::string_view text) {
    const std::size_t valid = valid_utf8_prefix(text);
    std::size_t bad = valid;
    for (std::size_t i = 0; i < valid; ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7f) {
            bad = i;
            break;
        }
    }
    return bad == text.size()
               ? 0
               : 1 + static_cast<int>(std::count(
                         text.begin(), text.begin() + static_cast<std::ptrdiff_t>(bad), '\n'));
}

}  // namespace

Problem problem_at(const Place& place, const std::string& key, const std::string& message) {
    return {place.file ? *place.file : "", place.line, key, message};
}

const char* YamlNode::kind_text() const {
    switch (kind) {
        case Kind::Null:
            return "nothing";
        case Kind::Scalar:
            return "a text";
        case Kind::List:
            return "a list";
        case Kind::Map:
            return "a mapping";
    }
    return "";
}

YamlNode parse_yaml(std::string_view text,
                    const std::string& file,
                    std::vector<Problem>& problems) {
    const auto shared_file = std::make_shared<const std::string>(file);
    if (text.size() > kMaxYamlBytes) {
        problems.push_back({file, 0, "", "is larger than 4 MiB; is it a sweep file?"});
        return {};
    }
    if (const int line = first_bad_line(text)) {
        problems.push_back(
            {file, line, "", "holds bytes that are no UTF-8 text; is it a sweep file?"});
        return {};
    }
    TreeBuilder builder(shared_file, problems);
    try {
        std::istringstream stream{std::string(text)};
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const Abandoned&) {
        return {};
    } catch (const YAML::Exception& error) {
        // A null mark (line -1) gives line 0, which means none.
        problems.push_back({file, error.mark.line + 1, "", "is no valid YAML: " + error.msg});
        return {};
    } catch (const std::exception& error) {
        problems.push_back({file, 0, "", std::string("is no valid YAML: ") + error.what()});
        return {};
    }
    return builder.take_root();
}

}  // namespace harrow::sweeps
