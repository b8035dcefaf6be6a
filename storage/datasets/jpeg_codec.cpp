#include <csetjmp>
#include <cstdio>

// In this order: jpeglib.h needs cstdio, and what it defines decides how jerror.h numbers its
// codes.
// clang-format off
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include "storage/datasets/codecs.hpp"

namespace harrow::storage {
namespace {

// libjpeg reports errors through a callback that must not return; we leave by longjmp. Functions
// that call setjmp hold no object with a destructor.

struct JpegReader {
    JpegReader() = default;
    JpegReader(const JpegReader&) = delete;
    JpegReader& operator=(const JpegReader&) = delete;
    ~JpegReader() { jpeg_destroy_decompress(&state); }

    jpeg_decompress_struct state{};
    jpeg_error_mgr manager{};
    std::jmp_buf jump{};
    char error[JMSG_LENGTH_MAX] = "";
};

[[noreturn]] void on_error(j_common_ptr state) {
    auto* reader = static_cast<JpegReader*>(state->client_data);
    state->err->format_message(state, reader->error);
    std::longjmp(reader->jump, 1);
}

/// Damage that libjpeg would paint over is an error here; harmless oddities are not.
void on_message(j_common_ptr state, int level) {
    if (level >= 0) {
        return;
    }
    switch (state->err->msg_code) {
        case JWRN_JPEG_EOF:
        case JWRN_HIT_MARKER:
        case JWRN_HUFF_BAD_CODE:
        case JWRN_ARITH_BAD_CODE:
        case JWRN_MUST_RESYNC:
            on_error(state);
        default:
            break;
    }
}

void on_output(j_common_ptr /*state*/) {}

bool read_header(JpegReader& reader, const unsigned char* bytes, unsigned long size) {
    if (setjmp(reader.jump) != 0) {
        return false;
    }
    jpeg_create_decompress(&reader.state);
    reader.state.client_data = &reader;
    jpeg_mem_src(&reader.state, bytes, size);
    jpeg_read_header(&reader.state, TRUE);
    return true;
}

bool read_pixels(JpegReader& reader, std::uint8_t* pixels, std::size_t stride) {
    if (setjmp(reader.jump) != 0) {
        return false;
    }
    jpeg_start_decompress(&reader.state);
    while (reader.state.output_scanline < reader.state.output_height) {
        JSAMPROW row = pixels + reader.state.output_scanline * stride;
        jpeg_read_scanlines(&reader.state, &row, 1);
    }
    jpeg_finish_decompress(&reader.state);
    return true;
}

}  // namespace

bool is_jpeg(std::string_view bytes) {
    return bytes.substr(0, 3) == "\xff\xd8\xff";
}

Image decode_jpeg(std::string_view bytes) {
    JpegReader reader;
    reader.state.err = jpeg_std_error(&reader.manager);
    reader.manager.error_exit = on_error;
    reader.manager.emit_message = on_message;
    reader.manager.output_message = on_output;
    reader.state.client_data = &reader;
    if (!read_header(reader, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size())) {
        throw CodecError(reader.error);
    }
    check_image_size(reader.state.image_width, reader.state.image_height);
    if (reader.state.jpeg_color_space == JCS_CMYK || reader.state.jpeg_color_space == JCS_YCCK) {
        throw CodecError("it is a CMYK JPEG; convert it to RGB");
    }
    // A block of 64 pixels takes at least one bit.
    if (std::uint64_t{reader.state.image_width} * reader.state.image_height / 512 > bytes.size()) {
        throw CodecError("the file ends early");
    }
    const bool grey = reader.state.jpeg_color_space == JCS_GRAYSCALE;
    reader.state.out_color_space = grey ? JCS_GRAYSCALE : JCS_RGB;
    Image image;
    image.width = static_cast<int>(reader.state.image_width);
    image.height = static_cast<int>(reader.state.image_height);
    image.channels = grey ? 1 : 3;
    const auto stride = static_cast<std::size_t>(image.width) * image.channels;
    image.pixels.resize(stride * image.height);
    if (!read_pixels(reader, image.pixels.data(), stride)) {
        throw CodecError(reader.error);
    }
    return image;
}

}  // namespace harrow::storage
