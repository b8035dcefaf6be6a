#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "analysis/report.hpp"

/// What gnuplot scripts are made of. Names come from users: nothing of them is ever read as syntax.
namespace harrow::analysis {

/// A single-quoted string.
std::string plot_text(const std::string& text);
/// The same of at most `width` characters: for `set label`, and for tics, in which `%` has a
/// meaning.
std::string label_text(const std::string& text, std::size_t width);
std::string tic_text(const std::string& text, std::size_t width);
/// A number that reads back exactly.
std::string plot_number(double value);

/// Colours that keep a contrast of 3:1 on white and on near-black and that the colour-blind tell
/// apart (after Okabe and Ito); they repeat with other symbols and dashes.
std::string series_colour(std::size_t series);
/// "lc rgb '#…' dt … pt …"
std::string series_style(std::size_t series);

/// Lines of a data block: `$name << EOD`.
std::string data_block(const std::string& name, const std::vector<std::string>& lines);

/// Grid, border and key as all figures have them.
std::string plot_frame();

/// The position of each cell, best mean of `metric` first, cells without a value left out. Equal
/// ones keep their order.
std::vector<std::size_t> ranked_cells(const Report& report, const std::string& metric);

/// "; the first 20 of 300 cells" where that is so.
std::string of_how_many(std::size_t shown, std::size_t all);

}  // namespace harrow::analysis
