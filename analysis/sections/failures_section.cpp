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

}  // namespace

Section failures_section(const Report& report) {
    Section section{"failures", "Missing and failed", {}};
    Table table{"failures", "", {{"state", "", true}, {"trials", "", true}, {"reason", "", true}}};
    table.is_for_print = false;
    for (const auto& [what, cells] : make_ledger(report.summary)) {
        std::string trials;
        for (const auto& [name, seeds] : cells) {
            trials += (trials.empty() ? "" : "; ") + name + ":";
            for (const std::uint64_t seed : seeds) {
                trials += " " + std::to_string(seed);
            }
        }
        table.rows.push_back({{{what.first}, {trials}, {what.second}}});
    }
    if (table.rows.empty()) {
        section.blocks.emplace_back(
            Paragraph{"Nothing: every trial finished and every value is defined."});
    } else {
        section.blocks.emplace_back(std::move(table));
    }
    return section;
}

}  // namespace harrow::analysis
