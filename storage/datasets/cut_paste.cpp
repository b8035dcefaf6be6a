#include "storage/datasets/cut_paste.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <string>

#include "storage/datasets/preprocess.hpp"
#include "sweeps/random.hpp"

namespace harrow::storage {
namespace {

constexpr double kSmallestArea = 0.02, kLargestArea = 0.15, kLongestRatio = 3.3;
constexpr double kJitter = 0.1;

/// All that is random of one pasting, drawn in this order.
struct Patch {
    int width = 0, height = 0;
    int from_x = 0, from_y = 0, to_x = 0, to_y = 0;
    std::array<double, 3> brightness{1, 1, 1};
};

Patch draw_patch(std::string_view name, int size) {
    sweeps::RandomStream random(0, "cutpaste/" + std::string(name));
    const double area = random.uniform(kSmallestArea, kLargestArea) * size * size;
    const double log_ratio = std::log(kLongestRatio);
    const double ratio = std::exp(random.uniform(-log_ratio, log_ratio));
    const auto side = [size](double length) {
        return std::clamp(static_cast<int>(std::lround(length)), 1, size);
    };
    const auto place = [&](int length) {
        return static_cast<int>(random.below(static_cast<std::uint64_t>(size - length + 1)));
    };
    Patch patch;
    patch.width = side(std::sqrt(area * ratio));
    patch.height = side(std::sqrt(area / ratio));
    patch.from_x = place(patch.width);
    patch.from_y = place(patch.height);
    patch.to_x = place(patch.width);
    patch.to_y = place(patch.height);
    for (double& factor : patch.brightness) {
        factor = 1 + random.uniform(-kJitter, kJitter);
    }
    return patch;
}

}  // namespace

void cut_paste(Image& image, std::string_view name) {
    if (image.width != image.height || image.width < 1 ||
        (image.channels != 1 && image.channels != 3)) {
        throw std::invalid_argument("cut_paste: a square picture of 1 or 3 channels is expected");
    }
    const Patch patch = draw_patch(name, image.width);
    const auto row = static_cast<std::size_t>(image.width) * image.channels;
    const auto offset = [&](int x, int y) {
        return static_cast<std::size_t>(y) * row + static_cast<std::size_t>(x) * image.channels;
    };
    const std::vector<std::uint8_t> source = image.pixels;
    for (int y = 0; y < patch.height; ++y) {
        for (int i = 0; i < patch.width * image.channels; ++i) {
            const auto sample = static_cast<std::size_t>(i);
            const double value = source[offset(patch.from_x, patch.from_y + y) + sample] *
                                 patch.brightness[sample % image.channels];
            image.pixels[offset(patch.to_x, patch.to_y + y) + sample] =
                static_cast<std::uint8_t>(std::min(255L, std::lround(value)));
        }
    }
}

std::vector<std::uint8_t> cut_paste_mask(std::string_view name, int image_size, int size) {
    const Patch patch = draw_patch(name, image_size);
    Image mask{image_size, image_size, 1, {}};
    mask.pixels.assign(static_cast<std::size_t>(image_size) * image_size, 0);
    for (int y = patch.to_y; y < patch.to_y + patch.height; ++y) {
        std::fill_n(mask.pixels.begin() + static_cast<std::ptrdiff_t>(y) * image_size + patch.to_x,
                    patch.width,
                    std::uint8_t{1});
    }
    return resize_nearest(mask, size, size).pixels;
}

}  // namespace harrow::storage
