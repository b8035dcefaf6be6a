#include "cli/run_files.hpp"

#include <filesystem>
#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "build_info.hpp"
#include "coordinator/launch_environment.hpp"
#include "sweeps/backbones.hpp"
#include "sweeps/canonical.hpp"
#include "sweeps/parameters.hpp"

namespace harrow::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kManifestFormat = 1;

/// Of each dataset the classes that some cell uses.
Json datasets_json(const std::vector<sweeps::Cell>& cells, sweeps::InputCatalog& catalog) {
    std::map<std::pair<std::string, std::string>, std::map<std::string, const sweeps::ClassFacts*>>
        used;
    for (const sweeps::Cell& cell : cells) {
        if (!sweeps::uses_data(cell.config)) {
            continue;
        }
        const auto& data = cell.config.data;
        auto& classes = used[{data.layout, data.root}];
        for (const sweeps::ClassFacts& facts :
             catalog.describe(data.layout, data.root, data.classes).classes) {
            classes.emplace(facts.name, &facts);
        }
    }
    Json datasets = Json::array();
    for (const auto& [place, facts_of] : used) {
        Json classes = Json::array();
        for (const auto& [name, facts] : facts_of) {
            classes.push_back({{"name", name},
                               {"train_images", facts->train.images},
                               {"train_digest", facts->train.images_digest},
                               {"test_images", facts->test.images},
                               {"test_digest", facts->test.images_digest},
                               {"labels_digest", facts->labels_digest}});
        }
        datasets.push_back(
            {{"layout", place.first}, {"root", place.second}, {"classes", std::move(classes)}});
    }
    return datasets;
}

Json weights_json(const sweeps::BackboneConfig& backbone, sweeps::InputCatalog& catalog) {
    const sweeps::WeightsFacts& facts = catalog.weights(backbone.name, backbone.weights);
    Json json = {{"backbone", backbone.name},
                 {"path", std::filesystem::absolute(backbone.weights).lexically_normal().string()},
                 {"sha256", facts.digest},
                 {"public_name", nullptr}};
    if (!facts.public_name.empty()) {
        json["public_name"] = facts.public_name;
    }
    return json;
}

sweeps::TrialConfig config_of(const storage::CellRecord& cell) {
    sweeps::TrialConfig config = sweeps::parse_canonical(cell.config);
    config.data.root = cell.data_root;
    return config;
}

/// Parameters whose value is not the same in every cell, in the order of the table.
std::vector<const sweeps::Parameter*> swept_parameters(
    const std::vector<sweeps::TrialConfig>& configs) {
    std::vector<const sweeps::Parameter*> swept;
    for (const sweeps::Parameter& parameter : sweeps::parameters()) {
        std::set<std::string> values;
        for (const sweeps::TrialConfig& config : configs) {
            values.insert(sweeps::value_text(parameter, config));
        }
        if (values.size() > 1) {
            swept.push_back(&parameter);
        }
    }
    return swept;
}

}  // namespace

std::string manifest_json(const SweepSource& source,
                          sweeps::InputCatalog& catalog,
                          const std::string& cache_root) {
    Json cells = Json::array();
    Json weights = Json::array();
    std::set<std::pair<std::string, std::string>> seen_weights;
    for (const sweeps::Cell& cell : source.sweep.cells) {
        cells.push_back({{"id", cell.id},
                         {"name", cell.name},
                         {"seeds", cell.seeds},
                         {"config", sweeps::canonical_text(cell.config)}});
        const auto& backbone = cell.config.backbone;
        if (sweeps::uses_data(cell.config) && sweeps::needs_weights(backbone) &&
            seen_weights.emplace(backbone.name, backbone.weights).second) {
            weights.push_back(weights_json(backbone, catalog));
        }
    }
    const Json manifest = {
        {"format", kManifestFormat},
        {"sweep", source.sweep.name},
        {"harrow", {{"version", version()}, {"revision", revision()}, {"build", build_id()}}},
        {"host", coordinator::node_name()},
        {"written", utc_now()},
        {"cache", cache_root},
        {"overrides", source.overrides},
        {"datasets", datasets_json(source.sweep.cells, catalog)},
        {"weights", std::move(weights)},
        {"cells", std::move(cells)}};
    return manifest.dump(2) + "\n";
}

void publish_derived_files(const storage::RunDirectory& directory, const storage::RunState& state) {
    std::vector<sweeps::TrialConfig> configs;
    for (const storage::CellRecord& cell : state.cells) {
        configs.push_back(config_of(cell));
    }
    const std::vector<const sweeps::Parameter*> swept = swept_parameters(configs);
    std::vector<std::string> columns;
    for (const sweeps::Parameter* parameter : swept) {
        columns.push_back(parameter->name);
    }
    std::vector<storage::CellRow> rows;
    for (std::size_t index = 0; index < configs.size(); ++index) {
        const storage::CellRecord& cell = state.cells[index];
        storage::CellRow row{cell.id, cell.name, cell.names, cell.tags, cell.seeds, {}};
        for (const sweeps::Parameter* parameter : swept) {
            row.values.push_back(sweeps::is_active(*parameter, configs[index])
                                     ? sweeps::value_text(*parameter, configs[index])
                                     : "");
        }
        rows.push_back(std::move(row));
    }
    directory.publish_results(storage::results_csv(state));
    directory.publish_cells(columns, rows);
}

void publish_status(const storage::RunDirectory& directory,
                    sweeps::ExitCode code,
                    const std::string& reason) {
    directory.publish_status(std::to_string(static_cast<int>(code)) + " " + reason + "\n");
}

}  // namespace harrow::cli
