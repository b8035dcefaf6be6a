#pragma once

#include <filesystem>
#include <string>

#include "storage/datasets/image.hpp"

namespace harrow::tests {

/// A directory of its own for one test; removed with everything in it.
class TemporaryFolder {
public:
    TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder();
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// Creates missing parents.
void write_bytes(const std::filesystem::path& path, const std::string& bytes);
std::string read_bytes(const std::filesystem::path& path);

/// Reproducible picture without two equal rows or columns.
storage::Image make_picture(int width, int height, int channels);

/// Samples as the PNG holds them: `color_type` and `bit_depth` in libpng's numbers, rows packed.
/// A palette picture gets the grey ramp (i, 2i, 255 - i) as its palette.
std::string encode_raw_png(
    int width, int height, int color_type, int bit_depth, bool interlaced, const std::string& rows);

/// `channels`: 1 grey, 3 RGB, 4 CMYK. Samples of every pixel are equal to `value`.
std::string encode_flat_jpeg(int width, int height, int channels, std::uint8_t value);

}  // namespace harrow::tests
