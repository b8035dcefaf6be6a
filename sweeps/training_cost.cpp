#include "sweeps/training_cost.hpp"

#include <tuple>

#include <nlohmann/json.hpp>

namespace harrow::sweeps {
namespace {

using nlohmann::json;

auto members(const TrainingCost& cost) {
    return std::tie(cost.train_seconds,
                    cost.evaluate_seconds,
                    cost.peak_rss_bytes,
                    cost.peak_device_bytes,
                    cost.feature_bytes,
                    cost.parameters);
}

}  // namespace

bool TrainingCost::operator==(const TrainingCost& other) const {
    return members(*this) == members(other);
}

std::string to_json(const TrainingCost& cost) {
    json object = {{"train_seconds", cost.train_seconds},
                   {"evaluate_seconds", cost.evaluate_seconds},
                   {"feature_bytes", cost.feature_bytes},
                   {"parameters", cost.parameters}};
    if (cost.peak_rss_bytes) {
        object["peak_rss_bytes"] = *cost.peak_rss_bytes;
    }
    if (cost.peak_device_bytes) {
        object["peak_device_bytes"] = *cost.peak_device_bytes;
    }
    return object.dump();
}

std::optional<TrainingCost> training_cost_from_json(std::string_view text) {
    const json object = json::parse(text, nullptr, false);
    try {
        TrainingCost cost;
        cost.train_seconds = object.at("train_seconds").get<double>();
        cost.evaluate_seconds = object.at("evaluate_seconds").get<double>();
        cost.feature_bytes = object.at("feature_bytes").get<std::int64_t>();
        cost.parameters = object.at("parameters").get<std::vector<std::int64_t>>();
        if (object.contains("peak_rss_bytes")) {
            cost.peak_rss_bytes = object["peak_rss_bytes"].get<std::int64_t>();
        }
        if (object.contains("peak_device_bytes")) {
            cost.peak_device_bytes = object["peak_device_bytes"].get<std::int64_t>();
        }
        return cost;
    } catch (const json::exception&) {
        return std::nullopt;
    }
}

}  // namespace harrow::sweeps
