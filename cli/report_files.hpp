#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "analysis/document/document.hpp"
#include "analysis/report.hpp"

namespace harrow::cli {

/// What `harrow report --format` takes.
std::vector<std::string> report_formats();

/// The text of one format but html; `document` is that of the report.
std::string report_text(const analysis::Report& report,
                        const analysis::Document& document,
                        const std::string& format);

/// Writes the files of the formats into `folder`, which is created; html stands for all of them and
/// figures/. All are written before the first takes its place, each in one step; index.html comes
/// last. Figures and tables that an earlier report of the format wrote, and this one does not, are
/// removed. Returns their paths. Throws StorageError naming the file that could not be written.
std::vector<std::filesystem::path> write_report_files(const analysis::Report& report,
                                                      analysis::Document document,
                                                      const std::vector<std::string>& formats,
                                                      bool with_figures,
                                                      const std::filesystem::path& folder);

}  // namespace harrow::cli
