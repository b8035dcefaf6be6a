#pragma once

#include <map>
#include <string>

#include "analysis/summary.hpp"

namespace harrow::analysis {

/// The metric that `image_auroc.fm` is about: what stands before the first dot behind the name of
/// a validation split. `val_synth.image_auroc` is one of its own.
std::string base_metric(const std::string& metric);

/// By its name a share of a whole (AUROC, AP, accuracy, …, or a difference of such), so that 0.98
/// and 98.1 can only be two units of it. Not seconds, not losses.
bool is_share(const std::string& metric);

/// In what the runs of a summary give their values. A unit belongs to a (run, base metric): one
/// value outside [-1, 1], of any class, seed, or table for the whole sequence, measured or
/// published, and none of them are fractions. So 0.43 is less than half a point beside an AUROC of
/// 98.03.
class Units {
public:
    Units() = default;
    /// `metric`: only of what this one is about; empty: of all.
    explicit Units(const Summary& summary, const std::string& metric = "");

    bool is_fraction(const std::string& run, const std::string& metric) const;
    /// In every run that has it.
    bool are_fractions(const std::string& metric) const;
    /// Some runs give the share in fractions, others do not.
    bool are_mixed(const std::string& metric) const;
    /// One point, in the unit of the run's values: 0.01 of fractions, else 1.
    double point(const std::string& run, const std::string& metric) const;

    /// What sets the run's unit apart: "fractions", "per cent"; empty where nothing is mixed.
    std::string unit(const std::string& run, const std::string& metric) const;
    /// The same for all metrics of the run; equal texts: no metric keeps two runs apart.
    std::string mixed_units(const std::string& run) const;

private:
    void add(const std::string& run, const std::string& metric, double value);
    void add(const std::string& run, const MetricTable& table, const std::string& base);

    std::map<std::string, std::map<std::string, bool>> fractions_;  ///< by base metric, run
};

}  // namespace harrow::analysis
