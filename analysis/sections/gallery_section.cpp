#include "analysis/sections/sections.hpp"

namespace harrow::analysis {

std::optional<Section> gallery_section(const Report& report) {
    if (report.gallery.caption.empty()) {
        return std::nullopt;
    }
    Section section{"pictures", "Pictures of failures", {}};
    if (report.gallery.pictures.empty()) {
        section.blocks.emplace_back(Paragraph{report.gallery.caption});
    } else {
        section.blocks.emplace_back(report.gallery);
    }
    return section;
}

}  // namespace harrow::analysis
