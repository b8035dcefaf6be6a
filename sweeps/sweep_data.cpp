#include "sweeps/sweep_data.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <tuple>

#include "sweeps/class_config.hpp"
#include "sweeps/sequence.hpp"
#include "sweeps/validation.hpp"

namespace harrow::sweeps {
namespace {

using Tasks = std::vector<std::vector<std::string>>;

class DataArranger {
public:
    DataArranger(const Spec& spec, InputCatalog& catalog, std::vector<Problem>& problems)
        : spec_(spec), catalog_(catalog), problems_(problems) {
        for (const Problem& problem : problems) {
            broken_.insert(problem.key);
        }
    }

    Tasks arrange(const ExpandedCell& cell) {
        if (!uses_data(cell.config)) {
            return Tasks(static_cast<std::size_t>(cell.config.noop.tasks));
        }
        const DatasetFacts* facts = describe(cell);
        if (facts == nullptr) {
            check_rule(cell);
            return {};
        }
        const TrialConfig& config = cell.config;
        const auto key = std::make_tuple(config.data.layout,
                                         config.data.root,
                                         config.data.classes,
                                         config.sequence.order,
                                         config.sequence.order_seed,
                                         config.sequence.scenario);
        const auto [found, is_new] = known_.emplace(key, Tasks{});
        if (is_new) {
            found->second = make(cell, *facts);
        }
        check_batches(cell, found->second, *facts);
        check_validation_split(cell, found->second, *facts);
        check_class_settings(cell, found->second, *facts);
        return found->second;
    }

private:
    void report(const ExpandedCell& cell,
                const std::string& parameter,
                const std::string& message) {
        if (broken_.count(parameter) != 0) {
            return;  // its value was refused already, so that its default stands here
        }
        const Setting* setting = find_setting(spec_, cell, parameter);
        problems_.push_back(
            problem_at(setting != nullptr ? setting->place : Place{}, parameter, message));
    }

    /// Null when the dataset cannot be used at all.
    const DatasetFacts* describe(const ExpandedCell& cell) {
        const DataConfig& data = cell.config.data;
        const auto report_once = [&](const std::string& problem) {
            if (reported_.emplace(data.layout, data.root, problem).second) {
                report(cell, "data.root", problem);
            }
        };
        if (data.root.empty()) {
            report_once("missing; give the folder of the dataset");
            return nullptr;
        }
        const DatasetFacts& facts = catalog_.describe(data.layout, data.root, data.classes);
        for (const std::string& problem : facts.problems) {
            report_once(problem);
        }
        const bool is_empty = facts.classes.empty() && facts.other_classes.empty();
        if (is_empty && facts.problems.empty()) {
            report_once("'" + data.root + "' holds no classes");
        }
        return is_empty ? nullptr : &facts;
    }

    /// Without classes to compare with, a word that nearly is a rule still is a mistake.
    void check_rule(const ExpandedCell& cell) {
        const std::vector<std::string>& order = cell.config.sequence.order;
        const std::vector<std::string>& rules = order_rules();
        if (order.size() != 1 || std::find(rules.begin(), rules.end(), order[0]) != rules.end() ||
            cell.config.data.classes == order) {
            return;
        }
        const std::string nearest = nearest_name(order[0], rules);
        if (!nearest.empty()) {
            report(cell,
                   "sequence.order",
                   "order '" + order[0] + "' is no rule; did you mean " + nearest + "?");
        }
    }

    Tasks make(const ExpandedCell& cell, const DatasetFacts& facts) {
        std::vector<std::string> classes = choose_classes(cell, facts);
        if (classes.empty()) {
            return {};
        }
        std::vector<std::string> wrong;
        classes = order_classes(std::move(classes), cell.config.sequence, wrong);
        for (const std::string& message : wrong) {
            report(cell, "sequence.order", message);
        }
        const Scenario scenario = *parse_scenario(cell.config.sequence.scenario);
        if (static_cast<std::size_t>(scenario.base) > classes.size()) {
            report(cell,
                   "sequence.scenario",
                   "the first task of " + cell.config.sequence.scenario + " has " +
                       std::to_string(scenario.base) + " classes, but only " +
                       std::to_string(classes.size()) + " are used");
            return {};
        }
        return make_tasks(classes, scenario);
    }

    /// Empty after a problem.
    std::vector<std::string> choose_classes(const ExpandedCell& cell, const DatasetFacts& facts) {
        std::vector<std::string> found;
        for (const ClassFacts& facts_of_class : facts.classes) {
            found.push_back(facts_of_class.name);
        }
        const std::vector<std::string>& wanted = cell.config.data.classes;
        if (wanted.empty()) {
            return found;
        }
        found.insert(found.end(), facts.other_classes.begin(), facts.other_classes.end());
        std::sort(found.begin(), found.end());
        bool all_known = true;
        for (const std::string& name : wanted) {
            if (std::find(found.begin(), found.end(), name) == found.end()) {
                const std::string nearest = nearest_name(name, found);
                report(cell,
                       "data.classes",
                       "'" + name + "' is no class of '" + cell.config.data.root + "'" +
                           (nearest.empty() ? "; it has " + listed(found)
                                            : "; did you mean " + nearest + "?"));
                all_known = false;
            }
        }
        return all_known ? wanted : std::vector<std::string>{};
    }

    static std::string listed(const std::vector<std::string>& names) {
        constexpr std::size_t kShown = 20;
        std::string text;
        for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) {
            text += (i == 0 ? "" : ", ") + names[i];
        }
        return text + (names.size() > kShown ? ", …" : "");
    }

    void check_batches(const ExpandedCell& cell, const Tasks& tasks, const DatasetFacts& facts) {
        if (cell.config.method == "anomalyvfm") {
            return;  // it repeats images to fill a batch
        }
        const int batch = cell.config.train.batch_size;
        const double holdout = cell.config.validation.holdout;
        if (!batches_.emplace(batch, holdout, cell.config.data.root, tasks).second) {
            return;
        }
        std::map<std::string_view, std::int64_t> images_of;  // that are left for training
        for (const ClassFacts& facts_of_class : facts.classes) {
            const std::int64_t all = facts_of_class.train.images;
            images_of[facts_of_class.name] = all - held_out_count(all, holdout);
        }
        std::string first;
        std::size_t num_small = 0;
        for (std::size_t task = 0; task < tasks.size(); ++task) {
            std::int64_t images = 0;
            for (const std::string& name : tasks[task]) {
                images += images_of[name];
            }
            if (images < batch && ++num_small == 1) {
                first = "task " + std::to_string(task) + " (" + listed(tasks[task]) + ") has " +
                        std::to_string(images) + " training images" +
                        (holdout > 0 ? " that are not held out" : "");
            }
        }
        if (num_small > 0) {
            const std::string others =
                num_small == 1 ? "" : " (and " + std::to_string(num_small - 1) + " more tasks)";
            report(cell,
                   "train.batch_size",
                   first + others + ", fewer than one batch of " + std::to_string(batch) +
                       "; use a smaller batch_size or larger tasks");
        }
    }

    void check_validation_split(const ExpandedCell& cell,
                                const Tasks& tasks,
                                const DatasetFacts& facts) {
        const std::string& root = cell.config.data.root;
        if (!cell.config.validation.use_split || !with_split_.emplace(root, tasks).second) {
            return;
        }
        std::set<std::string_view> without;
        for (const ClassFacts& facts_of_class : facts.classes) {
            if (facts_of_class.validation.images == 0) {
                without.insert(facts_of_class.name);
            }
        }
        std::vector<std::string> missing;
        for (const std::vector<std::string>& task : tasks) {
            std::copy_if(task.begin(),
                         task.end(),
                         std::back_inserter(missing),
                         [&](const std::string& name) { return without.count(name) != 0; });
        }
        if (!missing.empty()) {
            report(cell,
                   "validation.use_split",
                   "no images of the split validation of " + listed(missing) + " under '" + root +
                       "'; only data sets of layout mvtec_ad2 have one: turn it off, or hold "
                       "training images out with validation.holdout");
        }
    }

    void check_class_settings(const ExpandedCell& cell,
                              const Tasks& tasks,
                              const DatasetFacts& facts) {
        const TrialConfig& config = cell.config;
        if (config.per_class.empty()) {
            return;
        }
        for (std::size_t task = 0; task < tasks.size(); ++task) {
            check_agreement(cell, task, tasks[task]);
        }
        if (!class_settings_.emplace(config.data.root, config.per_class).second) {
            return;
        }
        std::vector<std::string> known = facts.other_classes;
        for (const ClassFacts& facts_of_class : facts.classes) {
            known.push_back(facts_of_class.name);
        }
        std::sort(known.begin(), known.end());
        for (const std::string& name : classes_with_settings(config)) {
            if (std::find(known.begin(), known.end(), name) == known.end()) {
                report(cell,
                       kPerClass,
                       "'" + name + "' is no class of '" + config.data.root + "'" +
                           suggestion(name, known));
            }
        }
    }
    /// The classes of one task are trained as one.
    void check_agreement(const ExpandedCell& cell,
                         std::size_t task,
                         const std::vector<std::string>& classes) {
        if (classes.size() == 1) {
            return;
        }
        const TrialConfig first = config_of_class(cell.config, classes.front());
        for (const std::string& name : classes) {
            const TrialConfig other = config_of_class(cell.config, name);
            for (const Parameter& parameter : parameters()) {
                if (parameter.per_class &&
                    value_text(parameter, first) != value_text(parameter, other)) {
                    report(cell,
                           kPerClass,
                           "task " + std::to_string(task) + " trains " + listed(classes) +
                               " as one, but " + parameter.name + " is " +
                               value_text(parameter, first) + " for " + classes.front() + " and " +
                               value_text(parameter, other) + " for " + name +
                               "; give them one value, or use sequence.scenario: 1-1");
                    return;
                }
            }
        }
    }

    const Spec& spec_;
    InputCatalog& catalog_;
    std::vector<Problem>& problems_;
    std::set<std::string> broken_;  ///< parameters with a problem from before
    std::set<std::tuple<std::string, std::string, std::string>> reported_;  ///< layout, root, text
    std::map<std::tuple<std::string,
                        std::string,
                        std::vector<std::string>,
                        std::vector<std::string>,
                        std::int64_t,
                        std::string>,
             Tasks>
        known_;
    std::set<std::tuple<int, double, std::string, Tasks>> batches_;
    std::set<std::pair<std::string, Tasks>> with_split_;  ///< roots and tasks looked at
    std::set<std::pair<std::string, std::vector<std::string>>> class_settings_;
};

}  // namespace

std::vector<std::vector<std::vector<std::string>>> arrange_data(
    const Spec& spec,
    const std::vector<ExpandedCell>& cells,
    InputCatalog& catalog,
    std::vector<Problem>& problems) {
    DataArranger arranger(spec, catalog, problems);
    std::vector<Tasks> tasks;
    tasks.reserve(cells.size());
    for (const ExpandedCell& cell : cells) {
        tasks.push_back(arranger.arrange(cell));
    }
    return tasks;
}

}  // namespace harrow::sweeps
