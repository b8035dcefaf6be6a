#include "cli/sweep_changes.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "sweeps/keys.hpp"

namespace harrow::cli {
namespace {

using storage::CellRecord;

std::string title(const CellRecord& cell) {
    return cell.name + " (" + cell.id.substr(0, 8) + ")";
}

/// "name=value" lines of a canonical text.
std::map<std::string, std::string> values_of(const std::string& canonical) {
    std::map<std::string, std::string> values;
    std::istringstream lines(canonical);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t equals = line.find('=');
        if (equals != std::string::npos) {
            values[line.substr(0, equals)] = line.substr(equals + 1);
        }
    }
    return values;
}

/// "the weights file /w/a.safetensors changed since this run (SHA-256 03b71d65 -> 80c49dee)".
std::string weights_difference(const CellRecord& held, const CellRecord& wanted) {
    const auto digest = [](const CellRecord& cell) {
        return cell.weights_digest.empty() ? "none" : cell.weights_digest.substr(0, 8);
    };
    const std::string what = held.weights == wanted.weights
                                 ? "the weights file " + wanted.weights + " changed since this run"
                                 : "backbone.weights " +
                                       (held.weights.empty() ? "none" : held.weights) + " -> " +
                                       (wanted.weights.empty() ? "none" : wanted.weights);
    return what + " (SHA-256 " + digest(held) + " -> " + digest(wanted) + ")";
}

/// "train.num_epochs 1 -> 2"; parameters at their default are not in a canonical text.
std::string config_difference(const CellRecord& held, const CellRecord& wanted) {
    const auto before = values_of(held.config);
    const auto after = values_of(wanted.config);
    std::set<std::string> names;
    for (const auto* side : {&before, &after}) {
        for (const auto& [name, value] : *side) {
            names.insert(name);
        }
    }
    std::string text;
    for (const std::string& name : names) {
        const auto old_value = before.find(name);
        const auto new_value = after.find(name);
        const std::string was = old_value == before.end() ? "default" : old_value->second;
        const std::string is = new_value == after.end() ? "default" : new_value->second;
        if (was != is) {
            text += (text.empty() ? "" : ", ") + name + " " + was + " -> " + is;
        }
    }
    if (held.weights_digest != wanted.weights_digest) {
        text += (text.empty() ? "" : ", ") + weights_difference(held, wanted);
    }
    return text.empty()
               ? "the images or masks under " + wanted.data_root + " changed since this run"
               : text;
}

std::string seeds_outside(const CellRecord& cell, const std::set<std::string>& trials) {
    std::string seeds;
    for (std::uint64_t seed : cell.seeds) {
        if (trials.count(sweeps::trial_id(cell.id, seed)) == 0) {
            seeds += " " + std::to_string(seed);
        }
    }
    return seeds;
}

std::set<std::string> trials_of(const std::vector<CellRecord>& cells) {
    std::set<std::string> ids;
    for (const CellRecord& cell : cells) {
        for (std::uint64_t seed : cell.seeds) {
            ids.insert(sweeps::trial_id(cell.id, seed));
        }
    }
    return ids;
}

const CellRecord* by_name(const std::vector<CellRecord>& cells, const std::string& name) {
    const auto found = std::find_if(
        cells.begin(), cells.end(), [&](const CellRecord& cell) { return cell.name == name; });
    return found == cells.end() ? nullptr : &*found;
}

bool same_description(const storage::SweepRecord& held, const storage::SweepRecord& wanted) {
    const auto of = [](const storage::SweepRecord& record) {
        std::string text = record.name + "\n" + record.text + "\n" + record.tables + "\n" +
                           record.objective.metric +
                           (record.objective.goal == sweeps::Goal::Maximize ? "+" : "-");
        for (const std::string& part : record.objective.subject_to) {
            text += "\n" + part;
        }
        for (const std::string& part : record.overrides) {
            text += "\n" + part;
        }
        for (const CellRecord& cell : record.cells) {
            text += "\n" + cell.name + " " + cell.label + " " + cell.data_root + " " + cell.weights;
            for (const std::string& tag : cell.tags) {
                text += " " + tag;
            }
        }
        return text;
    };
    return of(held) == of(wanted);
}

}  // namespace

std::string SweepChanges::text() const {
    std::string text;
    for (const std::string& line : added) {
        text += "\n  + " + line;
    }
    for (const std::string& line : dropped) {
        text += "\n  - " + line;
    }
    for (const std::string& line : changed) {
        text += "\n  ~ " + line;
    }
    return text;
}

SweepChanges compare_sweeps(const storage::RunState& held, const storage::SweepRecord& wanted) {
    SweepChanges changes;
    const std::set<std::string> known = trials_of(held.cells);
    std::set<std::string> settled = trials_of(wanted.cells);  // wanted, or ended already
    for (const auto& [trial, rows] : held.finished) {
        settled.insert(trial);
    }
    for (const auto& [trial, failure] : held.failed) {
        settled.insert(trial);
    }
    std::set<std::string> held_ids;
    std::set<std::string> changed_ids;
    for (const CellRecord& cell : held.cells) {
        held_ids.insert(cell.id);
    }
    for (const CellRecord& cell : wanted.cells) {
        const CellRecord* namesake = by_name(held.cells, cell.name);
        if (held_ids.count(cell.id) == 0 && namesake != nullptr) {
            changes.changed.push_back(title(cell) + ": " + config_difference(*namesake, cell));
            changed_ids.insert(namesake->id);
        } else if (const std::string seeds = seeds_outside(cell, known); !seeds.empty()) {
            changes.added.push_back(title(cell) + ", seeds" + seeds);
        }
    }
    for (const CellRecord& cell : held.cells) {
        const std::string seeds = seeds_outside(cell, settled);
        if (!seeds.empty() && changed_ids.count(cell.id) == 0) {
            changes.dropped.push_back(title(cell) + ", unfinished seeds" + seeds);
        }
    }
    changes.description = !same_description(*held.sweep, wanted);
    return changes;
}

}  // namespace harrow::cli
