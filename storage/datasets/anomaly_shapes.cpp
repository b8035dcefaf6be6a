#include "storage/datasets/anomaly_shapes.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace harrow::storage {
namespace {

struct Vertex {
    double x = 0, y = 0;
};

std::size_t num_points(const AnomalyPart& part) {
    return part.geometry.size() / 2;
}

Vertex point_of(const AnomalyPart& part, std::size_t i) {
    return {static_cast<double>(part.geometry[2 * i]),
            static_cast<double>(part.geometry[2 * i + 1])};
}

/// How far lines and outlines reach from the points on them.
double reach(const AnomalyPart& part) {
    return part.kind == "line" ? part.thickness / 2.0 : 0.5;
}

double squared_distance(Vertex p, Vertex a, Vertex b) {
    const double dx = b.x - a.x, dy = b.y - a.y;
    const double length = dx * dx + dy * dy;
    const double along =
        length > 0 ? std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / length, 0.0, 1.0) : 0.0;
    const double x = p.x - a.x - along * dx, y = p.y - a.y - along * dy;
    return x * x + y * y;
}

bool is_near_edge(const AnomalyPart& part, Vertex p, bool is_closed) {
    const std::size_t points = num_points(part);
    const double limit = reach(part) * reach(part);
    for (std::size_t i = is_closed ? 0 : 1; i < points; ++i) {
        const Vertex before = point_of(part, i == 0 ? points - 1 : i - 1);
        if (squared_distance(p, before, point_of(part, i)) <= limit) {
            return true;
        }
    }
    return false;
}

bool is_inside(const AnomalyPart& part, Vertex p) {
    bool inside = false;
    const std::size_t points = num_points(part);
    for (std::size_t i = 0; i < points; ++i) {
        const Vertex a = point_of(part, i == 0 ? points - 1 : i - 1), b = point_of(part, i);
        if ((a.y > p.y) != (b.y > p.y) && p.x < a.x + (p.y - a.y) * (b.x - a.x) / (b.y - a.y)) {
            inside = !inside;
        }
    }
    return inside;
}

bool has_points(const AnomalyPart& part) {
    return part.kind == "line" || part.kind == "polygon";
}

}  // namespace

PixelBox bounding_box(const AnomalyPart& part, int side) {
    const std::vector<int>& numbers = part.geometry;
    PixelBox box;
    if (has_points(part)) {
        const int margin = static_cast<int>(std::ceil(reach(part)));
        box = {side, side, 0, 0};
        for (std::size_t i = 0; i + 1 < numbers.size(); i += 2) {
            box.left = std::min(box.left, numbers[i] - margin);
            box.right = std::max(box.right, numbers[i] + margin + 1);
            box.top = std::min(box.top, numbers[i + 1] - margin);
            box.bottom = std::max(box.bottom, numbers[i + 1] + margin + 1);
        }
    } else if (part.kind == "circle") {
        box = {numbers[0] - numbers[2],
               numbers[1] - numbers[3],
               numbers[0] + numbers[2] + 1,
               numbers[1] + numbers[3] + 1};
    } else {
        const std::size_t extent = part.kind == "patch" ? 4 : 2;
        box = {
            numbers[0], numbers[1], numbers[0] + numbers[extent], numbers[1] + numbers[extent + 1]};
    }
    return {std::max(box.left, 0),
            std::max(box.top, 0),
            std::min(box.right, side),
            std::min(box.bottom, side)};
}

bool covers(const AnomalyPart& part, int x, int y) {
    if (has_points(part)) {
        const Vertex p{static_cast<double>(x), static_cast<double>(y)};
        const bool is_polygon = part.kind == "polygon";
        return is_near_edge(part, p, is_polygon) || (is_polygon && is_inside(part, p));
    }
    if (part.kind == "circle") {
        const int dx = x - part.geometry[0], dy = y - part.geometry[1];
        return dx * dx + dy * dy <= part.geometry[2] * part.geometry[3];
    }
    return true;
}

}  // namespace harrow::storage
