#pragma once

#include <string>

#include "analysis/document/document.hpp"

namespace harrow::analysis {

/// GitHub Markdown. Best values in bold, ties underlined (`<u>`); a figure is its caption and a
/// link to figures/<id>.svg where it was drawn; pictures are left out.
std::string markdown_text(const Document& document);
std::string markdown_text(const Table& table);

}  // namespace harrow::analysis
