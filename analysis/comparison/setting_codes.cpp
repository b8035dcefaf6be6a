#include "analysis/comparison/setting_codes.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "analysis/comparison/fairness.hpp"
#include "analysis/units.hpp"

namespace harrow::analysis {
namespace {

/// Parameter -> text -> cells that have it.
using Texts = std::map<std::string, std::map<std::string, std::vector<std::size_t>>>;

/// One run has no two units of a metric.
Units units_of_runs(const Summary& summary) {
    const bool has_several =
        std::any_of(summary.cells.begin(), summary.cells.end(), [&](const CellSummary& cell) {
            return cell.info.run != summary.cells.front().info.run;
        });
    return has_several ? Units(summary) : Units();
}

}  // namespace

SettingCodes setting_codes(const Summary& summary) {
    const std::size_t cells = summary.cells.size();
    SettingCodes codes;
    codes.codes.resize(cells);
    const Units units = units_of_runs(summary);
    Texts texts;
    std::size_t with_settings = 0;
    std::map<std::pair<std::string, std::string>, int> grounds;
    for (std::size_t i = 0; i < cells; ++i) {
        const CellInfo& info = summary.cells[i].info;
        codes.has_settings.push_back(!info.settings.empty());
        with_settings += info.settings.empty() ? 0 : 1;
        for (const auto& [name, text] : info.settings) {
            texts[name][text].push_back(i);
        }
        codes.ground.push_back(
            grounds
                .emplace(std::make_pair(data_text(info) + "\n" + units.mixed_units(info.run),
                                        info.weights_digest),
                         static_cast<int>(grounds.size()))
                .first->second);
    }
    for (const auto& [name, by_text] : texts) {
        if (by_text.size() == 1 && by_text.begin()->second.size() == with_settings) {
            continue;
        }
        const std::size_t column = codes.parameters.size();
        codes.parameters.push_back(name);
        codes.values.push_back({""});
        for (std::vector<int>& row : codes.codes) {
            row.push_back(0);
        }
        for (const auto& [text, holders] : by_text) {
            for (const std::size_t cell : holders) {
                codes.codes[cell][column] = static_cast<int>(codes.values[column].size());
            }
            codes.values[column].push_back(text);
        }
    }
    return codes;
}

}  // namespace harrow::analysis
