#include "slurm/quoting.hpp"

#include <algorithm>
#include <cctype>

namespace harrow::slurm {
namespace {

bool is_plain(std::string_view text, std::string_view also) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](unsigned char letter) {
        return (letter < 0x80 && std::isalnum(letter) != 0) ||
               also.find(static_cast<char>(letter)) != std::string_view::npos;
    });
}

}  // namespace

std::string shell_word(std::string_view text) {
    if (is_plain(text, "@%+=:./_-") && text.front() != '=') {
        return std::string(text);
    }
    std::string quoted = "'";
    for (const char letter : text) {
        quoted += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
    }
    return quoted + "'";
}

std::string sbatch_value(std::string_view text) {
    if (is_plain(text, "@%+:,./_-[]")) {
        return std::string(text);
    }
    std::string quoted = "\"";
    for (const char letter : text) {
        if (letter == '"' || letter == '\\') {
            quoted += '\\';
        }
        quoted += letter;
    }
    return quoted + "\"";
}

bool has_control_characters(std::string_view text) {
    return std::any_of(
        text.begin(), text.end(), [](unsigned char letter) { return std::iscntrl(letter) != 0; });
}

}  // namespace harrow::slurm
