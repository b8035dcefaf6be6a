#pragma once

#include "storage/datasets/synthetic_anomalies.hpp"

/// Which pixels a part of an anomaly covers. Pixel (x, y) is the point (x, y).
namespace harrow::storage {

/// Columns [left, right) and rows [top, bottom); empty when right <= left or bottom <= top.
struct PixelBox {
    int left = 0, top = 0, right = 0, bottom = 0;
};

/// Everything that a part covers lies in its box, which lies in the square of `side` pixels.
PixelBox bounding_box(const AnomalyPart& part, int side);

/// Circles and lines with their border, lines with round ends; polygons by the even-odd rule, with
/// their outline. `x`, `y`: in the bounding box.
bool covers(const AnomalyPart& part, int x, int y);

}  // namespace harrow::storage
