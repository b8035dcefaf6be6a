#pragma once

#include <string>

namespace harrow::analysis {

/// What gnuplot's svg terminal wrote (`noenhanced`), made fit for a page: black becomes the
/// reader's text colour, ids begin with `id` so that many figures share a page, hover_text()
/// becomes titles, and what draws nothing is gone. A file of its own, dark where the reader wants
/// it so.
std::string finished_svg(std::string svg, const std::string& id);

/// The same as part of an HTML page: without declarations.
std::string inline_svg(std::string svg);

/// Text shown to readers who point at a point: for gnuplot's `with labels hypertext`, in letters
/// and digits that no quoting can hurt.
std::string hover_text(const std::string& text);

/// The fields of a PDF that tell when it was made, set to a fixed time. Its length stays.
std::string without_dates(std::string pdf);

}  // namespace harrow::analysis
