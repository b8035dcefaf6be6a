#include "cli/anomaly_sheet.hpp"

#include <algorithm>
#include <string>

#include "analysis/strips.hpp"
#include "storage/datasets/preprocess.hpp"

namespace harrow::cli {
namespace {

using storage::Image;

constexpr int kThumb = 160;             // pixels a side
constexpr int kPerLine = 4;             // anomalies
constexpr int kNarrow = 2, kWide = 10;  // between pictures and between anomalies, pixels

Image thumb(const Image& image) {
    return storage::resize_bilinear(image, kThumb, kThumb);
}

Image white(int width, int height) {
    const std::size_t samples =
        3 * static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    return {width, height, 3, std::vector<std::uint8_t>(samples, 255)};
}

void paste(const Image& picture, int left, Image& onto) {
    const std::size_t stride = 3 * static_cast<std::size_t>(picture.width);
    for (int y = 0; y < picture.height; ++y) {
        std::copy_n(picture.pixels.begin() + static_cast<std::ptrdiff_t>(y * stride),
                    stride,
                    onto.pixels.begin() + static_cast<std::ptrdiff_t>(3) *
                                              (static_cast<std::ptrdiff_t>(y) * onto.width + left));
    }
}

Image triple(const AnomalySample& sample) {
    const Image mask{sample.drawn.side, sample.drawn.side, 1, sample.mask};
    const Image anomaly = analysis::make_strip(
        thumb(sample.picture), storage::resize_nearest(mask, kThumb, kThumb).pixels, {});
    Image all = white(kThumb + kNarrow + anomaly.width, kThumb);
    paste(thumb(sample.normal), 0, all);
    paste(anomaly, kThumb + kNarrow, all);
    return all;
}

}  // namespace

void AnomalySheet::add(const AnomalySample& sample) {
    const storage::DrawnAnomaly& drawn = sample.drawn;
    if (rows_.empty() || rows_.back().stage != drawn.stage || rows_.back().side != drawn.side) {
        rows_.push_back({drawn.stage, drawn.side, 0, {}});
    }
    Row& row = rows_.back();
    if (row.seen++ < kShown) {
        row.triples.push_back(triple(sample));
    }
}

storage::Image AnomalySheet::picture() const {
    std::size_t longest = 1;
    for (const Row& row : rows_) {
        longest = std::max(longest, std::min<std::size_t>(row.triples.size(), kPerLine));
    }
    std::vector<Image> lines;
    for (const Row& row : rows_) {
        for (std::size_t i = 0; i < row.triples.size(); ++i) {
            const Image& one = row.triples[i];
            const int step = one.width + kWide;
            if (i % kPerLine == 0) {
                lines.push_back(white(step * static_cast<int>(longest) - kWide, one.height));
            }
            paste(one, step * static_cast<int>(i % kPerLine), lines.back());
        }
    }
    return analysis::stack_strips(lines);
}

}  // namespace harrow::cli
