#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "storage/datasets/image.hpp"
#include "sweeps/anomalies.hpp"
#include "sweeps/trial_config.hpp"

/// The anomalies AnomalyVFM is trained with (AnomalyVFM B3 to B6): noise patches, drawn shapes, and
/// patches of other images.
namespace harrow::storage {

/// One square of an anomaly that is filled with noise, a shape, or a patch of another image: what
/// was drawn, without a pixel.
struct AnomalyPart {
    std::string kind;  ///< gaussian, salt_pepper, blur; circle, rectangle, line, polygon; patch
    /// Of squares, rectangles: left, top, width, height; circles: centre and radius twice; lines
    /// and polygons: x and y of their points; patches: left and top of destination and source, side
    /// twice. In pixels; may reach outside.
    std::vector<int> geometry;
    int thickness = 0;                     ///< of a line
    std::vector<std::uint8_t> color = {};  ///< red, green, blue of a shape, of salt and pepper
    double strength = 0;                   ///< deviation of noise; share of the source in a blend
};

/// How one anomaly is made.
struct DrawnAnomaly {
    std::string stage;        ///< texture, structural or contextual
    int side = 0;             ///< of the square image, pixels
    std::int64_t base = 0;    ///< which normal image it is made of, from 0
    std::int64_t source = 0;  ///< contextual: which image the patch is of; may be the base
    std::vector<AnomalyPart> parts;
    std::uint64_t noise_seed = 0;
};

/// Draws anomaly `index` of a resolution: nothing but the arguments decides, and what is not of its
/// stage does not count. `resolution`: index into config.resolutions; `index`: from 0, texture
/// first, then structural, then contextual; `load_side`: side of the loaded square, for resolution
/// 0; `normals`: number of normal images, >= 1. Ranges must fit the side (sweeps::inconsistencies
/// sees to it). Throws std::invalid_argument when there is no such anomaly or no normal image.
///
/// The texture's patches lie inside the square; shapes are clipped to it. A polygon's vertex i lies
/// at the angle 2 pi i / 10, however many there are (AnomalyVFM B6). Lines share one colour.
DrawnAnomaly draw_anomaly(const sweeps::SyntheticConfig& config,
                          std::size_t resolution,
                          std::int64_t index,
                          int load_side,
                          std::int64_t normals,
                          std::uint64_t seed);

/// The picture: `base` and `source` are [side, side, 3], and `base` is changed. Noise and blends
/// are rounded to the nearest byte; a patch is blurred alone, mirrored at its own border. Only
/// contextual anomalies look at `source`. Throws std::invalid_argument for a picture of another
/// shape.
void apply_anomaly(const DrawnAnomaly& anomaly,
                   const sweeps::SyntheticConfig& config,
                   Image& base,
                   const Image& source);

/// Where it lies: 0 or 1, [size, size], by nearest neighbour. Of noise: the patches it fills.
std::vector<std::uint8_t> anomaly_mask(const DrawnAnomaly& anomaly, int size);

/// The bytes that training sees of an image when its normalised samples, times 255, are cast to
/// bytes: truncated toward zero, modulo 256 (AnomalyVFM B3). [3, side, side] -> [side, side, 3].
/// Throws std::invalid_argument for another number of samples.
Image wrapped_bytes(const std::vector<float>& normalised, int side);

}  // namespace harrow::storage
