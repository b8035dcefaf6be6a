#pragma once

#include <string>

#include "analysis/report.hpp"

namespace harrow::analysis {

/// `cell,cell_name,metric,n,missing,mean,std,ci95_low,ci95_high` per cell and metric of the
/// summary, fractions as fractions; numbers in shortest exact form, absent ones empty.
std::string csv_report(const Report& report);

/// `cell,seed,metric,value,class`: every final routed value, that of all classes together with
/// class "mean". Values without seeds (published ones) have an empty seed, and where any of them
/// has a standard deviation there is a column `std`. `harrow import` reads it.
std::string csv_long(const Report& report);

/// `cell,seed,<metric>…`: one row per trial, the values of class "mean".
std::string csv_wide(const Report& report);

/// `cell,vs,metric,class,n,delta,relative,p,p_adjusted,verdict`: what the report says of each class
/// against the baseline; the header alone where nothing is compared.
std::string csv_classes(const Report& report);

}  // namespace harrow::analysis
