#include <algorithm>
#include <map>
#include <utility>

#include "analysis/sections/sections.hpp"

namespace harrow::analysis {
namespace {

using Ledger = std::map<std::pair<std::string, std::string>,                 // state, reason
                        std::map<std::string, std::vector<std::uint64_t>>>;  // cell name -> seeds

Ledger make_ledger(const Summary& summary) {
    std::map<std::string, std::vector<const TrialNote*>> notes;  // by cell id
    for (const TrialNote& note : summary.notes) {
        notes[note.cell].push_back(&note);
    }
    Ledger ledger;
    for (const CellSummary& cell : summary.cells) {
        std::vector<std::uint64_t> unexplained = cell.missing;
        for (const TrialNote* note : notes[cell.info.id]) {
            ledger[{note->state, note->reason}][cell.info.name].push_back(note->seed);
            unexplained.erase(std::remove(unexplained.begin(), unexplained.end(), note->seed),
                              unexplained.end());
        }
        if (!unexplained.empty()) {
            ledger[{"missing", "no result yet"}][cell.info.name] = unexplained;
        }
    }
    return ledger;
}

constexpr std::size_t kMaxCells = 20;    ///< named in a row
constexpr std::size_t kMaxReasons = 50;  ///< rows

std::string trials_text(const std::map<std::string, std::vector<std::uint64_t>>& cells) {
    std::string trials;
    std::size_t named = 0;
    for (const auto& [name, seeds] : cells) {
        if (named++ == kMaxCells) {
            return trials + "; … and " + std::to_string(cells.size() - kMaxCells) + " more cells";
        }
        trials += (trials.empty() ? "" : "; ") + name + ":";
        for (const std::uint64_t seed : seeds) {
            trials += " " + std::to_string(seed);
        }
    }
    return trials;
}

/// "12 pending, 3 crashed; 2 notes on undefined values"
std::string counts_text(const Ledger& ledger) {
    std::map<std::string, std::size_t> counts;
    for (const auto& [what, cells] : ledger) {
        for (const auto& [name, seeds] : cells) {
            counts[what.first] += seeds.size();
        }
    }
    std::string trials, notes;
    for (const auto& [state, count] : counts) {
        const std::string number = std::to_string(count);
        if (state == "undefined") {
            notes = number + (count == 1 ? " note" : " notes") + " on undefined values";
        } else {
            trials += (trials.empty() ? "Trials without result: " : ", ") + number + " " + state;
        }
    }
    return trials + (trials.empty() || notes.empty() ? "" : "; ") + notes + ".";
}

}  // namespace

Section failures_section(const Report& report) {
    Section section{"failures", "Missing and failed", {}};
    Table table{"failures", "", {{"state", "", true}, {"trials", "", true}, {"reason", "", true}}};
    table.is_for_print = false;
    const Ledger ledger = make_ledger(report.summary);
    for (const auto& [what, cells] : ledger) {
        if (table.rows.size() < kMaxReasons) {
            table.rows.push_back({{{what.first}, {trials_text(cells)}, {what.second}}});
        }
    }
    if (ledger.size() > kMaxReasons) {
        table.notes.push_back(std::to_string(kMaxReasons) + " of " + std::to_string(ledger.size()) +
                              " reasons; harrow status and harrow logs tell all.");
    }
    if (table.rows.empty()) {
        section.blocks.emplace_back(
            Paragraph{"Nothing: every trial finished and every value is defined."});
    } else {
        section.blocks.emplace_back(Paragraph{counts_text(ledger)});
        section.blocks.emplace_back(std::move(table));
    }
    return section;
}

}  // namespace harrow::analysis
