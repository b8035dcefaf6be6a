#include "tests/unit/datasets/picture_files.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <vector>

#include <jpeglib.h>
#include <png.h>

namespace harrow::tests {

TemporaryFolder::TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "harrow-datasets-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error("cannot create " + name);
    }
    path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
}

std::string read_bytes(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

storage::Image make_picture(int width, int height, int channels) {
    storage::Image image{width, height, channels, {}};
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            for (int c = 0; c < channels; ++c) {
                image.pixels.push_back(static_cast<std::uint8_t>(x * 7 + y * 13 + x * y + c * 50));
            }
        }
    }
    return image;
}

std::string encode_raw_png(int width,
                           int height,
                           int color_type,
                           int bit_depth,
                           bool interlaced,
                           const std::string& rows) {
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png_create_info_struct(png);
    std::string bytes;
    png_set_write_fn(
        png,
        &bytes,
        [](png_structp p, png_bytep data, png_size_t count) {
            static_cast<std::string*>(png_get_io_ptr(p))
                ->append(reinterpret_cast<char*>(data), count);
        },
        nullptr);
    png_set_IHDR(png,
                 info,
                 width,
                 height,
                 bit_depth,
                 color_type,
                 interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (color_type == PNG_COLOR_TYPE_PALETTE) {
        std::vector<png_color> palette;
        for (int i = 0; i < 1 << bit_depth; ++i) {
            palette.push_back({png_byte(i), png_byte(2 * i), png_byte(255 - i)});
        }
        png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
    }
    png_write_info(png, info);
    const std::size_t stride = png_get_rowbytes(png, info);
    std::string copy = rows;
    std::vector<png_bytep> pointers;
    for (int y = 0; y < height; ++y) {
        pointers.push_back(reinterpret_cast<png_bytep>(&copy.at(y * stride)));
    }
    png_write_image(png, pointers.data());
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return bytes;
}

std::string encode_flat_jpeg(int width, int height, int channels, std::uint8_t value) {
    jpeg_compress_struct state{};
    jpeg_error_mgr errors{};
    state.err = jpeg_std_error(&errors);
    jpeg_create_compress(&state);
    unsigned char* buffer = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&state, &buffer, &size);
    state.image_width = width;
    state.image_height = height;
    state.input_components = channels;
    state.in_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
    jpeg_set_defaults(&state);
    jpeg_set_quality(&state, 95, TRUE);
    jpeg_start_compress(&state, TRUE);
    std::vector<JSAMPLE> row(static_cast<std::size_t>(width) * channels, value);
    JSAMPROW rows[] = {row.data()};
    while (state.next_scanline < state.image_height) {
        jpeg_write_scanlines(&state, rows, 1);
    }
    jpeg_finish_compress(&state);
    std::string bytes(reinterpret_cast<char*>(buffer), size);
    jpeg_destroy_compress(&state);
    std::free(buffer);
    return bytes;
}

}  // namespace harrow::tests
