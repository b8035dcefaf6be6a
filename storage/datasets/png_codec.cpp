#include <csetjmp>
#include <cstring>

#include <png.h>

#include "storage/datasets/codecs.hpp"

namespace harrow::storage {
namespace {

// libpng reports errors by longjmp. Functions below that call setjmp hold no object with a
// destructor, and whatever must outlive the jump sits in the struct their caller owns.

// Deflate cannot shrink by more than 1032:1, so a header may not promise more than this.
constexpr std::uint64_t kMaxExpansion = 1100;
constexpr int kCompressionLevel = 6;

struct PngReader {
    explicit PngReader(std::string_view bytes) : input(bytes) {}
    PngReader(const PngReader&) = delete;
    PngReader& operator=(const PngReader&) = delete;
    ~PngReader() { png_destroy_read_struct(&png, &info, nullptr); }

    std::string_view input;
    std::size_t offset = 0;
    std::uint64_t source_bytes = 0;  // of the picture as stored, before compression
    char error[160] = "";
    png_structp png = nullptr;
    png_infop info = nullptr;
};

struct PngWriter {
    PngWriter() = default;
    PngWriter(const PngWriter&) = delete;
    PngWriter& operator=(const PngWriter&) = delete;
    ~PngWriter() { png_destroy_write_struct(&png, &info); }

    std::string output;
    char error[160] = "";
    png_structp png = nullptr;
    png_infop info = nullptr;
};

template <typename Owner>
void on_error(png_structp png, png_const_charp message) {
    auto* owner = static_cast<Owner*>(png_get_error_ptr(png));
    std::strncpy(owner->error, message, sizeof owner->error - 1);
    png_longjmp(png, 1);
}

void on_warning(png_structp /*png*/, png_const_charp /*message*/) {}

void on_read(png_structp png, png_bytep target, std::size_t count) {
    auto* reader = static_cast<PngReader*>(png_get_io_ptr(png));
    if (count > reader->input.size() - reader->offset) {
        png_error(png, "the file ends early");
    }
    std::memcpy(target, reader->input.data() + reader->offset, count);
    reader->offset += count;
}

bool append_bytes(std::string& output, png_bytep bytes, std::size_t count) noexcept {
    try {
        output.append(reinterpret_cast<const char*>(bytes), count);
        return true;
    } catch (const std::bad_alloc&) {
        return false;
    }
}

void on_write(png_structp png, png_bytep bytes, std::size_t count) {
    auto* writer = static_cast<PngWriter*>(png_get_io_ptr(png));
    if (!append_bytes(writer->output, bytes, count)) {
        png_error(png, "out of memory");
    }
}

void on_flush(png_structp /*png*/) {}

/// libpng makes room for a chunk before it sees that the file is shorter; we look first.
void check_chunk_lengths(std::string_view png) {
    constexpr std::size_t kSignatureBytes = 8;
    constexpr std::size_t kFrameBytes = 12;  // length, type and checksum of a chunk
    for (png.remove_prefix(kSignatureBytes); png.size() >= kFrameBytes;) {
        const std::size_t length = png_get_uint_32(reinterpret_cast<png_const_bytep>(png.data()));
        const bool is_last = png.substr(4, 4) == "IEND";
        if (length > png.size() - kFrameBytes) {
            throw CodecError("the file ends early: a chunk is longer than what is left");
        }
        if (is_last) {
            return;
        }
        png.remove_prefix(length + kFrameBytes);
    }
}

bool read_header(PngReader& reader) {
    if (setjmp(png_jmpbuf(reader.png)) != 0) {
        return false;
    }
    png_set_user_limits(reader.png, 0x7FFFFFFF, 0x7FFFFFFF);  // check_image_size has ours
    png_set_read_fn(reader.png, &reader, on_read);
    png_read_info(reader.png, reader.info);
    reader.source_bytes = std::uint64_t{png_get_rowbytes(reader.png, reader.info)} *
                          png_get_image_height(reader.png, reader.info);
    return true;
}

/// Sets up the conversion to grey or RGB, of 8 bits unless the low byte counts; makes room for a
/// row.
bool prepare_rows(PngReader& reader, LowByte low_byte) {
    if (setjmp(png_jmpbuf(reader.png)) != 0) {
        return false;
    }
    png_set_expand(reader.png);  // palette to RGB, 1, 2 and 4 bits to 8, transparency to alpha
    if (low_byte == LowByte::Drop) {
        png_set_strip_16(reader.png);
    }
    png_set_strip_alpha(reader.png);
    png_set_interlace_handling(reader.png);
    png_read_update_info(reader.png, reader.info);
    return true;
}

bool read_pixels(PngReader& reader, std::uint8_t* pixels, std::size_t stride, png_uint_32 height) {
    if (setjmp(png_jmpbuf(reader.png)) != 0) {
        return false;
    }
    const bool interlaced = png_get_interlace_type(reader.png, reader.info) != PNG_INTERLACE_NONE;
    for (int pass = 0; pass < (interlaced ? PNG_INTERLACE_ADAM7_PASSES : 1); ++pass) {
        for (png_uint_32 row = 0; row < height; ++row) {
            png_read_row(reader.png, pixels + row * stride, nullptr);
        }
    }
    png_read_end(reader.png, nullptr);  // so that a cut in the last chunks is noticed as well
    return true;
}

bool write_picture(PngWriter& writer, const Image& image) {
    if (setjmp(png_jmpbuf(writer.png)) != 0) {
        return false;
    }
    png_set_write_fn(writer.png, &writer, on_write, on_flush);
    png_set_compression_level(writer.png, kCompressionLevel);
    png_set_IHDR(writer.png,
                 writer.info,
                 static_cast<png_uint_32>(image.width),
                 static_cast<png_uint_32>(image.height),
                 8,
                 image.channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY,
                 PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(writer.png, writer.info);
    const auto stride = static_cast<std::size_t>(image.width) * image.channels;
    for (int row = 0; row < image.height; ++row) {
        png_write_row(writer.png, image.pixels.data() + row * stride);
    }
    png_write_end(writer.png, nullptr);
    return true;
}

/// Big-endian 16-bit samples to 8 bits in place: the high byte, but 1 where only it is zero.
void keep_non_zero(std::vector<std::uint8_t>& samples) {
    for (std::size_t i = 0; i < samples.size() / 2; ++i) {
        const std::uint8_t high = samples[2 * i];
        samples[i] = high == 0 && samples[2 * i + 1] != 0 ? 1 : high;
    }
    samples.resize(samples.size() / 2);
}

}  // namespace

bool is_png(std::string_view bytes) {
    constexpr std::string_view kSignature("\x89PNG\r\n\x1a\n", 8);
    return bytes.substr(0, kSignature.size()) == kSignature;
}

Image decode_png(std::string_view bytes, LowByte low_byte) {
    check_chunk_lengths(bytes);
    PngReader reader(bytes);
    reader.png =
        png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, on_error<PngReader>, on_warning);
    reader.info = reader.png != nullptr ? png_create_info_struct(reader.png) : nullptr;
    if (reader.info == nullptr) {
        throw std::bad_alloc();
    }
    if (!read_header(reader)) {
        throw CodecError(reader.error);
    }
    const png_uint_32 width = png_get_image_width(reader.png, reader.info);
    const png_uint_32 height = png_get_image_height(reader.png, reader.info);
    check_image_size(width, height);
    if (reader.source_bytes > bytes.size() * kMaxExpansion) {
        throw CodecError("the file ends early");
    }
    if (!prepare_rows(reader, low_byte)) {
        throw CodecError(reader.error);
    }
    const std::size_t stride = png_get_rowbytes(reader.png, reader.info);
    Image image;
    image.width = static_cast<int>(width);
    image.height = static_cast<int>(height);
    image.channels = png_get_channels(reader.png, reader.info);
    image.pixels.resize(stride * height);
    if (!read_pixels(reader, image.pixels.data(), stride, height)) {
        throw CodecError(reader.error);
    }
    if (png_get_bit_depth(reader.png, reader.info) == 16) {
        keep_non_zero(image.pixels);
    }
    return image;
}

std::string encode_png(const Image& image) {
    const auto expected = static_cast<std::size_t>(image.width) * image.height * image.channels;
    if (image.width < 1 || image.height < 1 || (image.channels != 1 && image.channels != 3) ||
        image.pixels.size() != expected) {
        throw std::invalid_argument("encode_png: not an 8-bit grey or RGB picture");
    }
    PngWriter writer;
    writer.png =
        png_create_write_struct(PNG_LIBPNG_VER_STRING, &writer, on_error<PngWriter>, on_warning);
    writer.info = writer.png != nullptr ? png_create_info_struct(writer.png) : nullptr;
    if (writer.info == nullptr) {
        throw std::bad_alloc();
    }
    if (!write_picture(writer, image)) {
        throw std::runtime_error("encode_png: " + std::string(writer.error));
    }
    return std::move(writer.output);
}

}  // namespace harrow::storage
