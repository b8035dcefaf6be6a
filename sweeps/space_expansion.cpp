#include "sweeps/space_expansion.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "sweeps/canonical.hpp"
#include "sweeps/method_defaults.hpp"
#include "sweeps/naming.hpp"

namespace harrow::sweeps {
namespace {

constexpr std::size_t kMaxPoints = 100000;

template <typename T>
void add_new(std::vector<T>& to, const std::vector<T>& from) {
    for (const T& item : from) {
        if (std::find(to.begin(), to.end(), item) == to.end()) {
            to.push_back(item);
        }
    }
}

/// What decides whether two cells are one.
std::string identity(const TrialConfig& config) {
    std::string text = canonical_text(config);
    for (const Parameter& parameter : parameters()) {
        if (parameter.locator && is_active(parameter, config)) {
            text += parameter.name + "=" + value_text(parameter, config) + "\n";
        }
    }
    return text;
}

/// A mixed-radix counter; the last digit changes fastest.
class Odometer {
public:
    explicit Odometer(std::vector<std::size_t> sizes)
        : sizes_(std::move(sizes)), digits_(sizes_.size(), 0) {}
    std::size_t operator[](std::size_t i) const { return digits_[i]; }
    bool advance() {
        for (std::size_t i = digits_.size(); i > 0; --i) {
            if (++digits_[i - 1] < sizes_[i - 1]) {
                return true;
            }
            digits_[i - 1] = 0;
        }
        return false;
    }

private:
    std::vector<std::size_t> sizes_;
    std::vector<std::size_t> digits_;
};

using Settings = std::vector<const Setting*>;

/// The settings in their order, over the values of `method` in `version`. What they themselves say
/// of method and version stands.
TrialConfig made_of(const Settings& settings,
                    const std::string& method,
                    const std::string& version) {
    TrialConfig own;
    TrialConfig config = method_defaults(method, version);
    config.method = own.method;
    config.model.version = own.model.version;
    for (const Setting* setting : settings) {
        apply(*setting, config);
    }
    return config;
}

/// The same over the values of the method and version that the settings say.
TrialConfig made_of(const Settings& settings) {
    TrialConfig own;
    for (const Setting* setting : settings) {
        const std::string& name = setting->parameter->name;
        if (name == "method" || name == "model.version") {
            apply(*setting, own);
        }
    }
    return made_of(settings, own.method, own.model.version);
}

class Expander {
public:
    Expander(const Spec& spec, std::vector<Problem>& problems) : spec_(spec), problems_(problems) {
        for (const Setting& setting : spec.base) {
            base_.push_back(&setting);
        }
    }

    std::vector<ExpandedCell> expand() {
        if (spec_.space.empty()) {
            ExpandedCell cell;
            cell.config = made_of(base_);
            cell.seeds = spec_.seeds;
            cell.names.push_back({"base", "", false, {}});
            return {cell};
        }
        for (const Block& block : spec_.space) {
            expand_block(block);
        }
        return std::move(cells_);
    }

private:
    /// Numbers of choices: cases, one per axis, zip, one per grid parameter. False when there are
    /// none or too many.
    bool measure(const Block& block, std::vector<std::size_t>& sizes) {
        sizes.push_back(std::max<std::size_t>(1, block.cases.size()));
        for (const NamedAxis& axis : block.axes) {
            sizes.push_back(axis.alternatives.size());
        }
        std::size_t zip_length = block.zip.empty() ? 1 : block.zip.front().values.size();
        for (const ParameterAxis& axis : block.zip) {
            zip_length = std::min(zip_length, axis.values.size());
        }
        sizes.push_back(zip_length);
        for (const ParameterAxis& axis : block.grid) {
            sizes.push_back(axis.values.size());
        }
        std::size_t points = num_points_;
        std::size_t product = 1;
        for (const std::size_t size : sizes) {
            product = size == 0 ? 0 : std::min(product, kMaxPoints + 1) * size;
        }
        points += std::min(product, kMaxPoints + 1);
        if (points > kMaxPoints) {
            problems_.push_back(problem_at(block.place,
                                           "space",
                                           "expands to more than " + std::to_string(kMaxPoints) +
                                               " configurations; sweep fewer values"));
            return false;
        }
        num_points_ = points;
        return product > 0;
    }

    void expand_block(const Block& block) {
        std::vector<std::size_t> sizes;
        if (!measure(block, sizes)) {
            return;
        }
        Odometer odometer(sizes);
        bool is_empty = true;
        do {
            is_empty = !add_point(block, odometer) && is_empty;
        } while (odometer.advance());
        if (is_empty) {
            problems_.push_back(
                problem_at(block.place, "space", "exclude leaves nothing of this block"));
        }
    }

    /// False when the point is excluded.
    bool add_point(const Block& block, const Odometer& choice) {
        ExpandedCell cell;
        Settings named = base_;  // the named parts alone
        for (const Setting& setting : block.set) {
            cell.settings.push_back(&setting);
            named.push_back(&setting);
        }
        std::size_t digit = 1 + block.axes.size();
        for (const ParameterAxis& axis : block.zip) {
            cell.settings.push_back(&axis.values[choice[digit]]);
        }
        for (const ParameterAxis& axis : block.grid) {
            cell.settings.push_back(&axis.values[choice[++digit]]);
        }
        std::vector<std::string> parts;
        CellName name;
        name.place = block.place;
        if (!block.cases.empty()) {
            take_alternative(block.cases[choice[0]], "", cell, named, parts);
            name.label = block.cases[choice[0]].label;
            name.place = block.cases[choice[0]].place;
        }
        for (std::size_t i = 0; i < block.axes.size(); ++i) {
            const NamedAxis& axis = block.axes[i];
            take_alternative(axis.alternatives[choice[1 + i]], axis.name + "=", cell, named, parts);
        }
        Settings all = base_;
        all.insert(all.end(), cell.settings.begin(), cell.settings.end());
        cell.config = made_of(all);
        for (const Exclusion& exclusion : block.exclude) {
            if (is_excluded(exclusion, cell.config)) {
                return false;
            }
        }
        name.is_chosen = !block.cases.empty() && !block.cases[choice[0]].name.empty();
        // What follows from method and version is no difference of its own.
        const auto over_own_defaults = [&](const Settings& settings) {
            return made_of(settings, cell.config.method, cell.config.model.version);
        };
        name.text = cell_name(parts, cell.config, over_own_defaults(parts.empty() ? base_ : named));
        if (!name.label.empty()) {
            for (const std::string& difference :
                 differences(cell.config, over_own_defaults(named))) {
                name.label += ", " + difference;
            }
        }
        cell.names.push_back(std::move(name));
        cell.tags = block.tags;
        cell.seeds = block.seeds.empty() ? spec_.seeds : block.seeds;
        add_cell(std::move(cell));
        return true;
    }

    static void take_alternative(const Alternative& alternative,
                                 const std::string& prefix,
                                 ExpandedCell& cell,
                                 Settings& named,
                                 std::vector<std::string>& parts) {
        if (!alternative.name.empty()) {
            parts.push_back(prefix + alternative.name);
        }
        for (const Setting& setting : alternative.settings) {
            cell.settings.push_back(&setting);
            if (!alternative.name.empty()) {
                named.push_back(&setting);
            }
        }
    }
    void add_cell(ExpandedCell cell) {
        const auto [found, is_new] = index_.emplace(identity(cell.config), cells_.size());
        if (is_new) {
            cells_.push_back(std::move(cell));
        } else {
            merge_cell(cells_[found->second], cell);
        }
    }

    const Spec& spec_;
    std::vector<Problem>& problems_;
    Settings base_;
    std::vector<ExpandedCell> cells_;
    std::unordered_map<std::string, std::size_t> index_;
    std::size_t num_points_ = 0;
};

std::string described_difference(const TrialConfig& a, const TrialConfig& b) {
    constexpr std::size_t kShown = 3;
    std::vector<std::string> found = differences(a, b);
    if (found.empty()) {
        found = differences(b, a);
    }
    std::string text;
    for (std::size_t i = 0; i < std::min(found.size(), kShown); ++i) {
        text += (i == 0 ? "" : ", ") + found[i];
    }
    return text + (found.size() > kShown ? ", …" : "");
}

}  // namespace

std::vector<ExpandedCell> expand_space(const Spec& spec, std::vector<Problem>& problems) {
    return Expander(spec, problems).expand();
}

void merge_cell(ExpandedCell& to, const ExpandedCell& from) {
    for (const CellName& name : from.names) {
        const auto same =
            std::find_if(to.names.begin(), to.names.end(), [&](const CellName& other) {
                return other.text == name.text;
            });
        if (same == to.names.end()) {
            to.names.push_back(name);
        } else if (same->label.empty()) {
            same->label = name.label;
        }
    }
    add_new(to.tags, from.tags);
    add_new(to.seeds, from.seeds);
}

void check_names(const std::vector<ExpandedCell>& cells, std::vector<Problem>& problems) {
    std::map<std::string, const ExpandedCell*> owner;
    for (const ExpandedCell& cell : cells) {
        for (const CellName& name : cell.names) {
            const auto [first, is_new] = owner.emplace(name.text, &cell);
            if (!is_new) {
                problems.push_back(
                    problem_at(name.place,
                               "name",
                               "'" + name.text + "' names two configurations, here with " +
                                   described_difference(cell.config, first->second->config) +
                                   "; give one of them another name"));
            }
        }
    }
}

const Setting* find_setting(const Spec& spec,
                            const ExpandedCell& cell,
                            std::string_view parameter) {
    const auto is_it = [&](const Setting* setting) {
        return setting->parameter->name == parameter;
    };
    const auto own = std::find_if(cell.settings.rbegin(), cell.settings.rend(), is_it);
    if (own != cell.settings.rend()) {
        return *own;
    }
    for (const Setting& setting : spec.base) {
        if (is_it(&setting)) {
            return &setting;
        }
    }
    return nullptr;
}

}  // namespace harrow::sweeps
