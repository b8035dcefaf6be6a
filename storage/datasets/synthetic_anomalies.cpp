#include "storage/datasets/synthetic_anomalies.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "sweeps/random.hpp"

namespace harrow::storage {
namespace {

using sweeps::NumberList;
using sweeps::SyntheticConfig;

constexpr double kPi = 3.14159265358979323846;
constexpr int kSmallestShape = 1, kLargestShape = 100;  // of scaled ones (AnomalyVFM B5)

/// Draws one anomaly. The order of the draws is part of what a seed means.
class Artist {
public:
    Artist(const SyntheticConfig& config,
           std::size_t resolution,
           int side,
           sweeps::RandomStream& random)
        : config_(config), resolution_(resolution), side_(side), random_(random) {}

    void draw_texture(DrawnAnomaly& anomaly) {
        const int patches = whole(config_.texture_patches);
        for (int i = 0; i < patches; ++i) {
            AnomalyPart part;
            part.kind = one_of(config_.texture_kinds);
            const int side = square_side(config_.texture_side);
            const int left = place(side);
            part.geometry = {left, place(side), side, side};
            if (part.kind == "gaussian") {
                part.strength = real(config_.noise);
            } else if (part.kind == "salt_pepper") {
                part.color.assign(3, random_.below(2) == 0 ? 0 : 255);
            }
            anomaly.parts.push_back(std::move(part));
        }
    }

    void draw_structural(DrawnAnomaly& anomaly) {
        const std::string kind = one_of(config_.structural_kinds);
        const std::vector<std::uint8_t> color = {byte(), byte(), byte()};
        const int count = kind == "line" ? whole(config_.lines) : 1;
        for (int i = 0; i < count; ++i) {
            AnomalyPart part;
            part.kind = kind;
            part.color = color;
            draw_shape(part);
            anomaly.parts.push_back(std::move(part));
        }
    }

    void draw_contextual(DrawnAnomaly& anomaly, std::int64_t normals) {
        anomaly.source = below(normals);
        AnomalyPart part;
        part.kind = "patch";
        const int side = square_side(config_.contextual_side);
        for (int i = 0; i < 4; ++i) {
            part.geometry.push_back(place(side));
        }
        part.geometry.insert(part.geometry.end(), {side, side});
        part.strength = real(config_.blend);
        anomaly.parts.push_back(std::move(part));
    }

private:
    void draw_shape(AnomalyPart& part) {
        if (part.kind == "circle") {
            const int x = quarter_to_three_quarters();
            const int y = quarter_to_three_quarters();
            const int radius = shape_size(config_.circle_radius);
            part.geometry = {x, y, radius, radius};
        } else if (part.kind == "rectangle") {
            const int left = static_cast<int>(below(side_ / 2));
            const int top = static_cast<int>(below(side_ / 2));
            const int width = shape_size(config_.rectangle_side);
            part.geometry = {left, top, width, shape_size(config_.rectangle_side)};
        } else if (part.kind == "line") {
            for (int i = 0; i < 4; ++i) {
                part.geometry.push_back(static_cast<int>(below(side_)));
            }
            part.thickness = shape_size(config_.line_thickness);
        } else if (part.kind == "polygon") {
            const int vertices = whole(config_.polygon_vertices);
            for (int i = 0; i < vertices; ++i) {
                const double angle = 2 * kPi * i / 10, radius = shape_size(config_.polygon_radius);
                part.geometry.push_back(side_ / 2 + static_cast<int>(radius * std::cos(angle)));
                part.geometry.push_back(side_ / 2 + static_cast<int>(radius * std::sin(angle)));
            }
        } else {
            throw std::invalid_argument("'" + part.kind + "' is no shape that could be drawn");
        }
    }

    std::pair<double, double> range(const NumberList& ranges) const {
        if (ranges.size() < 2) {
            throw std::invalid_argument("a range of two numbers is expected");
        }
        const std::size_t pair = std::min(resolution_, ranges.size() / 2 - 1);
        return {ranges[2 * pair], ranges[2 * pair + 1]};
    }

    std::int64_t below(std::int64_t bound) {
        return bound < 2
                   ? 0
                   : static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(bound)));
    }
    std::uint8_t byte() { return static_cast<std::uint8_t>(below(256)); }

    int whole(const NumberList& ranges) {
        const auto [low, high] = range(ranges);
        return static_cast<int>(std::llround(low) + below(std::llround(high) - std::llround(low)));
    }
    double real(const NumberList& ranges) {
        const auto [low, high] = range(ranges);
        return random_.uniform(low, high);
    }
    const std::string& one_of(const std::vector<std::string>& kinds) {
        if (kinds.empty()) {
            throw std::invalid_argument("at least one kind of anomaly is expected");
        }
        return kinds[static_cast<std::size_t>(below(static_cast<std::int64_t>(kinds.size())))];
    }

    int square_side(const NumberList& ranges) { return std::clamp(whole(ranges), 1, side_); }
    /// Where a square of `length` begins, on one axis.
    int place(int length) { return static_cast<int>(below(side_ - length)); }
    int quarter_to_three_quarters() {
        return side_ / 4 + static_cast<int>(below(3 * side_ / 4 - side_ / 4));
    }
    int shape_size(const NumberList& ranges) {
        const int drawn = whole(ranges);
        if (config_.shape_base <= 0) {
            return drawn;
        }
        const std::int64_t scaled = std::int64_t{drawn} * side_ / config_.shape_base;
        return static_cast<int>(std::clamp<std::int64_t>(scaled, kSmallestShape, kLargestShape));
    }

    const SyntheticConfig& config_;
    std::size_t resolution_;
    int side_;
    sweeps::RandomStream& random_;
};

}  // namespace

DrawnAnomaly draw_anomaly(const SyntheticConfig& config,
                          std::size_t resolution,
                          std::int64_t index,
                          int load_side,
                          std::int64_t normals,
                          std::uint64_t seed) {
    const sweeps::AnomalyRows rows = sweeps::anomaly_rows(config, normals);
    if (resolution >= rows.resolutions.size() || index < 0 ||
        index >= rows.resolutions[resolution].total() || normals < 1) {
        throw std::invalid_argument("anomaly " + std::to_string(index) + " of resolution " +
                                    std::to_string(resolution) + " of " + std::to_string(normals) +
                                    " images is none of those the configuration asks for");
    }
    const sweeps::AnomalyCounts& counts = rows.resolutions[resolution];
    sweeps::RandomStream random(
        seed, "anomalies/" + std::to_string(resolution) + "/" + std::to_string(index));
    DrawnAnomaly anomaly;
    anomaly.side = counts.resolution == 0 ? load_side : counts.resolution;
    anomaly.base = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(normals)));
    anomaly.source = anomaly.base;
    anomaly.noise_seed = random.next();
    Artist artist(config, resolution, anomaly.side, random);
    if (index < counts.texture) {
        anomaly.stage = "texture";
        artist.draw_texture(anomaly);
    } else if (index < counts.texture + counts.structural) {
        anomaly.stage = "structural";
        artist.draw_structural(anomaly);
    } else {
        anomaly.stage = "contextual";
        artist.draw_contextual(anomaly, normals);
    }
    return anomaly;
}

Image wrapped_bytes(const std::vector<float>& normalised, int side) {
    const std::size_t area = static_cast<std::size_t>(side) * static_cast<std::size_t>(side);
    if (side < 1 || normalised.size() != 3 * area) {
        throw std::invalid_argument("wrapped_bytes: three planes of side x side are expected");
    }
    Image image{side, side, 3, std::vector<std::uint8_t>(3 * area)};
    for (std::size_t i = 0; i < normalised.size(); ++i) {
        const float byte = std::fmod(std::trunc(255.0F * normalised[i]), 256.0F);
        if (std::isfinite(byte)) {
            image.pixels[i % area * 3 + i / area] =
                static_cast<std::uint8_t>(byte < 0 ? byte + 256.0F : byte);
        }
    }
    return image;
}

}  // namespace harrow::storage
