#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "storage/datasets/image.hpp"

namespace harrow::storage {

/// An anomaly by CutPaste (Li et al., CVPR 2021; without rotation): a rectangle of 2 to 15 % of the
/// square and of a side ratio of 0.3 to 3.3 is cut out at one place, each channel made brighter or
/// darker by up to 10 %, and pasted at another. `name` decides all that is random, and nothing else
/// does. [size, size] with 1 or 3 channels; throws std::invalid_argument for another shape.
void cut_paste(Image& image, std::string_view name);

/// Where cut_paste changes an image of [image_size, image_size]: 0 or 1, [size, size], by nearest
/// neighbour.
std::vector<std::uint8_t> cut_paste_mask(std::string_view name, int image_size, int size);

}  // namespace harrow::storage
