#include "sweeps/sweep_weights.hpp"

#include <set>
#include <string>
#include <utility>

#include "sweeps/backbones.hpp"
#include "sweeps/parameters.hpp"
#include "sweeps/public_weights.hpp"

namespace harrow::sweeps {
namespace {

const char* const kName = "backbone.name";
const char* const kWeights = "backbone.weights";

bool has_problem(const std::vector<Problem>& problems, const std::string& key) {
    for (const Problem& problem : problems) {
        if (problem.key == key) {
            return true;
        }
    }
    return false;
}

/// Where the file is named, else where the backbone is.
Place place_of(const Spec& spec, const ExpandedCell& cell) {
    for (const char* parameter : {kWeights, kName}) {
        if (const Setting* setting = find_setting(spec, cell, parameter)) {
            return setting->place;
        }
    }
    return {};
}

}  // namespace

void check_weights(const Spec& spec,
                   const std::vector<ExpandedCell>& cells,
                   InputCatalog& catalog,
                   std::vector<Problem>& problems) {
    if (has_problem(problems, kName) || has_problem(problems, kWeights)) {
        return;  // a value was refused already, so that its default stands here
    }
    std::set<std::pair<std::string, std::string>> seen;
    for (const ExpandedCell& cell : cells) {
        const BackboneConfig& backbone = cell.config.backbone;
        if (!uses_data(cell.config) || !needs_weights(backbone) ||
            !seen.emplace(backbone.name, backbone.weights).second) {
            continue;
        }
        const auto report = [&](const std::string& message) {
            problems.push_back(problem_at(place_of(spec, cell), kWeights, message));
        };
        if (backbone.weights.empty()) {
            report("missing; " + backbone.name +
                   " needs a weights file: " + weights_advice(backbone.name));
            continue;
        }
        for (const std::string& problem :
             catalog.weights(backbone.name, backbone.weights).problems) {
            report(problem);
        }
    }
}

Digest weights_digest(const BackboneConfig& backbone, InputCatalog& catalog) {
    return needs_weights(backbone) ? catalog.weights(backbone.name, backbone.weights).digest
                                   : Digest{};
}

}  // namespace harrow::sweeps
