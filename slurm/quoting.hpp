#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace harrow::slurm {

/// One word of a shell command, whatever it holds: as it stands where that is safe, else in single
/// quotes.
std::string shell_word(std::string_view text);

/// The words of a command as a shell reads them: blanks part them; single quotes, double quotes and
/// backslashes keep text together. Nothing for quotes that do not close, and for what a shell would
/// replace or act on ($ ` ~ ; | & < > ( ) outside of quotes, $ ` inside of double ones).
std::optional<std::vector<std::string>> words_of_command(std::string_view text);

/// One value of an #SBATCH line, which sbatch reads by rules of its own: double quotes, in which a
/// backslash takes the next character literally. `text` must be free of control characters.
std::string sbatch_value(std::string_view text);

/// Whether a script line cannot hold the text: line breaks and other control characters.
bool has_control_characters(std::string_view text);

}  // namespace harrow::slurm
