#include "sweeps/anomalyvfm_rules.hpp"
#include "sweeps/backbone_geometry.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::sweeps {
namespace {

using Found = std::vector<std::pair<const Parameter*, std::string>>;

/// What only AnomalyVFM can make use of.
void check_image_views(const TrialConfig& config, Found& found) {
    const std::pair<const char*, bool> used[] = {
        {"data.scales", config.data.scales != DataConfig{}.scales},
        {"data.crop_size", config.data.crop_size != 0},
        {"data.load_size", config.data.load_size != 0}};
    for (const auto& [name, is_used] : used) {
        const Parameter* parameter = find_parameter(name);
        if (is_used && is_active(*parameter, config)) {
            found.emplace_back(parameter,
                               "method " + config.method + " sees an image in one way; leave it " +
                                   "at " + default_text(*parameter) +
                                   ", or train with method anomalyvfm");
        }
    }
}

}  // namespace

std::vector<std::pair<const Parameter*, std::string>> inconsistencies(const TrialConfig& config) {
    Found found;
    const BackboneArchitecture* backbone = find_backbone(config.backbone.name);
    if (backbone == nullptr || !uses_data(config)) {
        return found;
    }
    for (const BackboneProblem& problem :
         backbone_problems(*backbone, config.backbone, config.data.image_size)) {
        found.emplace_back(find_parameter(problem.parameter), problem.message);
    }
    if (config.validation.synthetic != "none" && config.validation.holdout == 0) {
        found.emplace_back(find_parameter("validation.synthetic"),
                           "anomalies are pasted into images that are held out, but "
                           "validation.holdout is 0; set it, e.g. to 0.1");
    }
    if (config.method == "anomalyvfm") {
        for (const AnomalyVfmProblem& problem : anomalyvfm_problems(config, *backbone)) {
            found.emplace_back(find_parameter(problem.parameter), problem.message);
        }
    } else {
        check_image_views(config, found);
    }
    return found;
}

}  // namespace harrow::sweeps
