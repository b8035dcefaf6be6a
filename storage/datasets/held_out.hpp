#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/datasets/dataset.hpp"
#include "sweeps/validation.hpp"

namespace harrow::storage {

/// Which of a class's training images are held out, by their paths; ascending. `images`: all of
/// them, each with a relative_path.
template <typename Images>
std::vector<std::int64_t> held_out_images(const std::string& layout,
                                          const Images& images,
                                          double holdout) {
    std::vector<std::string> names;
    for (const auto& image : images) {
        names.emplace_back(path_in_split(layout, image.relative_path));
    }
    return sweeps::held_out(names, holdout);
}

}  // namespace harrow::storage
