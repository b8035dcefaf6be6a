#include "analysis/strips.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>

namespace harrow::analysis {
namespace {

constexpr int kGap = 2;  // pixels of white between panels and between strips
using Colour = std::array<std::uint8_t, 3>;

// Anchors of rising lightness (CIE L* from 3 to 96 in near-equal steps), interpolated linearly.
constexpr std::array<Colour, 8> kHeat = {{{8, 8, 30},
                                          {45, 18, 90},
                                          {98, 26, 112},
                                          {155, 43, 103},
                                          {205, 70, 76},
                                          {240, 118, 45},
                                          {250, 180, 50},
                                          {252, 245, 170}}};
constexpr Colour kDefect = {255, 40, 40};

struct Panel {
    storage::Image& image;
    int left = 0;
    int size = 0;
    void set(int y, int x, const Colour& colour) {
        const std::size_t at = (static_cast<std::size_t>(y) * image.width + left + x) * 3;
        std::copy(
            colour.begin(), colour.end(), image.pixels.begin() + static_cast<std::ptrdiff_t>(at));
    }
};

std::uint8_t mixed(std::uint8_t a, std::uint8_t b, float weight_of_b) {
    return static_cast<std::uint8_t>(std::lround(static_cast<float>(a) * (1 - weight_of_b) +
                                                 static_cast<float>(b) * weight_of_b));
}

Colour mixed(const Colour& a, const Colour& b, float weight_of_b) {
    return {mixed(a[0], b[0], weight_of_b),
            mixed(a[1], b[1], weight_of_b),
            mixed(a[2], b[2], weight_of_b)};
}

// A defect pixel with a sound pixel (or the picture's border) beside it.
bool is_outline(const std::vector<std::uint8_t>& mask, int size, int y, int x) {
    const auto is_sound = [&](int ny, int nx) {
        return ny < 0 || nx < 0 || ny >= size || nx >= size ||
               mask[static_cast<std::size_t>(ny) * size + nx] == 0;
    };
    return is_sound(y - 1, x) || is_sound(y + 1, x) || is_sound(y, x - 1) || is_sound(y, x + 1);
}

float position_in(const ValueRange& range, float value) {
    if (std::isnan(value) || !(range.high > range.low)) {
        return 0;
    }
    return std::clamp((value - range.low) / (range.high - range.low), 0.0F, 1.0F);
}

}  // namespace

ValueRange value_range(const std::vector<float>& map) {
    ValueRange range;
    bool is_first = true;
    for (const float value : map) {
        if (std::isfinite(value)) {
            range.low = is_first ? value : std::min(range.low, value);
            range.high = is_first ? value : std::max(range.high, value);
            is_first = false;
        }
    }
    return range;
}

Colour heat_colour(float t) {
    const float position =
        std::isnan(t) ? 0.0F : std::clamp(t, 0.0F, 1.0F) * static_cast<float>(kHeat.size() - 1);
    const auto below = std::min(static_cast<std::size_t>(position), kHeat.size() - 2);
    return mixed(kHeat[below], kHeat[below + 1], position - static_cast<float>(below));
}

storage::Image make_strip(const storage::Image& rgb,
                          const std::vector<std::uint8_t>& mask,
                          const std::vector<HeatMap>& maps) {
    const int size = rgb.width;
    const std::size_t count = static_cast<std::size_t>(std::max(size, 0)) * std::max(size, 0);
    if (size < 1 || rgb.height != size || rgb.channels != 3 || rgb.pixels.size() != count * 3 ||
        mask.size() != count || std::any_of(maps.begin(), maps.end(), [&](const auto& map) {
            return map.values.size() != count;
        })) {
        throw std::invalid_argument("make_strip: a square RGB image, mask and maps of one size");
    }
    const int panels = 2 + static_cast<int>(maps.size());
    storage::Image strip{panels * size + (panels - 1) * kGap, size, 3, {}};
    strip.pixels.assign(static_cast<std::size_t>(strip.width) * strip.height * 3, 255);
    Panel picture{strip, 0, size}, overlay{strip, size + kGap, size};
    for (int y = 0; y < size; ++y) {
        for (int x = 0; x < size; ++x) {
            const std::size_t i = static_cast<std::size_t>(y) * size + x;
            const Colour colour = {rgb.pixels[3 * i], rgb.pixels[3 * i + 1], rgb.pixels[3 * i + 2]};
            picture.set(y, x, colour);
            for (std::size_t m = 0; m < maps.size(); ++m) {
                Panel heat{strip, (2 + static_cast<int>(m)) * (size + kGap), size};
                heat.set(y, x, heat_colour(position_in(maps[m].range, maps[m].values[i])));
            }
            if (mask[i] == 0) {
                overlay.set(y, x, colour);
            } else {
                overlay.set(
                    y, x, mixed(colour, kDefect, is_outline(mask, size, y, x) ? 1.0F : 0.3F));
            }
        }
    }
    return strip;
}

storage::Image stack_strips(const std::vector<storage::Image>& strips) {
    if (strips.empty()) {
        throw std::invalid_argument("stack_strips: at least one strip is expected");
    }
    storage::Image stack{strips.front().width, 0, strips.front().channels, {}};
    const std::size_t gap = static_cast<std::size_t>(kGap) * stack.width * stack.channels;
    for (const storage::Image& strip : strips) {
        if (strip.width != stack.width || strip.channels != stack.channels) {
            throw std::invalid_argument("stack_strips: strips of equal width are expected");
        }
        if (stack.height > 0) {
            stack.height += kGap;
            stack.pixels.insert(stack.pixels.end(), gap, 255);
        }
        stack.height += strip.height;
        stack.pixels.insert(stack.pixels.end(), strip.pixels.begin(), strip.pixels.end());
    }
    return stack;
}

}  // namespace harrow::analysis
