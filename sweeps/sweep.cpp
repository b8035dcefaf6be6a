#include "sweeps/sweep.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <tuple>
#include <unordered_map>

#include "sweeps/class_config.hpp"
#include "sweeps/keys.hpp"
#include "sweeps/objective_check.hpp"
#include "sweeps/overrides.hpp"
#include "sweeps/owner_check.hpp"
#include "sweeps/parameters.hpp"
#include "sweeps/space_expansion.hpp"
#include "sweeps/spec_reader.hpp"
#include "sweeps/sweep_data.hpp"
#include "sweeps/sweep_weights.hpp"
#include "sweeps/tables/table_reader.hpp"

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
    if (!spec.compare || spec.compare->baseline.empty()) {
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

void check_tables(const Spec& spec,
                  const std::vector<ExpandedCell>& cells,
                  std::vector<Problem>& problems) {
    std::vector<std::string> names, tags;
    for (const ExpandedCell& cell : cells) {
        for (const CellName& name : cell.names) {
            names.push_back(name.text);
            names.push_back(name.label);
        }
        tags.insert(tags.end(), cell.tags.begin(), cell.tags.end());
    }
    check_table_rows(spec.tables, names, tags, problems);
}

void check_consistency(const Spec& spec,
                       const std::vector<ExpandedCell>& cells,
                       std::vector<Problem>& problems) {
    std::set<std::string> seen;
    for (const ExpandedCell& cell : cells) {
        const auto report = [&](const Parameter& parameter,
                                const std::string& message,
                                const std::string& place_of) {
            if (seen.insert(parameter.name + message).second) {
                const Setting* setting = find_setting(spec, cell, place_of);
                problems.push_back(problem_at(
                    setting != nullptr ? setting->place : Place{}, parameter.name, message));
            }
        };
        const auto of_all = inconsistencies(cell.config);
        for (const auto& [parameter, message] : of_all) {
            report(*parameter, message, parameter->name);
        }
        for (const std::string& class_name : classes_with_settings(cell.config)) {
            for (const auto& found : inconsistencies(config_of_class(cell.config, class_name))) {
                if (std::find(of_all.begin(), of_all.end(), found) == of_all.end()) {
                    report(*found.first, "of " + class_name + ": " + found.second, kPerClass);
                }
            }
        }
    }
}

/// Parameters that a block of the space gives a value to.
KeySet swept_keys(const Spec& spec) {
    KeySet keys;
    const auto add = [&](const auto& elements) {
        for (const auto& element : elements) {
            keys.insert(element.parameter->name);
        }
    };
    for (const Block& block : spec.space) {
        add(block.grid);
        add(block.zip);
        add(block.set);
        for (const Alternative& one : block.cases) {
            add(one.settings);
        }
        for (const NamedAxis& axis : block.axes) {
            for (const Alternative& alternative : axis.alternatives) {
                add(alternative.settings);
            }
        }
    }
    return keys;
}

/// Stands in for the checks of cells where the space leaves none: what the base holds and the space
/// does not change is as wrong in every cell.
void check_base(const Spec& spec, InputCatalog& catalog, std::vector<Problem>& problems) {
    Spec base = spec;
    base.space.clear();
    std::vector<Problem> found = problems;  // what is known keeps its consequences quiet
    const std::vector<ExpandedCell> cells = expand_space(base, found);
    const KeySet swept = swept_keys(spec);
    if (swept.count("method") == 0) {
        check_owners(spec, cells, found);
    }
    check_consistency(base, cells, found);
    const bool sweeps_data = std::any_of(swept.begin(), swept.end(), [](const std::string& key) {
        return key.rfind("data.", 0) == 0 || key.rfind("sequence.", 0) == 0;
    });
    if (!sweeps_data) {
        arrange_data(base, cells, catalog, found);
    }
    if (swept.count("backbone.name") == 0 && swept.count("backbone.weights") == 0) {
        check_weights(base, cells, catalog, found);
    }
    for (std::size_t i = problems.size(); i < found.size();) {
        const bool is_swept = swept.count(found[i].key) != 0;
        i += is_swept ? 0 : 1;
        if (is_swept) {
            found.erase(found.begin() + static_cast<std::ptrdiff_t>(i));
        }
    }
    problems = std::move(found);
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
                               InputCatalog& catalog) {
    std::vector<Digest> ids;
    std::vector<std::size_t> kept;
    std::unordered_map<Digest, std::size_t> first;
    for (std::size_t i = 0; i < expanded.size(); ++i) {
        const TrialConfig& config = expanded[i].config;
        const DataConfig& data = config.data;
        ids.push_back(
            uses_data(config)
                ? cell_id(config,
                          data_digest(tasks[i],
                                      catalog.describe(data.layout, data.root, data.classes),
                                      config.validation),
                          weights_digest(config.backbone, catalog))
                : cell_id(config, {}, {}));
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

/// Whether a value was refused without which the names and exclusions of the space mean nothing.
bool misses_value(const Spec& spec, const std::vector<Problem>& problems) {
    KeySet used = swept_keys(spec);
    for (const Block& block : spec.space) {
        for (const Exclusion& exclusion : block.exclude) {
            for (const ExclusionOperand& operand : exclusion.operands) {
                used.insert(operand.parameter->name);
            }
        }
    }
    return std::any_of(problems.begin(), problems.end(), [&](const Problem& problem) {
        return used.count(problem.key) != 0;
    });
}

/// Whether a value was refused that decides what others mean and begin with.
bool chooses_wrongly(const std::vector<Problem>& problems) {
    return std::any_of(problems.begin(), problems.end(), [](const Problem& problem) {
        return problem.key == "method" || problem.key == "model.version";
    });
}

/// The cells. Their problems are kept back where they may only follow from one that is reported.
std::vector<ExpandedCell> check_space(const Spec& spec,
                                      const KeySet& overridden,
                                      std::vector<Problem>& problems) {
    std::vector<Problem> found;
    std::vector<ExpandedCell> cells = expand_space(spec, found);
    if (found.empty()) {  // otherwise the baseline may be among what is missing
        check_baseline(spec, cells, found);
        check_tables(spec, cells, found);
    }
    check_names(cells, found);
    if (spec.space_is_sound && !misses_value(spec, problems)) {
        check_effect(spec, overridden, found);
        problems.insert(problems.end(), found.begin(), found.end());
    }
    return cells;
}

}  // namespace

Sweep parse_sweep(const std::string& text,
                  const std::string& file,
                  const std::string& directory,
                  const std::vector<std::string>& overrides,
                  InputCatalog& catalog) {
    std::vector<Problem> problems;
    const KeySet overridden = overridden_keys(overrides);
    Spec spec = read_spec(text, file, directory, overridden, problems);
    const std::size_t problems_before = problems.size();
    apply_overrides(spec, overrides, problems);
    spec.space_is_sound = spec.space_is_sound && problems.size() == problems_before;
    if (spec.is_broken) {
        throw_if_any(std::move(problems), file);
    }
    require_keys(spec, file, problems);

    std::vector<ExpandedCell> cells = check_space(spec, overridden, problems);
    if (!chooses_wrongly(problems)) {
        check_owners(spec, cells, problems);
        check_consistency(spec, cells, problems);
    }
    check_objective(spec, cells, problems);
    const auto tasks = arrange_data(spec, cells, catalog, problems);
    check_weights(spec, cells, catalog, problems);
    if (cells.empty()) {
        check_base(spec, catalog, problems);
    }
    for (Problem& problem : problems) {
        problem.file = problem.file.empty() ? file : problem.file;
    }
    throw_if_any(std::move(problems), file);

    for (std::size_t i = 0; i < cells.size(); ++i) {
        std::set<std::string> classes;
        for (const std::vector<std::string>& task : tasks[i]) {
            classes.insert(task.begin(), task.end());
        }
        drop_ineffective_settings(cells[i].config, classes);
    }

    Sweep sweep;
    sweep.name = spec.name;
    sweep.cells = finish_cells(std::move(cells), tasks, catalog);
    sweep.objective = spec.objective;
    sweep.run = spec.run;
    sweep.compare = spec.compare;
    sweep.tables = spec.tables;
    sweep.tables_text = spec.tables_text;
    sweep.file = file;
    sweep.text = text;
    sweep.included = spec.included;
    sweep.overrides = overrides;
    return sweep;
}

Sweep load_sweep(const std::string& file,
                 const std::vector<std::string>& overrides,
                 InputCatalog& catalog) {
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
