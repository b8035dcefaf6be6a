#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sweeps/error.hpp"
#include "sweeps/input_catalog.hpp"
#include "sweeps/sweep.hpp"

namespace harrow::sweeps {

/// Datasets and weights that exist only here: 40 training and 20 test images per class; digests
/// follow the class's name and `content`.
class FakeCatalog : public InputCatalog {
public:
    FakeCatalog() { add("/data", {"bottle", "cable", "capsule", "carpet", "grid"}); }

    void add(const std::string& root,
             const std::vector<std::string>& classes,
             const std::string& content = "",
             const std::string& labels = "") {
        DatasetFacts& facts = datasets_[root];
        facts.classes.clear();
        for (const std::string& name : classes) {
            facts.classes.push_back({name,
                                     {40, hash_text("train " + name + content)},
                                     {20, hash_text("test " + name + content)},
                                     hash_text("labels " + name + labels)});
        }
    }
    /// Gives every class of `root` a split `validation`.
    void add_validation(const std::string& root) {
        for (ClassFacts& facts : datasets_[root].classes) {
            facts.validation = {10, hash_text("validation " + facts.name)};
        }
    }
    DatasetFacts& facts(const std::string& root) { return datasets_[root]; }
    void add_weights(const std::string& path, const std::string& content) {
        weights_[path] = {hash_text("weights " + content), "", {}};
    }

    const DatasetFacts& describe(const std::string&,
                                 const std::string& root,
                                 const std::vector<std::string>& classes) override {
        const auto [found, is_new] = datasets_.emplace(root, DatasetFacts{});
        if (is_new) {
            found->second.problems.push_back("'" + root + "' does not exist");
        }
        DatasetFacts& answer = answers_[{root, classes}];
        answer = {{}, {}, found->second.problems};
        for (const ClassFacts& facts : found->second.classes) {
            if (classes.empty() ||
                std::find(classes.begin(), classes.end(), facts.name) != classes.end()) {
                answer.classes.push_back(facts);
            } else {
                answer.other_classes.push_back(facts.name);
            }
        }
        if (answer.classes.size() == classes.size()) {
            answer.other_classes.clear();  // only told when one asked for is not there
        }
        return answer;
    }

    const WeightsFacts& weights(const std::string&, const std::string& path) override {
        const auto [found, is_new] = weights_.emplace(path, WeightsFacts{});
        if (is_new) {
            found->second.problems.push_back("'" + path + "' does not exist");
        }
        return found->second;
    }

private:
    std::map<std::string, DatasetFacts> datasets_;
    std::map<std::pair<std::string, std::vector<std::string>>, DatasetFacts> answers_;
    std::map<std::string, WeightsFacts> weights_;
};

/// What every sweep needs, without a line break at the end of the last key's value.
inline const char* const kHead = "name: a\ndata: {root: /data}\nseeds: [0, 1]\n";

inline Sweep parse(const std::string& text, const std::vector<std::string>& overrides = {}) {
    FakeCatalog catalog;
    return parse_sweep(text, "s.yaml", "/specs", overrides, catalog);
}

inline std::vector<std::string> names_of(const Sweep& sweep) {
    std::vector<std::string> names;
    for (const Cell& cell : sweep.cells) {
        names.push_back(cell.name);
    }
    return names;
}

/// Everything wrong with a sweep file; empty when nothing is.
inline std::vector<Problem> problems_of(const std::string& text,
                                        const std::vector<std::string>& overrides = {}) {
    try {
        parse(text, overrides);
    } catch (const UsageError& error) {
        return error.problems();
    }
    return {};
}

}  // namespace harrow::sweeps
