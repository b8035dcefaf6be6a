#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace harrow::storage {

/// 8-bit picture, rows top to bottom, [height, width, channels].
struct Image {
    int width = 0;
    int height = 0;
    int channels = 0;  ///< 1 (grey) or 3 (red, green, blue)
    std::vector<std::uint8_t> pixels;
};

/// Reads a PNG or JPEG file, recognised by its content and not by its name. Palettes are expanded,
/// 16-bit samples keep their high byte, alpha is dropped without blending (as PIL's
/// convert("RGB")). Throws sweeps::DataError naming the file when it is missing, truncated,
/// corrupt, no image, larger than 2^28 pixels, longer than 2^20, thinner than 1:64, or a CMYK JPEG.
Image read_image(const std::filesystem::path& path);

/// read_image in two steps, for those who need the file's bytes too; `path` is for messages.
std::string read_image_bytes(const std::filesystem::path& path);
Image decode_image(std::string_view bytes, const std::filesystem::path& path);

/// As read_image, for pictures of which only "zero or not" counts: a 16-bit sample that is not zero
/// stays so, however small it is.
Image read_mask(const std::filesystem::path& path);

/// Grey is replicated to three channels.
Image in_color(Image image);
/// As read_image, in colour.
Image read_rgb(const std::filesystem::path& path);

struct ImageSize {
    int width = 0;
    int height = 0;
};

/// Width and height from the first bytes of a PNG or JPEG file; decodes nothing, so that a file cut
/// off later passes. Throws sweeps::DataError like read_image.
ImageSize probe_image(const std::filesystem::path& path);

/// PNG bytes of an image; equal images give equal bytes.
std::string encode_png(const Image& image);

/// Writes a PNG through a temporary file in the same directory and a rename: the path holds the
/// whole picture or what it held before. Throws sweeps::StorageError naming path and cause.
void write_png(const std::filesystem::path& path, const Image& image);

}  // namespace harrow::storage
