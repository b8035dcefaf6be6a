#pragma once

#include <filesystem>
#include <string>

#include "slurm/job_request.hpp"

namespace harrow::slurm {

/// $XDG_CONFIG_HOME/harrow/site.yaml, else ~/.config/harrow/site.yaml; empty without a home.
std::filesystem::path default_site_file();

/// Lays the mapping `slurm:` of a site's defaults over `request`. Throws sweeps::UsageError with
/// all problems, each with its line, or when the file cannot be read.
void apply_site_file(const std::filesystem::path& file, JobRequest& request);
/// The same from text; `file` names it in messages.
void apply_site_text(const std::string& text, const std::string& file, JobRequest& request);

}  // namespace harrow::slurm
