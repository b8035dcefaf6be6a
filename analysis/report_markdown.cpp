#include "analysis/report_markdown.hpp"

#include "analysis/document/markdown.hpp"
#include "analysis/sections/sections.hpp"

namespace harrow::analysis {

std::string markdown_report(const Report& report) {
    return markdown_text(report_document(report));
}

}  // namespace harrow::analysis
