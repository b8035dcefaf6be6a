#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>

#include "storage/datasets/anomaly_shapes.hpp"
#include "storage/datasets/preprocess.hpp"
#include "storage/datasets/synthetic_anomalies.hpp"
#include "sweeps/random.hpp"

namespace harrow::storage {
namespace {

constexpr int kChannels = 3;

std::uint8_t to_byte(double value) {
    return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
}

std::size_t offset(const Image& image, int x, int y) {
    return (static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width) +
            static_cast<std::size_t>(x)) *
           kChannels;
}

void add_noise(const PixelBox& box, double deviation, sweeps::RandomStream& random, Image& image) {
    for (int y = box.top; y < box.bottom; ++y) {
        std::uint8_t* row = image.pixels.data() + offset(image, box.left, y);
        for (int i = 0; i < (box.right - box.left) * kChannels; ++i) {
            row[i] = to_byte(row[i] + deviation * random.normal());
        }
    }
}

void strew(const PixelBox& box,
           double share,
           const std::vector<std::uint8_t>& color,
           sweeps::RandomStream& random,
           Image& image) {
    for (int y = box.top; y < box.bottom; ++y) {
        for (int x = box.left; x < box.right; ++x) {
            if (random.uniform() < share) {
                std::copy_n(color.begin(), kChannels, image.pixels.data() + offset(image, x, y));
            }
        }
    }
}

/// Weights of a Gaussian of `kernel` taps, of the width that OpenCV derives from their number.
std::vector<double> gaussian_weights(int kernel) {
    const double sigma = 0.3 * ((kernel - 1) * 0.5 - 1) + 0.8;
    std::vector<double> weights;
    double sum = 0;
    for (int i = 0; i < kernel; ++i) {
        const double distance = i - (kernel - 1) * 0.5;
        weights.push_back(std::exp(-distance * distance / (2 * sigma * sigma)));
        sum += weights.back();
    }
    for (double& weight : weights) {
        weight /= sum;
    }
    return weights;
}

/// Mirrored without repeating the first and last pixel: -1 is 1, `length` is length - 2.
int reflected(int i, int length) {
    while (length > 1 && (i < 0 || i >= length)) {
        i = i < 0 ? -i : 2 * (length - 1) - i;
    }
    return length > 1 ? i : 0;
}

/// The square alone, mirrored at its own border.
void blur(const PixelBox& box, int kernel, Image& image) {
    const std::vector<double> weights = gaussian_weights(kernel);
    const int radius = kernel / 2, width = box.right - box.left;
    const int inside = box.bottom - box.top, height = inside + 2 * radius;
    // [height, width, channels]: rows blurred, with those above and below that columns take in
    std::vector<double> rows(static_cast<std::size_t>(height) * width * kChannels, 0.0);
    double* row = rows.data();
    for (int y = 0; y < height; ++y) {
        const int from = box.top + reflected(y - radius, inside);
        for (int x = 0; x < width; ++x, row += kChannels) {
            for (int k = 0; k < kernel; ++k) {
                const int column = box.left + reflected(x - radius + k, width);
                const std::uint8_t* pixel = image.pixels.data() + offset(image, column, from);
                for (int c = 0; c < kChannels; ++c) {
                    row[c] += weights[static_cast<std::size_t>(k)] * pixel[c];
                }
            }
        }
    }
    const std::size_t stride = static_cast<std::size_t>(width) * kChannels;
    for (int y = box.top; y < box.bottom; ++y) {
        const double* above = rows.data() + static_cast<std::size_t>(y - box.top) * stride;
        std::uint8_t* out = image.pixels.data() + offset(image, box.left, y);
        for (std::size_t i = 0; i < stride; ++i) {
            double sum = 0;
            for (std::size_t k = 0; k < weights.size(); ++k) {
                sum += weights[k] * above[k * stride + i];
            }
            out[i] = to_byte(sum);
        }
    }
}

void fill(const AnomalyPart& shape, const PixelBox& box, Image& image) {
    for (int y = box.top; y < box.bottom; ++y) {
        for (int x = box.left; x < box.right; ++x) {
            if (covers(shape, x, y)) {
                std::copy_n(
                    shape.color.begin(), kChannels, image.pixels.data() + offset(image, x, y));
            }
        }
    }
}

void blend(const AnomalyPart& patch, const PixelBox& box, const Image& source, Image& image) {
    const double share = patch.strength;
    const int dx = patch.geometry[2] - patch.geometry[0];
    const int dy = patch.geometry[3] - patch.geometry[1];
    for (int y = box.top; y < box.bottom; ++y) {
        const std::uint8_t* from = source.pixels.data() + offset(source, box.left + dx, y + dy);
        std::uint8_t* to = image.pixels.data() + offset(image, box.left, y);
        for (int i = 0; i < (box.right - box.left) * kChannels; ++i) {
            to[i] = to_byte(share * from[i] + (1 - share) * to[i]);
        }
    }
}

void require_square(const Image& image, int side) {
    const auto length = static_cast<std::size_t>(std::max(side, 0));
    if (image.width != side || image.height != side || image.channels != kChannels ||
        image.pixels.size() != length * length * kChannels) {
        throw std::invalid_argument("an anomaly of side " + std::to_string(side) +
                                    " is made of square colour pictures of that side");
    }
}

}  // namespace

void apply_anomaly(const DrawnAnomaly& anomaly,
                   const sweeps::SyntheticConfig& config,
                   Image& base,
                   const Image& source) {
    require_square(base, anomaly.side);
    sweeps::RandomStream random(anomaly.noise_seed);
    for (const AnomalyPart& part : anomaly.parts) {
        const PixelBox box = bounding_box(part, anomaly.side);
        if (part.kind == "gaussian") {
            add_noise(box, part.strength, random, base);
        } else if (part.kind == "salt_pepper") {
            strew(box, config.salt_pepper_share, part.color, random, base);
        } else if (part.kind == "blur") {
            blur(box, config.blur_kernel, base);
        } else if (part.kind == "patch") {
            require_square(source, anomaly.side);
            if (&source == &base) {
                const Image copy = source;  // a patch of the image itself, as it was
                blend(part, box, copy, base);
            } else {
                blend(part, box, source, base);
            }
        } else {
            fill(part, box, base);
        }
    }
}

std::vector<std::uint8_t> anomaly_mask(const DrawnAnomaly& anomaly, int size) {
    Image mask{anomaly.side, anomaly.side, 1, {}};
    const auto side = static_cast<std::size_t>(anomaly.side);
    mask.pixels.assign(side * side, 0);
    for (const AnomalyPart& part : anomaly.parts) {
        const PixelBox box = bounding_box(part, anomaly.side);
        for (int y = box.top; y < box.bottom; ++y) {
            for (int x = box.left; x < box.right; ++x) {
                if (covers(part, x, y)) {
                    mask.pixels[static_cast<std::size_t>(y) * side + static_cast<std::size_t>(x)] =
                        1;
                }
            }
        }
    }
    return resize_nearest(mask, size, size).pixels;
}

}  // namespace harrow::storage
