#pragma once

#include <map>
#include <string>

#include "analysis/document/document.hpp"

namespace harrow::cli {

struct DrawnFigures {
    std::map<std::string, std::string> pdfs;  ///< by figure id, of those that were drawn
    std::string problem;  ///< one sentence on what could not be drawn, and why; empty: nothing
};

/// Draws every figure of the document with the gnuplot of $PATH, which is started once for all:
/// sets their `svg` and gives their PDFs. Without gnuplot, or where a script fails, figures stay
/// empty and `problem` says so, also where the temporary folder cannot be used. Equal scripts give
/// equal bytes. A signal that ends the program waits until gnuplot and the folder are gone.
DrawnFigures draw_figures(analysis::Document& document);

}  // namespace harrow::cli
