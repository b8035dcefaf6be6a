#include "sweeps/metric_names.hpp"

#include <algorithm>

namespace harrow::sweeps {

const std::vector<std::string>& curve_metric_names() {
    static const std::vector<std::string> names = {"image_auroc",
                                                   "image_ap",
                                                   "image_f1max",
                                                   "pixel_auroc",
                                                   "pixel_ap",
                                                   "pixel_f1max",
                                                   "aupro"};
    return names;
}

const std::vector<std::string>& test_metric_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all = curve_metric_names();
        all.insert(all.end(), {"segf1_local", "classf1_local", "aucpro_compat"});
        return all;
    }();
    return names;
}

const std::vector<std::string>& basic_metric_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all = test_metric_names();
        all.emplace_back("routing_acc");
        return all;
    }();
    return names;
}

const std::vector<std::string>& continual_metric_suffixes() {
    static const std::vector<std::string> suffixes = {"acc", "aia", "la", "bwt", "fm"};
    return suffixes;
}

const std::vector<std::string>& validation_metric_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all = {"val_normal.mean_score", "val_normal.p95_score"};
        for (const std::string& curve : curve_metric_names()) {
            all.push_back("val_synth." + curve);
        }
        return all;
    }();
    return names;
}

const std::vector<std::string>& metric_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all = basic_metric_names();
        // routing_acc is of the whole model, not per task: there is no sequence of it.
        for (const std::string& basic : test_metric_names()) {
            for (const std::string& suffix : continual_metric_suffixes()) {
                all.push_back(basic + "." + suffix);
            }
        }
        const std::vector<std::string>& validation = validation_metric_names();
        all.insert(all.end(), validation.begin(), validation.end());
        return all;
    }();
    return names;
}

bool is_metric(const std::string& name) {
    const std::vector<std::string>& names = metric_names();
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_local_metric(const std::string& name) {
    const std::string basic = name.substr(0, name.find('.'));
    return basic == "segf1_local" || basic == "classf1_local";
}

bool needs_maps(const std::string& name) {
    const std::string basic = name.substr(0, name.find('.'));
    return basic.compare(0, 6, "pixel_") == 0 || basic == "aupro" || basic == "segf1_local" ||
           basic == "aucpro_compat";
}

bool is_higher_better(const std::string& metric) {
    if (metric.compare(0, 11, "val_normal.") == 0) {
        return false;
    }
    return metric.size() < 3 || metric.compare(metric.size() - 3, 3, ".fm") != 0;
}

}  // namespace harrow::sweeps
