#pragma once

#include <chrono>

namespace harrow::worker {

/// Adds the time since it was made or last asked to one of several sums.
class Laps {
public:
    void add_to(double& seconds) {
        const auto now = std::chrono::steady_clock::now();
        seconds += std::chrono::duration<double>(now - begin_).count();
        begin_ = now;
    }

private:
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace harrow::worker
