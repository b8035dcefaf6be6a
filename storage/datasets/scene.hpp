#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>

#include "sweeps/random.hpp"

namespace harrow::storage {

/// A picture before light and noise. Its area is [-1, 1] x [-1, 1], y downwards; lengths, distances
/// and widths below are in these units. Colours are linear in [0, 1].
struct Point {
    double x = 0.0;
    double y = 0.0;
};

struct Rgb {
    double r = 0.0;
    double g = 0.0;
    double b = 0.0;
};

inline Point operator+(Point a, Point b) {
    return {a.x + b.x, a.y + b.y};
}
inline Point operator-(Point a, Point b) {
    return {a.x - b.x, a.y - b.y};
}
inline Point operator*(Point a, double s) {
    return {a.x * s, a.y * s};
}
inline double dot(Point a, Point b) {
    return a.x * b.x + a.y * b.y;
}
inline double length(Point a) {
    return std::sqrt(dot(a, a));
}

inline Rgb operator+(Rgb a, Rgb b) {
    return {a.r + b.r, a.g + b.g, a.b + b.b};
}
inline Rgb operator*(Rgb a, double s) {
    return {a.r * s, a.g * s, a.b * s};
}
inline Rgb mix(Rgb a, Rgb b, double t) {
    return a * (1.0 - t) + b * t;
}
inline double clamp01(double value) {
    return std::clamp(value, 0.0, 1.0);
}

/// 0 below `low`, 1 above `high`, smooth between.
inline double ramp(double low, double high, double value) {
    const double t = clamp01((value - low) / (high - low));
    return t * t * (3.0 - 2.0 * t);
}

/// Share of a pixel of width `pixel` inside a shape at signed distance `distance` (< 0 inside).
inline double coverage(double distance, double pixel) {
    return clamp01(0.5 - distance / pixel);
}

/// Where a drawing lies: picture coordinates to its own, turned about `center` and scaled.
struct Pose {
    Point center;
    Point axis = {1.0, 0.0};  ///< unit vector of the drawing's x in the picture
    double scale = 1.0;

    Point to_local(Point p) const {
        const Point q = (p - center) * (1.0 / scale);
        return {dot(q, axis), axis.x * q.y - axis.y * q.x};
    }
};

Pose make_pose(Point center, double angle_rad, double scale);

class Scene {
public:
    Scene() = default;
    Scene(const Scene&) = delete;
    Scene& operator=(const Scene&) = delete;
    virtual ~Scene() = default;

    /// `pixel` is the width of a pixel, for smooth edges.
    virtual Rgb color(Point p, double pixel) const = 0;
    /// What shows where a piece of the part is missing.
    virtual Rgb background(Point p) const = 0;
    /// Signed distance to the part that is inspected, < 0 inside. A texture without single parts is
    /// inside everywhere.
    virtual double part(Point p) const = 0;
};

/// What stays equal for all pictures of a class; drawn once from the class's stream.
struct Look {
    int palette = 0;         ///< 0 … kNumPalettes - 1
    std::uint64_t seed = 0;  ///< for patterns that repeat in every picture
    double variation = 0.0;  ///< [-1, 1]: counts, proportions
};

inline constexpr int kNumPalettes = 4;

/// The random stream gives what differs between two pictures: pose, offsets, wear.
using SceneMaker = std::unique_ptr<Scene> (*)(const Look&, sweeps::RandomStream&);

std::unique_ptr<Scene> make_weave(const Look& look, sweeps::RandomStream& random);
std::unique_ptr<Scene> make_grain(const Look& look, sweeps::RandomStream& random);
std::unique_ptr<Scene> make_tiles(const Look& look, sweeps::RandomStream& random);
std::unique_ptr<Scene> make_dots(const Look& look, sweeps::RandomStream& random);

std::unique_ptr<Scene> make_capsule(const Look& look, sweeps::RandomStream& random);
std::unique_ptr<Scene> make_gear(const Look& look, sweeps::RandomStream& random);
std::unique_ptr<Scene> make_washer(const Look& look, sweeps::RandomStream& random);
std::unique_ptr<Scene> make_bolt(const Look& look, sweeps::RandomStream& random);

}  // namespace harrow::storage
