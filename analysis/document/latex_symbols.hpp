#pragma once

#include <string>

namespace harrow::analysis {

/// How pdflatex with its default fonts and UTF-8 input is told to print a code point in text.
std::string latex_symbol(char32_t point);

}  // namespace harrow::analysis
