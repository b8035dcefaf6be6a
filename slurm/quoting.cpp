#include "slurm/quoting.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

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

std::optional<std::vector<std::string>> words_of_command(std::string_view text) {
    std::vector<std::string> words;
    bool in_word = false;
    char quote = '\0';
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char letter = text[at];
        const std::string_view special = quote == '\0' ? "$`;|&<>()" : quote == '"' ? "$`" : "";
        if (special.find(letter) != std::string_view::npos || (letter == '~' && !in_word)) {
            return std::nullopt;
        }
        if (quote == '\0' && (letter == ' ' || letter == '\t')) {
            in_word = false;
            continue;
        }
        if (!in_word) {
            words.emplace_back();
            in_word = true;
        }
        const bool opens = quote == '\0' && (letter == '\'' || letter == '"');
        if (opens || letter == quote) {
            quote = opens ? letter : '\0';
        } else if (letter == '\\' && quote != '\'') {
            if (++at == text.size()) {
                return std::nullopt;
            }
            const bool kept =
                quote == '"' && std::string_view("$`\"\\").find(text[at]) == std::string_view::npos;
            words.back() += (kept ? "\\" : "") + std::string(1, text[at]);
        } else {
            words.back() += letter;
        }
    }
    return quote == '\0' ? std::optional(std::move(words)) : std::nullopt;
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
