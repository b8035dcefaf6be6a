#include "storage/imports/experiment_name.hpp"

#include <algorithm>
#include <cctype>

#include "storage/imports/import_numbers.hpp"

namespace harrow::storage {
namespace {

bool is_separator(char c) {
    return c == '_' || c == '-' || c == '.' || c == '=' || c == ' ';
}

std::string without_separators_at_end(std::string text) {
    while (!text.empty() && is_separator(text.back())) {
        text.pop_back();
    }
    return text;
}

bool ends_with_word_seed(const std::string& text) {
    constexpr std::size_t kLength = 4;
    std::string end = text.substr(text.size() - std::min(text.size(), kLength));
    std::transform(end.begin(), end.end(), end.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return end == "seed";
}

}  // namespace

ExperimentName parse_experiment_name(const std::string& folder) {
    const std::size_t digits = folder.find_last_not_of("0123456789") + 1;
    if (digits == folder.size() || digits == 0) {
        return {folder, std::nullopt, ""};
    }
    std::string before = folder.substr(0, digits);
    const std::string word = without_separators_at_end(before);
    if (ends_with_word_seed(word)) {
        before = word.substr(0, word.size() - 4);
    } else if (digits >= 2 && (before.back() == 's' || before.back() == 'S') &&
               is_separator(before[digits - 2])) {
        before.pop_back();
    } else {
        return {folder, std::nullopt, ""};
    }
    std::uint64_t seed = 0;
    ExperimentName name{without_separators_at_end(before), std::nullopt, ""};
    name.problem = parse_import_seed(folder.substr(digits), seed);
    if (name.problem.empty()) {
        name.seed = seed;
    }
    return name;
}

}  // namespace harrow::storage
