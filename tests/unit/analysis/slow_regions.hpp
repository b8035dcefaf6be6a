#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace harrow::analysis {

/// Region of every pixel from 1 on, 0 outside: flood fill, straight from the definition.
inline std::vector<int> flood_regions(const std::vector<std::uint8_t>& mask,
                                      int height,
                                      int width,
                                      bool corners) {
    std::vector<int> regions(mask.size(), 0);
    int found = 0;
    for (std::size_t start = 0; start < mask.size(); ++start) {
        if (mask[start] == 0 || regions[start] != 0) {
            continue;
        }
        std::vector<std::size_t> open{start};
        regions[start] = ++found;
        while (!open.empty()) {
            const int row = static_cast<int>(open.back()) / width;
            const int column = static_cast<int>(open.back()) % width;
            open.pop_back();
            for (int dr = -1; dr <= 1; ++dr) {
                for (int dc = -1; dc <= 1; ++dc) {
                    const int r = row + dr, c = column + dc;
                    const bool inside = r >= 0 && r < height && c >= 0 && c < width;
                    if (!inside || (!corners && dr != 0 && dc != 0)) {
                        continue;
                    }
                    const auto neighbour = static_cast<std::size_t>(r * width + c);
                    if (mask[neighbour] != 0 && regions[neighbour] == 0) {
                        regions[neighbour] = found;
                        open.push_back(neighbour);
                    }
                }
            }
        }
    }
    return regions;
}

}  // namespace harrow::analysis
