#include "sweeps/sweep_data.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <tuple>

#include "sweeps/class_config.hpp"
#include "sweeps/sequence.hpp"
#include "sweeps/task_rules.hpp"
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

    void check_batches(const ExpandedCell& cell, const Tasks& tasks, const DatasetFacts& facts) {
        if (cell.config.method == "anomalyvfm") {
            return check_statistics(cell, tasks, facts);  // it repeats images to fill a batch
        }
        const int batch = cell.config.train.batch_size;
        const double holdout = cell.config.validation.holdout;
        if (!batches_.emplace(batch, holdout, place_of(cell), tasks).second) {
            return;
        }
        const auto images_of = training_images(facts, holdout);
        std::string first;
        std::size_t num_small = 0;
        for (std::size_t task = 0; task < tasks.size(); ++task) {
            std::int64_t images = 0;
            for (const std::string& name : tasks[task]) {
                images += images_of.count(name) != 0 ? images_of.at(name) : 0;
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

    /// Of every class, without those held out.
    static std::map<std::string_view, std::int64_t> training_images(const DatasetFacts& facts,
                                                                    double holdout) {
        std::map<std::string_view, std::int64_t> images_of;
        for (const ClassFacts& facts_of_class : facts.classes) {
            const std::int64_t all = facts_of_class.train.images;
            images_of[facts_of_class.name] = all - held_out_count(all, holdout);
        }
        return images_of;
    }

    /// A mean and a covariance of the training images need two of them.
    void check_statistics(const ExpandedCell& cell, const Tasks& tasks, const DatasetFacts& facts) {
        constexpr std::int64_t kFewest = 2;
        const double holdout = cell.config.validation.holdout;
        const auto images_of = training_images(facts, holdout);
        std::vector<std::string> small;
        for (const std::vector<std::string>& task : tasks) {
            std::copy_if(
                task.begin(), task.end(), std::back_inserter(small), [&](const std::string& name) {
                    const auto found = images_of.find(name);
                    return found != images_of.end() && found->second < kFewest;
                });
        }
        if (small.empty()) {
            return;
        }
        const std::string left =
            std::to_string(std::max<std::int64_t>(0, images_of.at(small.front())));
        if (holdout > 0) {
            report(cell,
                   "validation.holdout",
                   "leaves " + left + " training images of " + listed(small) +
                       ", but a class needs 2; hold out fewer, or leave the class out "
                       "(data.classes)");
        } else {
            report(cell,
                   "data.root",
                   listed(small) + " under '" + cell.config.data.root + "' has " + left +
                       " training image, but a class needs 2; add images, or leave the class out "
                       "(data.classes)");
        }
    }

    void check_validation_split(const ExpandedCell& cell,
                                const Tasks& tasks,
                                const DatasetFacts& facts) {
        const std::string& root = cell.config.data.root;
        if (!cell.config.validation.use_split ||
            !with_split_.emplace(place_of(cell), tasks).second) {
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
        for (const TaskProblem& problem : task_problems(config, tasks)) {
            report(cell, problem.parameter, problem.message);
        }
        if (!class_settings_.emplace(place_of(cell), config.per_class).second) {
            return;
        }
        const std::vector<std::string> known = all_classes(config.data, facts);
        for (const std::string& name : classes_with_settings(config)) {
            if (std::find(known.begin(), known.end(), name) == known.end()) {
                report(cell,
                       kPerClass,
                       "'" + name + "' is no class of '" + config.data.root + "'" +
                           suggestion(name, known));
            }
        }
    }
    /// Of the data set, also those that are not used.
    std::vector<std::string> all_classes(const DataConfig& data, const DatasetFacts& facts) {
        std::vector<std::string> names;
        for (const ClassFacts& facts_of_class : facts.classes) {
            names.push_back(facts_of_class.name);
        }
        // No folder can have this name: the others are listed, and none is read.
        const DatasetFacts& rest =
            data.classes.empty() ? facts : catalog_.describe(data.layout, data.root, {"/"});
        names.insert(names.end(), rest.other_classes.begin(), rest.other_classes.end());
        std::sort(names.begin(), names.end());
        names.erase(std::unique(names.begin(), names.end()), names.end());
        return names;
    }

    using DataPlace = std::pair<std::string, std::string>;  // layout and root
    static DataPlace place_of(const ExpandedCell& cell) {
        return {cell.config.data.layout, cell.config.data.root};
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
    std::set<std::tuple<int, double, DataPlace, Tasks>> batches_;  ///< looked at, as the others
    std::set<std::pair<DataPlace, Tasks>> with_split_;
    std::set<std::pair<DataPlace, std::vector<std::string>>> class_settings_;
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
