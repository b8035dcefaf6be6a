#pragma once

#include <string>
#include <vector>

#include "storage/datasets/dataset.hpp"

namespace harrow::worker {

/// Images of one class and split of a listed data set, in its order; part of `dataset`. Those of
/// any split but "test" and "validation" are the training images. Throws sweeps::DataError when
/// there are none.
const std::vector<storage::ImageEntry>& split_images(const storage::Dataset& dataset,
                                                     const std::string& class_name,
                                                     const std::string& split);

}  // namespace harrow::worker
