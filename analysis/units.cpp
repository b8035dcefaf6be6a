#include "analysis/units.hpp"

#include <algorithm>

#include "storage/imports/unit_check.hpp"
#include "sweeps/metric_kind.hpp"

namespace harrow::analysis {

std::string base_metric(const std::string& metric) {
    const std::string split = sweeps::split_of(metric);
    const std::size_t start = split == "test" ? 0 : split.size() + 1;
    return metric.substr(0, metric.find('.', start));
}

bool is_share(const std::string& metric) {
    return sweeps::share_kind(base_metric(metric)) != sweeps::ShareKind::None;
}

Units::Units(const Summary& summary, const std::string& metric) {
    const std::string base = base_metric(metric);
    for (const CellSummary& cell : summary.cells) {
        add(cell.info.run, cell.metrics, base);
        for (const auto& [class_name, table] : cell.classes) {
            add(cell.info.run, table, base);
        }
        for (const auto& [class_name, table] : cell.info.published) {
            for (const auto& [name, published] : table) {
                if (base.empty() || base_metric(name) == base) {
                    add(cell.info.run, name, published.mean);
                }
            }
        }
    }
}

void Units::add(const std::string& run, const std::string& metric, double value) {
    bool& is_fraction = fractions_[base_metric(metric)].emplace(run, true).first->second;
    is_fraction = is_fraction && value >= -1 && value <= 1;
}

void Units::add(const std::string& run, const MetricTable& table, const std::string& base) {
    for (auto at = table.lower_bound(base); at != table.end(); ++at) {
        if (at->first.compare(0, base.size(), base) != 0) {
            return;
        }
        const auto& values = at->second.values;
        if (values.empty() || (!base.empty() && base_metric(at->first) != base)) {
            continue;
        }
        const auto extremes =
            std::minmax_element(values.begin(), values.end(), [](const auto& a, const auto& b) {
                return a.second < b.second;
            });
        add(run, at->first, extremes.first->second);
        add(run, at->first, extremes.second->second);
    }
}

bool Units::is_fraction(const std::string& run, const std::string& metric) const {
    const auto runs = fractions_.find(base_metric(metric));
    if (runs == fractions_.end()) {
        return true;
    }
    const auto found = runs->second.find(run);
    return found == runs->second.end() || found->second;
}

bool Units::are_fractions(const std::string& metric) const {
    const auto runs = fractions_.find(base_metric(metric));
    return runs == fractions_.end() || std::all_of(runs->second.begin(),
                                                   runs->second.end(),
                                                   [](const auto& run) { return run.second; });
}

bool Units::are_mixed(const std::string& metric) const {
    const auto runs = fractions_.find(base_metric(metric));
    return runs != fractions_.end() && runs->second.size() > 1 && !are_fractions(metric) &&
           is_share(metric) &&
           std::any_of(runs->second.begin(), runs->second.end(), [](const auto& run) {
               return run.second;
           });
}

double Units::point(const std::string& run, const std::string& metric) const {
    return is_fraction(run, metric) ? 0.01 : 1;
}

std::string Units::unit(const std::string& run, const std::string& metric) const {
    return !are_mixed(metric) ? "" : is_fraction(run, metric) ? "fractions" : "per cent";
}

std::string Units::mixed_units(const std::string& run) const {
    std::string text;
    for (const auto& [base, runs] : fractions_) {
        if (runs.count(run) != 0 && are_mixed(base)) {
            text += base + " in " + unit(run, base) + "\n";
        }
    }
    return text;
}

}  // namespace harrow::analysis
