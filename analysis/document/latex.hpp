#pragma once

#include <string>
#include <string_view>

#include "analysis/document/document.hpp"

namespace harrow::analysis {

/// Text that pdflatex sets as it is written: special characters escaped, symbols as commands,
/// letters of European languages as UTF-8, what its fonts lack as its code point (U+4E2D).
std::string latex_escaped(std::string_view text);

/// A booktabs tabular with its notes below, without float, caption and label: for \input. Needs no
/// package but booktabs.
std::string latex_text(const Table& table);

/// The same as a float, with caption and label `tab:<id>` where it has a caption.
std::string latex_float(const Table& table);

/// Every table for print as a float.
std::string latex_text(const Document& document);

}  // namespace harrow::analysis
