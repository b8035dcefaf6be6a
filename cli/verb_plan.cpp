#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "analysis/table.hpp"
#include "cli/disk_catalog.hpp"
#include "cli/sweep_source.hpp"
#include "cli/verbs.hpp"
#include "cli/work_units.hpp"
#include "coordinator/progress.hpp"
#include "coordinator/run_estimates.hpp"
#include "coordinator/simulator.hpp"
#include "storage/feature_cache.hpp"
#include "sweeps/backbone_geometry.hpp"
#include "sweeps/feature_views.hpp"
#include "sweeps/parameters.hpp"
#include "sweeps/work_plan.hpp"

namespace harrow::cli {
namespace {

using Json = nlohmann::ordered_json;

/// What a sweep wants of the feature cache.
struct CacheNeed {
    std::size_t extractions = 0;
    std::size_t cached = 0;   ///< extractions whose file is there
    std::int64_t images = 0;  ///< rows of features
    std::int64_t bytes = 0;   ///< of all extractions, cached or not
    bool by_seed = false;     ///< other seeds want other features
};

struct CacheNeeds {
    CacheNeed all;
    std::vector<std::pair<std::string, CacheNeed>> views;  ///< by name, in the order of first use
};

CacheNeeds cache_needs(const sweeps::WorkPlan& plan, const storage::FeatureCache& cache) {
    CacheNeeds needs;
    for (const sweeps::PlannedExtraction& extraction : plan.extractions) {
        auto found = std::find_if(needs.views.begin(), needs.views.end(), [&](const auto& view) {
            return view.first == extraction.view;
        });
        if (found == needs.views.end()) {
            found = needs.views.insert(found, {extraction.view, {}});
        }
        const bool is_cached = cache.contains(extraction.feature_key);
        const std::int64_t bytes = sweeps::feature_bytes(extraction.config, extraction.images);
        for (CacheNeed* need : {&needs.all, &found->second}) {
            ++need->extractions;
            need->cached += is_cached ? 1 : 0;
            need->images += extraction.images;
            need->bytes += bytes;
            need->by_seed = need->by_seed || extraction.depends_on_seed;
        }
    }
    return needs;
}

/// Every parameter that can change the cell's result, and the locators; dotted name -> value.
Json config_json(const sweeps::TrialConfig& config) {
    Json values = Json::object();
    for (const sweeps::Parameter& parameter : sweeps::parameters()) {
        if (!sweeps::is_active(parameter, config)) {
            continue;
        }
        if (parameter.name == "data.classes" && config.data.classes.empty()) {
            values[parameter.name] = "all";
            continue;
        }
        if (parameter.name == "sequence.order" && config.sequence.order.size() == 1) {
            values[parameter.name] = config.sequence.order.front();
            continue;
        }
        std::visit([&](const auto& access) { values[parameter.name] = access.read(config); },
                   parameter.member);
    }
    return values;
}

Json simulation_json(const coordinator::Simulation& simulation, const std::string& order) {
    return {{"slots", simulation.slots},
            {"units", simulation.units},
            {"makespan_s", simulation.makespan_s},
            {"bound_s", simulation.bound_s},
            {"utilisation", simulation.utilisation},
            {"slot_hours", simulation.slot_hours},
            {"order", order}};
}

std::string simulation_text(const coordinator::Simulation& simulation, const std::string& order) {
    char figures[160];
    std::snprintf(figures,
                  sizeof(figures),
                  "%.1f %% of the slots' time is work, %.2f slot-hours (GPU-hours where a slot is "
                  "one GPU)",
                  100.0 * simulation.utilisation,
                  simulation.slot_hours);
    return "\nsimulated on " + std::to_string(simulation.slots) + " slots, order " + order + ": " +
           coordinator::duration_text(simulation.makespan_s) + " (no schedule is shorter than " +
           coordinator::duration_text(simulation.bound_s) + "), " + figures +
           "\ntimes are the plan's estimates before anything ran\n";
}

Json views_json(const CacheNeeds& needs) {
    Json views = Json::array();
    for (const auto& [name, need] : needs.views) {
        views.push_back({{"view", name},
                         {"extractions", need.extractions},
                         {"cached", need.cached},
                         {"images", need.images},
                         {"bytes", need.bytes},
                         {"per_seed", need.by_seed}});
    }
    return views;
}

Json plan_json(const sweeps::Sweep& sweep, const sweeps::WorkPlan& plan, const CacheNeeds& needs) {
    Json cells = Json::array();
    for (const sweeps::Cell& cell : sweep.cells) {
        cells.push_back({{"id", cell.id},
                         {"name", cell.name},
                         {"names", cell.names},
                         {"tags", cell.tags},
                         {"config", config_json(cell.config)},
                         {"seeds", cell.seeds},
                         {"tasks", cell.tasks}});
    }
    return {{"name", sweep.name},
            {"cells", std::move(cells)},
            {"trials", plan.trials.size()},
            {"trainings", plan.trainings.size()},
            {"extractions", plan.extractions.size()},
            {"cached", needs.all.cached},
            {"cache_bytes", needs.all.bytes},
            {"views", views_json(needs)}};
}

std::string megabytes(std::int64_t bytes) {
    std::ostringstream text;
    text.precision(1);
    text << std::fixed << static_cast<double>(bytes) / 1e6 << " MB";
    return text.str();
}

/// Empty where training and test images are all that is seen.
std::string views_text(const CacheNeeds& needs) {
    const bool is_plain = std::all_of(needs.views.begin(), needs.views.end(), [](const auto& view) {
        return view.first == sweeps::kTrainView || view.first == sweeps::kTestView;
    });
    if (is_plain) {
        return "";
    }
    analysis::TextTable table{{"view", "extractions", "cached", "images", "features"}, {}};
    for (const auto& [name, need] : needs.views) {
        table.rows.push_back({name + (need.by_seed ? " (per class and seed)" : " (per class)"),
                              std::to_string(need.extractions),
                              std::to_string(need.cached),
                              std::to_string(need.images),
                              megabytes(need.bytes)});
    }
    return "\n" + analysis::aligned_table(table);
}

std::string plan_text(const sweeps::Sweep& sweep,
                      const sweeps::WorkPlan& plan,
                      const CacheNeeds& needs) {
    analysis::TextTable table{{"cell", "hash", "seeds", "tasks", "tags"}, {}};
    for (const sweeps::Cell& cell : sweep.cells) {
        std::string tags;
        for (const std::string& tag : cell.tags) {
            tags += (tags.empty() ? "" : " ") + tag;
        }
        table.rows.push_back({cell.name,
                              cell.id.substr(0, 8),
                              std::to_string(cell.seeds.size()),
                              std::to_string(cell.tasks.size()),
                              tags});
    }
    std::ostringstream text;
    text << sweep.name << ": " << sweep.cells.size() << " cells, " << plan.trials.size()
         << " trials\n\n"
         << analysis::aligned_table(table) << "\n"
         << plan.trainings.size() << " trainings (trials that differ only in scoring share one), "
         << plan.extractions.size() << " extractions (" << needs.all.cached << " cached), "
         << megabytes(needs.all.bytes) << " of features\n"
         << views_text(needs);
    return text.str();
}

}  // namespace

sweeps::ExitCode run_verb(const PlanOptions& options) {
    DiskCatalog catalog(cache_directory(options.cache));
    const SweepSource source = load_sweep_source(options.spec, options.overrides, catalog);
    const sweeps::WorkPlan plan = sweeps::make_work_plan(source.sweep, catalog);
    const CacheNeeds needs =
        cache_needs(plan, storage::FeatureCache(cache_directory(options.cache)));
    std::optional<coordinator::Simulation> simulation;
    if (options.simulate > 0) {
        const WorkUnits work = remaining_work(source.sweep,
                                              plan,
                                              {},
                                              storage::FeatureCache(cache_directory(options.cache)),
                                              storage::RunDirectory("."));
        simulation = coordinator::simulate(coordinator::scheduler_units(work.plan),
                                           static_cast<std::size_t>(options.simulate),
                                           order_named(options.order));
    }
    if (options.json) {
        Json json = plan_json(source.sweep, plan, needs);
        if (simulation) {
            json["simulation"] = simulation_json(*simulation, options.order);
        }
        std::cout << json.dump(2) << "\n";
    } else {
        std::cout << plan_text(source.sweep, plan, needs)
                  << (simulation ? simulation_text(*simulation, options.order) : "");
    }
    return sweeps::ExitCode::Ok;
}

}  // namespace harrow::cli
