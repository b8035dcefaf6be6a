#include "analysis/paper/paper_notes.hpp"

namespace harrow::analysis {
namespace {

std::string listed(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) {
        text += (text.empty() ? "" : ", ") + name;
    }
    return text;
}

std::string listed(const std::set<std::string>& names) {
    return listed(std::vector<std::string>(names.begin(), names.end()));
}

std::string seeds_note(const PaperNotes& notes, bool percent) {
    std::string text = "Mean ± sample standard deviation";
    if (notes.all_n.size() == 1) {
        const std::size_t n = *notes.all_n.begin();
        text = n == 1 ? "One seed" : text + " over " + std::to_string(n) + " seeds";
    } else if (!notes.all_n.empty()) {
        text += " (number of seeds)";
    }
    return text + (percent ? ", in per cent." : ".");
}

std::string emphasis_note(const PaperNotes& notes,
                          const sweeps::TableSpec& spec,
                          const std::vector<std::string>& same) {
    std::string text;
    if (notes.has_best) {
        text = "Bold: the best of each column among rows of equal seeds, data and epochs";
        text += same.empty() ? "" : " and equal " + listed(same);
    }
    if (notes.has_tie) {
        text += text.empty() ? "Underlined: " : "; underlined: ";
        text += spec.underline == sweeps::Underline::Second
                    ? "the second best"
                    : "not separable from the best (paired t-test over seeds, Holm's adjustment "
                      "over the column, α = 0.05)";
    }
    return text.empty() ? text : text + ".";
}

}  // namespace

std::vector<std::string> notes_text(const PaperNotes& notes,
                                    const sweeps::TableSpec& spec,
                                    const std::vector<std::string>& same) {
    std::vector<std::string> texts = {seeds_note(notes, spec.percent)};
    const std::string emphasis = emphasis_note(notes, spec, same);
    if (!emphasis.empty()) {
        texts.push_back(emphasis);
    }
    if (!notes.not_ranked.empty()) {
        std::string rows;
        for (const auto& [label, reasons] : notes.not_ranked) {
            rows += (rows.empty() ? "" : "; ") + label + ": " + listed(reasons);
        }
        texts.push_back(
            "† Not comparable with the ranked rows and left out of bold and "
            "underlines. " +
            rows + ".");
    }
    if (!notes.unfinished.empty()) {
        texts.push_back("(a/b): a of b seeds have a value: " + listed(notes.unfinished) + ".");
    }
    if (!notes.published.empty()) {
        texts.push_back(listed(notes.published) + ": as published, " +
                        (spec.rank_published ? "ranked without a test." : "not ranked."));
    }
    if (!notes.empty.empty()) {
        texts.push_back("– No value: " + listed(notes.empty) + ".");
    }
    return texts;
}

}  // namespace harrow::analysis
