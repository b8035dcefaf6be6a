#pragma once

#include <string>
#include <string_view>

namespace harrow::slurm {

/// One word of a shell command, whatever it holds: as it stands where that is safe, else in single
/// quotes.
std::string shell_word(std::string_view text);

/// One value of an #SBATCH line, which sbatch reads by rules of its own: double quotes, in which a
/// backslash takes the next character literally. `text` must be free of control characters.
std::string sbatch_value(std::string_view text);

/// Whether a script line cannot hold the text: line breaks and other control characters.
bool has_control_characters(std::string_view text);

}  // namespace harrow::slurm
