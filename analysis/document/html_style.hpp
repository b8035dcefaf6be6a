#pragma once

namespace harrow::analysis {

/// The style sheet of html_text.
const char* html_style();

}  // namespace harrow::analysis
