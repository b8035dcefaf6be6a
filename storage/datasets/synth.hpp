#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace harrow::storage {

struct SynthOptions {
    int classes = 6;  ///< 1 … 64
    int size = 128;   ///< pixels per side, 32 … 1024
    std::uint64_t seed =
        0;  ///< equal options give equal pictures; class k does not depend on `classes`
    std::string layout = "mvtec";  ///< one of layouts(); the pictures do not depend on it
};

/// Draws a data set of textures and objects with defects and masks, as PNG.
/// Per class: 30 train/good, 12 test/good and three kinds of defect with 6 images each; in layout
/// mvtec_ad2 6 validation/good too, and the classes are called as those of MVTec AD 2.
/// Everything is written beside `root` first and renamed into place at the end. Throws
/// sweeps::UsageError when an option is out of range or `root` exists and is not an empty
/// directory, sweeps::StorageError when writing fails (nothing is left behind then).
void write_synthetic_dataset(const std::filesystem::path& root, const SynthOptions& options);

}  // namespace harrow::storage
