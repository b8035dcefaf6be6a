#pragma once

#include <cstddef>
#include <string>

#include "analysis/document/document.hpp"

namespace harrow::analysis {

struct HtmlOptions {
    /// Of one table; of the others those with a best or tied value are shown, and a note says where
    /// the rest is. 0: all.
    std::size_t max_rows = 100;
    /// Beside the page lie the files of a report directory: links to them.
    bool has_files = false;
};

/// One HTML5 page that needs nothing else: no script, no request. Wide tables and figures scroll in
/// boxes of their own; colours follow the reader's choice of light or dark; prints on paper.
/// Drawn figures stand in it as SVG, pictures as data URIs. All text is escaped.
std::string html_text(const Document& document, const HtmlOptions& options = {});

}  // namespace harrow::analysis
