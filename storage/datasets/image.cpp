#include "storage/datasets/image.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "storage/datasets/codecs.hpp"
#include "storage/files.hpp"
#include "sweeps/error.hpp"

namespace harrow::storage {
namespace {

Image decode(std::string_view bytes, LowByte low_byte) {
    if (is_png(bytes)) {
        return decode_png(bytes, low_byte);
    }
    if (is_jpeg(bytes)) {
        return decode_jpeg(bytes);
    }
    throw CodecError(bytes.empty() ? "it is empty" : "it is neither PNG nor JPEG");
}

Image decode_named(std::string_view bytes, const std::filesystem::path& path, LowByte low_byte) {
    try {
        return decode(bytes, low_byte);
    } catch (const CodecError& error) {
        throw sweeps::DataError("image " + path.string() + " cannot be decoded: " + error.what() +
                                "; expected a complete PNG or JPEG, replace the file");
    }
}

}  // namespace

void check_image_size(std::int64_t width, std::int64_t height) {
    if (width < 1 || height < 1 || width > kMaxSide || height > kMaxSide ||
        width > kMaxPixels / height) {
        throw CodecError("its header says " + std::to_string(width) + " x " +
                         std::to_string(height) +
                         " pixels; up to 2^28 pixels and 2^20 per side are accepted");
    }
    if (std::max(width, height) > kMaxAspect * std::min(width, height)) {
        throw CodecError("it is too thin: " + std::to_string(width) + " x " +
                         std::to_string(height) + " pixels, where the longer side may be at most " +
                         std::to_string(kMaxAspect) + " times the shorter; cut it into pieces");
    }
}

std::string read_image_bytes(const std::filesystem::path& path) {
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(path, error);
    std::ifstream file;
    if (!error) {
        file.open(path, std::ios::binary);
    }
    if (error || !file) {
        throw sweeps::DataError("image " + path.string() + " cannot be opened (" +
                                (error ? error.message() : std::strerror(errno)) +
                                "); check that it exists and may be read");
    }
    std::string bytes(size, '\0');
    file.read(bytes.data(), static_cast<std::streamsize>(size));
    bytes.resize(static_cast<std::size_t>(file.gcount()));
    return bytes;
}

Image decode_image(std::string_view bytes, const std::filesystem::path& path) {
    return decode_named(bytes, path, LowByte::Drop);
}

Image read_image(const std::filesystem::path& path) {
    return decode_image(read_image_bytes(path), path);
}

Image read_mask(const std::filesystem::path& path) {
    return decode_named(read_image_bytes(path), path, LowByte::NonZero);
}

Image in_color(Image image) {
    if (image.channels == 3) {
        return image;
    }
    std::vector<std::uint8_t> pixels(image.pixels.size() * 3);
    for (std::size_t i = 0; i < image.pixels.size(); ++i) {
        std::memset(&pixels[3 * i], image.pixels[i], 3);
    }
    image.channels = 3;
    image.pixels = std::move(pixels);
    return image;
}

Image read_rgb(const std::filesystem::path& path) {
    return in_color(read_image(path));
}

void write_png(const std::filesystem::path& path, const Image& image) {
    write_file_atomic(path, encode_png(image));
}

}  // namespace harrow::storage
