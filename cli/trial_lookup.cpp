#include "cli/trial_lookup.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include "sweeps/error.hpp"
#include "sweeps/keys.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::cli {
namespace {

constexpr std::size_t kFewestDigits = 4;
constexpr std::size_t kShownTrials = 8;

bool begins_with(const std::string& text, const std::string& beginning) {
    return text.compare(0, beginning.size(), beginning) == 0;
}

std::string seed_ending(const TrialName& trial) {
    return ".s" + std::to_string(trial.seed);
}

bool is_digits_of(const std::string& text, const std::string& hash) {
    return text.size() >= kFewestDigits && begins_with(hash, text);
}

bool names_cell(const TrialName& trial, const std::string& text) {
    return text == trial.name || text == trial.cell ||
           std::find(trial.aliases.begin(), trial.aliases.end(), text) != trial.aliases.end();
}

/// "cell.s3" by name, alias or digits of the hash.
bool names_trial(const TrialName& trial, const std::string& text) {
    const std::string ending = seed_ending(trial);
    if (text.size() <= ending.size() ||
        text.compare(text.size() - ending.size(), ending.size(), ending) != 0) {
        return false;
    }
    const std::string cell = text.substr(0, text.size() - ending.size());
    return names_cell(trial, cell) || is_digits_of(cell, trial.cell);
}

bool begins_trial(const TrialName& trial, const std::string& text) {
    return is_digits_of(text, trial.id) || (!text.empty() && begins_with(trial.title(), text));
}

using Rule = std::function<bool(const TrialName&, const std::string&)>;

std::vector<TrialName> matches(const std::vector<TrialName>& trials,
                               const std::string& text,
                               const Rule& rule) {
    std::vector<TrialName> found;
    std::copy_if(trials.begin(), trials.end(), std::back_inserter(found), [&](const TrialName& t) {
        return rule(t, text);
    });
    return found;
}

[[noreturn]] void refuse_unknown(const std::vector<TrialName>& trials, const std::string& text) {
    std::set<std::string> names;
    for (const TrialName& trial : trials) {
        names.insert(trial.title());
        names.insert(trial.name);
    }
    const std::vector<std::string> candidates(names.begin(), names.end());
    const std::string nearest = sweeps::nearest_name(text, candidates);
    throw sweeps::UsageError("no trial is called '" + text + "'" +
                             (nearest.empty() ? "; e.g. '" + trials.front().title() + "' is one"
                                              : "; did you mean '" + nearest + "'?"));
}

[[noreturn]] void refuse_several(const std::vector<TrialName>& found, const std::string& text) {
    std::string list;
    for (std::size_t index = 0; index < std::min(found.size(), kShownTrials); ++index) {
        list += (index > 0 ? ", " : "") + found[index].title();
    }
    if (found.size() > kShownTrials) {
        list += ", … (" + std::to_string(found.size()) + " in all)";
    }
    throw sweeps::UsageError("'" + text + "' may be " + list + ": say which");
}

}  // namespace

std::vector<TrialName> trial_names(const storage::RunState& state) {
    std::vector<TrialName> trials;
    for (const storage::CellRecord& cell : state.cells) {
        for (const std::uint64_t seed : cell.seeds) {
            trials.push_back(
                {sweeps::trial_id(cell.id, seed), cell.id, cell.name, seed, cell.names});
        }
    }
    return trials;
}

TrialName find_trial(const std::vector<TrialName>& trials, const std::string& text) {
    const Rule has_id = [](const TrialName& trial, const std::string& id) {
        return trial.id == id;
    };
    for (const Rule& rule : {has_id, Rule(names_trial), Rule(names_cell), Rule(begins_trial)}) {
        const std::vector<TrialName> found = matches(trials, text, rule);
        if (found.size() > 1) {
            refuse_several(found, text);
        }
        if (found.size() == 1) {
            return found.front();
        }
    }
    refuse_unknown(trials, text);
}

std::vector<TrialName> find_trials(const std::vector<TrialName>& trials, const std::string& text) {
    const std::vector<TrialName> of_cell = matches(trials, text, names_cell);
    return of_cell.empty() ? std::vector<TrialName>{find_trial(trials, text)} : of_cell;
}

}  // namespace harrow::cli
