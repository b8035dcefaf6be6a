#include "sweeps/naming.hpp"

namespace harrow::sweeps {

std::vector<std::string> differences(const TrialConfig& config, const TrialConfig& reference) {
    std::vector<std::string> found;
    for (const Parameter& parameter : parameters()) {
        if (!is_active(parameter, config) && !parameter.locator) {
            continue;
        }
        const std::string value = value_text(parameter, config);
        if (value != value_text(parameter, reference)) {
            found.push_back(short_name(parameter) + "=" + value);
        }
    }
    return found;
}

std::string cell_name(const std::vector<std::string>& parts,
                      const TrialConfig& config,
                      const TrialConfig& reference) {
    std::string name;
    const auto append = [&](const std::string& part) { name += (name.empty() ? "" : ",") + part; };
    for (const std::string& part : parts) {
        append(part);
    }
    for (const std::string& difference : differences(config, reference)) {
        append(difference);
    }
    return name.empty() ? "base" : name;
}

}  // namespace harrow::sweeps
