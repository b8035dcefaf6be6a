#include "sweeps/objective_check.hpp"

#include <algorithm>
#include <string>

#include "sweeps/metric_kind.hpp"
#include "sweeps/metric_names.hpp"
#include "sweeps/validation.hpp"
#include "sweeps/yaml_tree.hpp"

namespace harrow::sweeps {
namespace {

/// What a metric needs of a configuration.
struct Need {
    bool (*is_met)(const TrialConfig& config);
    const char* what;  ///< "…, which the sweep does not ask for"
    const char* cure;
};

bool holds_out(const TrialConfig& config) {
    return config.validation.holdout != 0;
}

bool pastes(const TrialConfig& config) {
    return has_synthetic(config.validation);
}

bool uses_split(const TrialConfig& config) {
    return config.validation.use_split;
}

bool has_aucpro(const TrialConfig& config) {
    return config.score.aucpro_compat;
}

/// Of the methods that score whole images maps are apart.
bool gives_maps(const TrialConfig& config) {
    return config.method != "anomalyvfm" || config.model.maps != "none";
}

constexpr Need kHoldsOut = {holds_out,
                            "measured on training images that are held out",
                            "set validation.holdout, e.g. to 0.1"};
constexpr Need kPastes = {
    pastes,
    "measured on training images that are held out",
    "set validation.holdout, e.g. to 0.1, and validation.synthetic to cutpaste"};
constexpr Need kUsesSplit = {
    uses_split,
    "measured at a threshold from the normal images of the data set's split validation",
    "set validation.use_split to true"};
constexpr Need kAucpro = {has_aucpro, "not computed unasked", "set score.aucpro_compat to true"};
constexpr Need kMaps = {
    gives_maps, "measured on maps of scores", "set model.maps to patches or crops"};

std::vector<Need> needs_of(const std::string& metric) {
    std::vector<Need> needs;
    const std::string split = split_of(metric);
    if (split != "test") {
        needs.push_back(split == "val_synth" ? kPastes : kHoldsOut);
    }
    if (is_local_metric(metric)) {
        needs.push_back(kUsesSplit);
    }
    if (metric.compare(0, 13, "aucpro_compat") == 0) {
        needs.push_back(kAucpro);
    }
    if (needs_maps(split == "test" ? metric : metric.substr(split.size() + 1))) {
        needs.push_back(kMaps);
    }
    return needs;
}

}  // namespace

void check_objective(const Spec& spec,
                     const std::vector<ExpandedCell>& cells,
                     std::vector<Problem>& problems) {
    const std::string& metric = spec.objective.metric;
    for (const Need& need : needs_of(metric)) {
        const auto without =
            std::find_if(cells.begin(), cells.end(), [&](const ExpandedCell& cell) {
                return !need.is_met(cell.config);
            });
        if (without == cells.end()) {
            continue;
        }
        problems.push_back(problem_at(
            {},
            "objective.metric",
            metric + " is " + need.what + ", which " +
                (cells.size() == 1 ? "the sweep" : "cell '" + without->names.front().text + "'") +
                " does not ask for; " + need.cure));
    }
}

}  // namespace harrow::sweeps
