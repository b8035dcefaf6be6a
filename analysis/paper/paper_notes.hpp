#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sweeps/tables/table_spec.hpp"

namespace harrow::analysis {

/// What notes below the table tell of its rows.
struct PaperNotes {
    std::set<std::size_t> all_n;         ///< numbers of seeds behind the values
    std::set<std::string> unfinished;    ///< labels
    std::vector<std::string> published;  ///< labels, in order
    std::vector<std::string> empty;      ///< "label (column)", in order
    std::map<std::string, std::set<std::string>> not_ranked;  ///< label -> reasons
    bool has_best = false, has_tie = false;
};

/// What stands below the table, a sentence or two each.
std::vector<std::string> notes_text(const PaperNotes& notes,
                                    const sweeps::TableSpec& spec,
                                    const std::vector<std::string>& same);

}  // namespace harrow::analysis
