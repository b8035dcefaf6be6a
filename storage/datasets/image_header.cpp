#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>

#include "storage/datasets/codecs.hpp"
#include "storage/datasets/image.hpp"
#include "sweeps/error.hpp"

namespace harrow::storage {
namespace {

// Formats: ISO/IEC 15948 (PNG) 11.2.2 IHDR; ITU-T T.81 (JPEG) B.2.2 frame header.

template <std::size_t Count>
std::optional<std::array<unsigned char, Count>> read_some(std::ifstream& file) {
    std::array<unsigned char, Count> bytes{};
    if (!file.read(reinterpret_cast<char*>(bytes.data()), Count)) {
        return std::nullopt;
    }
    return bytes;
}

std::int64_t big_endian(const unsigned char* bytes, int count) {
    std::int64_t value = 0;
    for (int i = 0; i < count; ++i) {
        value = value << 8 | bytes[i];
    }
    return value;
}

ImageSize checked(std::int64_t width, std::int64_t height) {
    check_image_size(width, height);
    return {static_cast<int>(width), static_cast<int>(height)};
}

ImageSize png_size(std::ifstream& file) {
    const auto chunk = read_some<16>(file);  // length, "IHDR", width, height
    if (!chunk) {
        throw CodecError("it ends inside the PNG header");
    }
    if (std::memcmp(chunk->data() + 4, "IHDR", 4) != 0) {
        throw CodecError("its PNG header is corrupt");
    }
    return checked(big_endian(chunk->data() + 8, 4), big_endian(chunk->data() + 12, 4));
}

bool is_frame_header(unsigned char marker) {
    constexpr unsigned char kHuffmanTables = 0xC4, kReserved = 0xC8, kArithmeticTables = 0xCC;
    return marker >= 0xC0 && marker <= 0xCF && marker != kHuffmanTables && marker != kReserved &&
           marker != kArithmeticTables;
}

ImageSize jpeg_size(std::ifstream& file) {
    file.seekg(2);
    while (const auto marker = read_some<2>(file)) {
        if ((*marker)[0] != 0xFF) {
            throw CodecError("its JPEG header is corrupt");
        }
        if ((*marker)[1] == 0xFF) {  // fill byte
            file.seekg(-1, std::ios::cur);
            continue;
        }
        const auto length = read_some<2>(file);
        if (!length || big_endian(length->data(), 2) < 2) {
            break;
        }
        if (!is_frame_header((*marker)[1])) {
            file.seekg(big_endian(length->data(), 2) - 2, std::ios::cur);
            continue;
        }
        const auto frame = read_some<5>(file);  // sample precision, height, width
        if (!frame) {
            break;
        }
        return checked(big_endian(frame->data() + 3, 2), big_endian(frame->data() + 1, 2));
    }
    throw CodecError("it ends inside the JPEG header");
}

ImageSize size_of(std::ifstream& file) {
    std::array<char, 8> magic{};
    file.read(magic.data(), magic.size());
    const std::string_view bytes(magic.data(), static_cast<std::size_t>(file.gcount()));
    file.clear();
    if (is_png(bytes)) {
        return png_size(file);
    }
    if (is_jpeg(bytes)) {
        return jpeg_size(file);
    }
    throw CodecError(bytes.empty() ? "it is empty" : "it is neither PNG nor JPEG");
}

}  // namespace

ImageSize probe_image(const std::filesystem::path& path) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw sweeps::DataError("image " + path.string() + " cannot be opened (" +
                                std::strerror(errno) + "); check that it exists and may be read");
    }
    try {
        return size_of(file);
    } catch (const CodecError& error) {
        throw sweeps::DataError("image " + path.string() + " cannot be used: " + error.what() +
                                "; expected a PNG or JPEG, replace the file");
    }
}

}  // namespace harrow::storage
