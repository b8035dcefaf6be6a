#include "sweeps/sweep.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <tuple>
#include <unordered_map>

#include "sweeps/keys.hpp"
#include "sweeps/overrides.hpp"
#include "sweeps/space_expansion.hpp"
#include "sweeps/spec_reader.hpp"
#include "sweeps/sweep_data.hpp"

namespace harrow::sweeps {
namespace {

constexpr std::size_t kMaxProblems = 100;

/// Throws what was found, in the order of the files' lines, nothing twice.
void throw_if_any(std::vector<Problem> problems, const std::string& file) {
    if (problems.empty()) {
        return;
    }
    const auto position = [&](const Problem& problem) {
        return std::make_tuple(problem.file != file, std::cref(problem.file), problem.line);
    };
    std::stable_sort(problems.begin(), problems.end(), [&](const Problem& a, const Problem& b) {
        return position(a) < position(b);
    });
    std::set<std::string> seen;
    std::vector<Problem> distinct;
    for (Problem& problem : problems) {
        if (seen.insert(to_string(problem)).second) {
            distinct.push_back(std::move(problem));
        }
    }
    if (distinct.size() > kMaxProblems) {
        const std::size_t hidden = distinct.size() - kMaxProblems;
        distinct.resize(kMaxProblems);
        distinct.push_back({file, 0, "", "and " + std::to_string(hidden) + " more problems"});
    }
    throw UsageError(std::move(distinct));
}

void require_keys(const Spec& spec, const std::string& file, std::vector<Problem>& problems) {
    if (spec.name.empty()) {
        problems.push_back({file, 0, "name", "missing; give the sweep a name"});
    }
    if (spec.seeds.empty() && !spec.has_seeds) {
        problems.push_back({file, 0, "seeds", "missing; give a list such as [0, 1, 2]"});
    }
}

void check_baseline(const Spec& spec,
                    const std::vector<ExpandedCell>& cells,
                    std::vector<Problem>& problems) {
    if (!spec.compare) {
        return;
    }
    std::vector<std::string> names;
    for (const ExpandedCell& cell : cells) {
        for (const CellName& name : cell.names) {
            if (name.text == spec.compare->baseline) {
                return;
            }
            names.push_back(name.text);
        }
    }
    const std::string nearest = nearest_name(spec.compare->baseline, names);
    problems.push_back(problem_at(spec.compare_place,
                                  "compare.baseline",
                                  "no cell is named '" + spec.compare->baseline + "'" +
                                      (nearest.empty() ? "; `harrow plan` lists their names"
                                                       : "; did you mean " + nearest + "?")));
}

/// A parameter that no method of the sweep owns is a mistake; one that only some own is dropped
/// where it is not theirs.
class OwnerCheck {
public:
    OwnerCheck(const std::vector<ExpandedCell>& cells, std::vector<Problem>& problems)
        : problems_(problems) {
        for (const ExpandedCell& cell : cells) {
            methods_.insert(cell.config.method);
        }
    }
    void check(const Spec& spec) {
        check(spec.base);
        for (const Block& block : spec.space) {
            check(block.set);
            for (const auto* axes : {&block.grid, &block.zip}) {
                for (const ParameterAxis& axis : *axes) {
                    check_one(*axis.parameter, axis.place);
                }
            }
            for (const NamedAxis& axis : block.axes) {
                check(axis.alternatives);
            }
            check(block.cases);
        }
    }

private:
    void check(const std::vector<Alternative>& alternatives) {
        for (const Alternative& alternative : alternatives) {
            check(alternative.settings);
        }
    }
    void check(const std::vector<Setting>& settings) {
        for (const Setting& setting : settings) {
            check_one(*setting.parameter, setting.place);
        }
    }
    void check_one(const Parameter& parameter, const Place& place) {
        const auto runs = [&](const std::string& method) { return methods_.count(method) != 0; };
        const auto& owners = parameter.methods;
        if (owners.empty() || methods_.empty() || std::any_of(owners.begin(), owners.end(), runs)) {
            return;
        }
        std::string owned_by;
        for (const std::string& owner : owners) {
            owned_by += (owned_by.empty() ? "" : ", ") + owner;
        }
        std::string running;
        for (const std::string& method : methods_) {
            running += (running.empty() ? "" : ", ") + method;
        }
        problems_.push_back(problem_at(
            place,
            parameter.name,
            "belongs to method " + owned_by + ", but the sweep runs " + running + "; remove it"));
    }

    std::vector<Problem>& problems_;
    std::set<std::string> methods_;
};

void check_consistency(const Spec& spec,
                       const std::vector<ExpandedCell>& cells,
                       std::vector<Problem>& problems) {
    std::set<std::string> seen;
    for (const ExpandedCell& cell : cells) {
        for (const auto& [parameter, message] : inconsistencies(cell.config)) {
            if (seen.insert(parameter->name + message).second) {
                const Setting* setting = find_setting(spec, cell, parameter->name);
                problems.push_back(problem_at(
                    setting != nullptr ? setting->place : Place{}, parameter->name, message));
            }
        }
    }
}

Cell finish_cell(const ExpandedCell& expanded,
                 Digest id,
                 std::vector<std::vector<std::string>> tasks) {
    Cell cell;
    cell.id = std::move(id);
    cell.config = expanded.config;
    cell.tags = expanded.tags;
    cell.seeds = expanded.seeds;
    cell.tasks = std::move(tasks);
    for (const CellName& name : expanded.names) {
        cell.names.push_back(name.text);
        const auto& labels = cell.labels;
        if (!name.label.empty() &&
            std::find(labels.begin(), labels.end(), name.label) == labels.end()) {
            cell.labels.push_back(name.label);
        }
    }
    const auto chosen = std::find_if(expanded.names.begin(),
                                     expanded.names.end(),
                                     [](const CellName& name) { return name.is_chosen; });
    cell.name = chosen == expanded.names.end() ? cell.names.front() : chosen->text;
    return cell;
}

/// Cells whose data turned out to be the same have one id and are one cell.
std::vector<Cell> finish_cells(std::vector<ExpandedCell> expanded,
                               const std::vector<std::vector<std::vector<std::string>>>& tasks,
                               DatasetCatalog& catalog) {
    std::vector<Digest> ids;
    std::vector<std::size_t> kept;
    std::unordered_map<Digest, std::size_t> first;
    for (std::size_t i = 0; i < expanded.size(); ++i) {
        const DataConfig& data = expanded[i].config.data;
        const Digest digest = data_digest(tasks[i], catalog.describe(data.layout, data.root));
        ids.push_back(cell_id(expanded[i].config, digest));
        const auto [found, is_new] = first.emplace(ids.back(), i);
        if (is_new) {
            kept.push_back(i);
        } else {
            merge_cell(expanded[found->second], expanded[i]);
        }
    }
    std::vector<Cell> cells;
    for (const std::size_t i : kept) {
        cells.push_back(finish_cell(expanded[i], ids[i], tasks[i]));
    }
    return cells;
}

}  // namespace

Sweep parse_sweep(const std::string& text,
                  const std::string& file,
                  const std::string& directory,
                  const std::vector<std::string>& overrides,
                  DatasetCatalog& catalog) {
    std::vector<Problem> problems;
    Spec spec = read_spec(text, file, directory, problems);
    apply_overrides(spec, overrides, problems);
    if (spec.is_broken) {
        throw_if_any(std::move(problems), file);
    }
    require_keys(spec, file, problems);

    std::vector<Problem> of_expansion;
    std::vector<ExpandedCell> cells = expand_space(spec, of_expansion);
    check_names(cells, of_expansion);
    check_baseline(spec, cells, of_expansion);
    if (problems.empty()) {  // otherwise these may only follow from what is reported already
        problems = std::move(of_expansion);
    }
    OwnerCheck(cells, problems).check(spec);
    check_consistency(spec, cells, problems);
    const auto tasks = arrange_data(spec, cells, catalog, problems);
    for (Problem& problem : problems) {
        problem.file = problem.file.empty() ? file : problem.file;
    }
    throw_if_any(std::move(problems), file);

    Sweep sweep;
    sweep.name = spec.name;
    sweep.cells = finish_cells(std::move(cells), tasks, catalog);
    sweep.objective = spec.objective;
    sweep.compare = spec.compare;
    sweep.file = file;
    sweep.text = text;
    sweep.included = spec.included;
    sweep.overrides = overrides;
    return sweep;
}

Sweep load_sweep(const std::string& file,
                 const std::vector<std::string>& overrides,
                 DatasetCatalog& catalog) {
    const std::string text = read_sweep_file(file);
    const std::string directory =
        std::filesystem::absolute(file).lexically_normal().parent_path().string();
    return parse_sweep(text, file, directory, overrides, catalog);
}

void keep_names(Sweep& sweep, const std::map<Digest, std::string>& known_names) {
    std::map<std::string, Digest> owner;
    for (const auto& [id, name] : known_names) {
        owner.emplace(name, id);
    }
    std::vector<Problem> problems;
    for (Cell& cell : sweep.cells) {
        const auto known = known_names.find(cell.id);
        if (known != known_names.end()) {
            cell.name = known->second;
            if (std::find(cell.names.begin(), cell.names.end(), cell.name) == cell.names.end()) {
                cell.names.insert(cell.names.begin(), cell.name);
            }
            continue;
        }
        const auto [first, is_new] = owner.emplace(cell.name, cell.id);
        if (!is_new && first->second != cell.id) {
            problems.push_back(
                {sweep.file,
                 0,
                 "name",
                 "'" + cell.name +
                     "' already names another configuration of this "
                     "run directory; make the new one a case with a name of its own"});
        }
    }
    throw_if_any(std::move(problems), sweep.file);
}

const Cell* find_cell(const Sweep& sweep, const std::string& name) {
    for (const Cell& cell : sweep.cells) {
        if (std::find(cell.names.begin(), cell.names.end(), name) != cell.names.end()) {
            return &cell;
        }
    }
    return nullptr;
}

}  // namespace harrow::sweeps
