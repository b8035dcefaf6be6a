#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "storage/datasets/image.hpp"

namespace harrow::storage {

/// Lanczos (a = 3, antialiased) exactly as Pillow computes it on 8-bit images: fixed-point
/// coefficients with 22 bits, horizontal pass before vertical, a pass without a change of size
/// skipped. `width` and `height` >= 1.
Image resize_lanczos(const Image& image, int width, int height);

/// Bilinear (triangle of support 1, widened when shrinking) as Pillow, like resize_lanczos.
Image resize_bilinear(const Image& image, int width, int height);

/// Nearest neighbour as Pillow: source index floor((i + 0.5) * source / target).
Image resize_nearest(const Image& image, int width, int height);

/// The central [size, size] window; its corner is (length - size) / 2 rounded half to even. The
/// image must be at least that large.
Image center_crop(const Image& image, int size);

/// Size after a resize that brings the shorter side to `size`; the longer is truncated. Throws
/// std::invalid_argument when that is no int.
ImageSize shorter_side_size(const Image& image, int size);

/// How a picture becomes square.
enum class Resize {
    ShorterSide,  ///< Lanczos until the shorter side fits, then the central square (MoLE-Flow A16)
    Square        ///< bilinear to the square, whatever the aspect ratio (AnomalyVFM B1)
};

/// By the value of `data.resize`: shorter_side or square.
Resize resize_named(const std::string& name);

/// The picture as a backbone sees it, before normalisation: [size, size].
Image square_image(const Image& image, int size, Resize resize);

/// Mean and standard deviation per channel that a backbone's training subtracted and divided by, of
/// samples in [0, 1].
struct Normalization {
    std::array<float, 3> mean;
    std::array<float, 3> deviation;
};
inline constexpr Normalization kImageNet{{0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}};

/// What becomes of a decoded image before a backbone sees it.
struct Preprocessing {
    int size = 224;
    Normalization normalization = kImageNet;
    Resize resize = Resize::ShorterSide;
};

/// square_image, /255, normalised. Takes 1 or 3 channels (grey is replicated); returns float32 [3,
/// size, size].
std::vector<float> preprocess_image(const Image& image, const Preprocessing& how);

/// Any non-zero sample of a source pixel is defect; then as square_image with nearest neighbour.
/// Returns 0 or 1, [size, size].
std::vector<std::uint8_t> preprocess_mask(const Image& mask, int size, Resize resize);

}  // namespace harrow::storage
