#include "cli/work_time_text.hpp"

#include <cmath>
#include <cstdio>
#include <utility>

#include "coordinator/progress.hpp"

namespace harrow::cli {

std::string extraction_text(const coordinator::WorkResult& result) {
    if (result.images_extracted == 0 || result.seconds <= 0.0) {
        return "";
    }
    const auto percent = [&result](double seconds) {
        return static_cast<int>(std::lround(100.0 * seconds / result.seconds));
    };
    const coordinator::WorkTimes& times = result.times;
    char text[192];
    std::snprintf(text,
                  sizeof(text),
                  ": %lld images, %.1f/s (backbone %d %%, waiting for images %d %%, writing %d %%, "
                  "checking files %d %%; decoding %.1f s beside it)",
                  static_cast<long long>(result.images_extracted),
                  static_cast<double>(result.images_extracted) / result.seconds,
                  percent(times.backbone),
                  percent(times.wait),
                  percent(times.write),
                  percent(times.check),
                  times.decode);
    return text;
}

std::string slot_time_text(const coordinator::WorkTimes& times, double slot_seconds) {
    if (slot_seconds <= 0) {
        return "";
    }
    const std::pair<const char*, double> shares[] = {{"training", times.train},
                                                     {"evaluation", times.evaluate},
                                                     {"scoring", times.score},
                                                     {"backbone", times.backbone},
                                                     {"waiting for images", times.wait},
                                                     {"writing features", times.write},
                                                     {"checking files", times.check}};
    std::string text;
    for (const auto& [name, seconds] : shares) {
        const long percent = std::lround(100.0 * seconds / slot_seconds);
        if (percent > 0) {
            text += (text.empty() ? "" : ", ") + std::string(name) + " " + std::to_string(percent) +
                    " %";
        }
    }
    return "time of all slots: " + coordinator::duration_text(slot_seconds) + " (" + text + ")";
}

}  // namespace harrow::cli
