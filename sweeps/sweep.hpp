#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sweeps/error.hpp"
#include "sweeps/hashing.hpp"
#include "sweeps/input_catalog.hpp"
#include "sweeps/run_settings.hpp"
#include "sweeps/tables/table_spec.hpp"
#include "sweeps/trial_config.hpp"

namespace harrow::sweeps {

/// One configuration without its seed.
struct Cell {
    Digest id;
    std::string name;                 ///< one of `names`; unique in the sweep
    std::vector<std::string> names;   ///< every name under which the space reaches it
    std::vector<std::string> tags;    ///< of the blocks that reach it
    std::vector<std::string> labels;  ///< as the cases that reach it call it in tables; often empty
    TrialConfig config;
    std::vector<std::uint64_t> seeds;
    std::vector<std::vector<std::string>> tasks;  ///< classes per task, in the order they arrive
};

enum class Goal { Maximize, Minimize };

struct Objective {
    std::string metric = "image_auroc";
    Goal goal = Goal::Maximize;
    std::vector<std::string> subject_to;  ///< expressions over metric names, all of which must hold
};

struct Compare {
    std::string baseline;           ///< one of the names of a cell
    std::vector<std::string> same;  ///< dotted parameter names
    std::string test = "paired_t";  ///< of comparison_tests()
    std::string adjust = "holm";    ///< of comparison_adjustments()
};

struct Sweep {
    std::string name;
    std::vector<Cell> cells;  ///< in the order in which the space reaches them
    Objective objective;
    std::optional<Compare> compare;
    std::vector<TableSpec> tables;  ///< for papers; no key and no result depends on them
    std::string tables_text;        ///< what read_tables() made them from, as one line of YAML
    RunSettings run;
    std::string file;                    ///< as given
    std::string text;                    ///< of that file, byte for byte
    std::vector<std::string> included;   ///< absolute paths of the files it includes
    std::vector<std::string> overrides;  ///< KEY=VALUE, as given
};

/// Reads, composes, validates, expands. Relative paths in a file are taken from its directory,
/// those of overrides from the working directory. Throws UsageError that holds every problem found.
Sweep load_sweep(const std::string& file,
                 const std::vector<std::string>& overrides,
                 InputCatalog& catalog);

/// The same from memory: `file` is used in messages only, `directory` is where it would lie.
Sweep parse_sweep(const std::string& text,
                  const std::string& file,
                  const std::string& directory,
                  const std::vector<std::string>& overrides,
                  InputCatalog& catalog);

/// Gives cells that were named before their old name (cell id -> name), so that extending a sweep
/// renames nothing. Throws UsageError when a new cell wants a name that another cell already has.
void keep_names(Sweep& sweep, const std::map<Digest, std::string>& known_names);

/// By any of its names; null when there is none.
const Cell* find_cell(const Sweep& sweep, const std::string& name);

}  // namespace harrow::sweeps
