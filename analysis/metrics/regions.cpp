#include "analysis/metrics/regions.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace harrow::analysis {
namespace {

// Most of a mask is background: eight pixels a step.
const std::uint8_t* find_defect(const std::uint8_t* begin, const std::uint8_t* end) {
    std::uint64_t word = 0;
    while (end - begin >= static_cast<std::ptrdiff_t>(sizeof word)) {
        std::memcpy(&word, begin, sizeof word);
        if (word != 0) {
            break;
        }
        begin += sizeof word;
    }
    return std::find_if(begin, end, [](std::uint8_t pixel) { return pixel != 0; });
}

class RunForest {
public:
    explicit RunForest(std::size_t runs) : parents_(runs) {
        std::iota(parents_.begin(), parents_.end(), std::uint32_t{0});
    }
    // The earliest run of the region.
    std::uint32_t root(std::uint32_t run) {
        while (parents_[run] != run) {
            parents_[run] = parents_[parents_[run]];
            run = parents_[run];
        }
        return run;
    }
    void join(std::uint32_t a, std::uint32_t b) {
        const std::uint32_t first = root(a), second = root(b);
        parents_[std::max(first, second)] = std::min(first, second);
    }

private:
    std::vector<std::uint32_t> parents_;
};

// Runs of a row, appended; offsets within the whole mask.
void append_runs(const std::uint8_t* mask,
                 std::size_t row_begin,
                 std::size_t row_end,
                 std::vector<RegionRun>& runs) {
    const std::uint8_t* const end = mask + row_end;
    const std::uint8_t* at = find_defect(mask + row_begin, end);
    while (at != end) {
        const std::uint8_t* const stop = std::find(at, end, std::uint8_t{0});
        runs.push_back(
            {static_cast<std::size_t>(at - mask), static_cast<std::size_t>(stop - mask), 0});
        at = find_defect(stop, end);
    }
}

// Joins the runs of two rows, starts[0] … starts[1] - 1 … starts[2] - 1. `reach`: 1 when pixels
// touch at their corners.
void join_rows(const std::vector<RegionRun>& runs,
               const std::size_t* starts,
               std::size_t width,
               std::size_t reach,
               RunForest& forest) {
    std::size_t above = starts[0];
    for (std::size_t run = starts[1]; run < starts[2]; ++run) {
        // Runs above that end before this one begins touch no later one either.
        while (above < starts[1] && runs[above].end + width + reach <= runs[run].begin) {
            ++above;
        }
        for (std::size_t other = above;
             other < starts[1] && runs[other].begin + width < runs[run].end + reach;
             ++other) {
            forest.join(static_cast<std::uint32_t>(run), static_cast<std::uint32_t>(other));
        }
    }
}

}  // namespace

Regions find_regions(const std::uint8_t* mask, int height, int width, Connectivity connectivity) {
    if (height < 0 || width < 0) {
        throw std::invalid_argument("find_regions: sizes must not be negative");
    }
    const auto row_length = static_cast<std::size_t>(width);
    Regions result;
    std::vector<std::size_t> row_starts;
    for (std::size_t row = 0; row < static_cast<std::size_t>(height); ++row) {
        row_starts.push_back(result.runs.size());
        append_runs(mask, row * row_length, (row + 1) * row_length, result.runs);
    }
    row_starts.push_back(result.runs.size());
    RunForest forest(result.runs.size());
    const std::size_t reach = connectivity == Connectivity::Eight ? 1 : 0;
    for (std::size_t row = 1; row + 1 < row_starts.size(); ++row) {
        join_rows(result.runs, row_starts.data() + row - 1, row_length, reach, forest);
    }
    for (std::uint32_t run = 0; run < result.runs.size(); ++run) {
        const std::uint32_t root = forest.root(run);
        if (root == run) {
            result.runs[run].region = static_cast<std::uint32_t>(result.areas.size());
            result.areas.push_back(0);
        }
        result.runs[run].region = result.runs[root].region;
        result.areas[result.runs[run].region] += result.runs[run].end - result.runs[run].begin;
    }
    return result;
}

}  // namespace harrow::analysis
