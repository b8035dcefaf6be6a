#include "storage/datasets/preprocess.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace harrow::storage {
namespace {

// Pillow's 8-bit resampling (ImagingResample): weights in fixed point, rounded once per pass.
constexpr int kPrecisionBits = 32 - 8 - 2;
constexpr double kLanczosRadius = 3.0;
constexpr double kPi = 3.14159265358979323846;

double sinc(double x) {
    return x == 0.0 ? 1.0 : std::sin(kPi * x) / (kPi * x);
}

double lanczos(double x) {
    return x >= -kLanczosRadius && x < kLanczosRadius ? sinc(x) * sinc(x / kLanczosRadius) : 0.0;
}

double triangle(double x) {
    return std::max(0.0, 1.0 - std::abs(x));
}

struct Kernel {
    double radius;
    double (*weight)(double);
};
constexpr Kernel kLanczos{kLanczosRadius, lanczos};
constexpr Kernel kBilinear{1.0, triangle};

/// The source samples [first, first + weights.size()) that make one target sample.
struct Window {
    int first = 0;
    std::vector<int> weights;  // sum is about 2^kPrecisionBits
};

int fixed_point(double weight) {
    const double scaled = weight * (1 << kPrecisionBits);
    return static_cast<int>(scaled < 0.0 ? scaled - 0.5 : scaled + 0.5);
}

std::vector<Window> make_windows(const Kernel& kernel, int source, int target) {
    const double scale = static_cast<double>(source) / target;
    const double stretch = std::max(scale, 1.0);
    const double support = kernel.radius * stretch;
    std::vector<Window> windows(target);
    std::vector<double> weights;
    for (int i = 0; i < target; ++i) {
        const double center = (i + 0.5) * scale;
        const int first = std::max(0, static_cast<int>(center - support + 0.5));
        const int last = std::min(source, static_cast<int>(center + support + 0.5));
        weights.assign(last - first, 0.0);
        double sum = 0.0;
        for (int k = 0; k < last - first; ++k) {
            weights[k] = kernel.weight((k + first - center + 0.5) * (1.0 / stretch));
            sum += weights[k];
        }
        windows[i].first = first;
        for (const double weight : weights) {
            windows[i].weights.push_back(fixed_point(sum != 0.0 ? weight / sum : weight));
        }
    }
    return windows;
}

/// Weighted sum of samples `stride` apart, rounded and clipped to 0 … 255.
std::uint8_t filter(const std::uint8_t* samples, std::size_t stride, const Window& window) {
    int sum = 1 << (kPrecisionBits - 1);
    for (std::size_t k = 0; k < window.weights.size(); ++k) {
        sum += samples[k * stride] * window.weights[k];
    }
    return static_cast<std::uint8_t>(std::clamp(sum >> kPrecisionBits, 0, 255));
}

Image blank(int width, int height, int channels) {
    Image image{width, height, channels, {}};
    image.pixels.resize(static_cast<std::size_t>(width) * height * channels);
    return image;
}

Image resize_rows(const Image& image, const Kernel& kernel, int width) {
    Image result = blank(width, image.height, image.channels);
    const std::vector<Window> windows = make_windows(kernel, image.width, width);
    std::uint8_t* out = result.pixels.data();
    const std::size_t stride = static_cast<std::size_t>(image.width) * image.channels;
    for (int y = 0; y < image.height; ++y) {
        const std::uint8_t* row = image.pixels.data() + y * stride;
        for (const Window& window : windows) {
            for (int c = 0; c < image.channels; ++c) {
                *out++ = filter(row + window.first * image.channels + c, image.channels, window);
            }
        }
    }
    return result;
}

Image resize_columns(const Image& image, const Kernel& kernel, int height) {
    Image result = blank(image.width, height, image.channels);
    const std::vector<Window> windows = make_windows(kernel, image.height, height);
    std::uint8_t* out = result.pixels.data();
    const std::size_t stride = static_cast<std::size_t>(image.width) * image.channels;
    for (const Window& window : windows) {
        const std::uint8_t* rows = image.pixels.data() + window.first * stride;
        for (std::size_t x = 0; x < stride; ++x) {
            *out++ = filter(rows + x, stride, window);
        }
    }
    return result;
}

/// Pillow adds the step up instead of multiplying; its rounding decides ties.
std::vector<int> nearest_sources(int source, int target) {
    const double step = static_cast<double>(source) / target;
    std::vector<int> sources(target);
    double position = step * 0.5;
    for (int& index : sources) {
        index = std::min(source - 1, static_cast<int>(position));
        position += step;
    }
    return sources;
}

/// length / 2 rounded half to even.
int half_to_even(int length) {
    const int half = length / 2;
    return length % 2 == 0 ? half : half + half % 2;
}

void check_target(const Image& image, int width, int height) {
    if (image.width < 1 || image.height < 1 || width < 1 || height < 1) {
        throw std::invalid_argument("resize: sizes are at least 1");
    }
}

Image resample(const Image& image, const Kernel& kernel, int width, int height) {
    check_target(image, width, height);
    Image wide = image.width == width ? image : resize_rows(image, kernel, width);
    return image.height == height ? wide : resize_columns(wide, kernel, height);
}

}  // namespace

Image resize_lanczos(const Image& image, int width, int height) {
    return resample(image, kLanczos, width, height);
}

Image resize_bilinear(const Image& image, int width, int height) {
    return resample(image, kBilinear, width, height);
}

Image resize_nearest(const Image& image, int width, int height) {
    check_target(image, width, height);
    Image result = blank(width, height, image.channels);
    const std::vector<int> columns = nearest_sources(image.width, width);
    std::uint8_t* out = result.pixels.data();
    for (const int row : nearest_sources(image.height, height)) {
        const std::size_t start = static_cast<std::size_t>(row) * image.width * image.channels;
        for (const int column : columns) {
            const std::uint8_t* pixel = image.pixels.data() + start + column * image.channels;
            out = std::copy(pixel, pixel + image.channels, out);
        }
    }
    return result;
}

Image center_crop(const Image& image, int size) {
    if (size < 1 || size > image.width || size > image.height) {
        throw std::invalid_argument("center_crop: the window does not fit into the image");
    }
    const int top = half_to_even(image.height - size);
    const int left = half_to_even(image.width - size);
    Image result = blank(size, size, image.channels);
    const std::size_t stride = static_cast<std::size_t>(image.width) * image.channels;
    const std::size_t row_bytes = static_cast<std::size_t>(size) * image.channels;
    for (int y = 0; y < size; ++y) {
        const std::uint8_t* row = image.pixels.data() + (top + y) * stride +
                                  static_cast<std::size_t>(left) * image.channels;
        std::copy(row, row + row_bytes, result.pixels.data() + y * row_bytes);
    }
    return result;
}

ImageSize shorter_side_size(const Image& image, int size) {
    const auto scaled = [size](int longer, int shorter) {
        const std::int64_t length = static_cast<std::int64_t>(size) * longer / shorter;
        if (length > std::numeric_limits<int>::max()) {
            throw std::invalid_argument("resize: a side of " + std::to_string(length) +
                                        " pixels is too long");
        }
        return static_cast<int>(length);
    };
    return image.width <= image.height ? ImageSize{size, scaled(image.height, image.width)}
                                       : ImageSize{scaled(image.width, image.height), size};
}

Resize resize_named(const std::string& name) {
    if (name != "shorter_side" && name != "square") {
        throw std::invalid_argument("data.resize: '" + name + "' is no way to resize");
    }
    return name == "square" ? Resize::Square : Resize::ShorterSide;
}

Image square_image(const Image& image, int size, Resize resize) {
    if (resize == Resize::Square) {
        return resize_bilinear(image, size, size);
    }
    const ImageSize target = shorter_side_size(image, size);
    return center_crop(resize_lanczos(image, target.width, target.height), size);
}

std::vector<float> preprocess_image(const Image& image, const Preprocessing& how) {
    const int size = how.size;
    const Image square = square_image(image, size, how.resize);
    const std::size_t area = static_cast<std::size_t>(size) * size;
    std::vector<float> planes(3 * area);
    for (std::size_t c = 0; c < 3; ++c) {
        const std::size_t source = square.channels == 3 ? c : 0;
        for (std::size_t i = 0; i < area; ++i) {
            const float value =
                static_cast<float>(square.pixels[i * square.channels + source]) / 255.0F;
            planes[c * area + i] =
                (value - how.normalization.mean[c]) / how.normalization.deviation[c];
        }
    }
    return planes;
}

std::vector<std::uint8_t> preprocess_mask(const Image& mask, int size, Resize resize) {
    Image binary = blank(mask.width, mask.height, 1);
    for (std::size_t i = 0; i < binary.pixels.size(); ++i) {
        const std::uint8_t* pixel = mask.pixels.data() + i * mask.channels;
        binary.pixels[i] =
            std::any_of(pixel, pixel + mask.channels, [](std::uint8_t v) { return v != 0; });
    }
    if (resize == Resize::Square) {
        return resize_nearest(binary, size, size).pixels;
    }
    const ImageSize target = shorter_side_size(binary, size);
    return center_crop(resize_nearest(binary, target.width, target.height), size).pixels;
}

}  // namespace harrow::storage
