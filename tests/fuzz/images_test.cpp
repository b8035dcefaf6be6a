// Damaged PNG and JPEG files: a picture or a refusal, never a crash or a huge allocation.
#include <cstdlib>
#include <vector>

#include <gtest/gtest.h>
#include <jpeglib.h>

#include "storage/datasets/codecs.hpp"
#include "storage/datasets/image.hpp"
#include "sweeps/error.hpp"
#include "tests/fuzz/fuzzing.hpp"
#include "tests/unit/datasets/picture_files.hpp"

namespace harrow::tests {
namespace {

using storage::Image;
using sweeps::RandomStream;

constexpr int kShortCount = 4000;
constexpr int kFileEvery = 16;  ///< one input in so many goes through a file as well

struct Outcome {
    int accepted = 0;
    int refused = 0;
};

void expect_sound(const Image& image) {
    ASSERT_GE(image.width, 1);
    ASSERT_GE(image.height, 1);
    ASSERT_TRUE(image.channels == 1 || image.channels == 3);
    ASSERT_EQ(image.pixels.size(),
              static_cast<std::size_t>(image.width) * image.height * image.channels);
}

class ImagesFuzzTest : public ::testing::Test {
protected:
    ImagesFuzzTest() { refuse_large_allocations(); }

    void decode(const std::string& bytes, bool is_png, Outcome& outcome) {
        try {
            expect_sound(is_png ? storage::decode_png(bytes) : storage::decode_jpeg(bytes));
            ++outcome.accepted;
        } catch (const storage::CodecError& error) {
            EXPECT_STRNE(error.what(), "");
            ++outcome.refused;
        }
    }

    void read(const std::string& bytes) {
        const std::filesystem::path path = folder_.path() / "picture";
        std::filesystem::remove(path);  // overwriting makes some file systems wait for the disk
        write_bytes(path, bytes);
        try {
            const storage::ImageSize size = storage::probe_image(path);
            EXPECT_GE(size.width, 1);
            EXPECT_GE(size.height, 1);
        } catch (const sweeps::DataError&) {
        }
        try {
            expect_sound(storage::read_rgb(path));
        } catch (const sweeps::DataError&) {
        }
    }

    template <typename Mutate>
    void run(const std::vector<std::string>& files, bool is_png, const Mutate& mutate_file) {
        const int count = fuzz_count(kShortCount);
        Outcome outcome;
        for (int i = 0; i < count; ++i) {
            RandomStream random(static_cast<std::uint64_t>(i), is_png ? "png" : "jpeg");
            std::string bytes = files[random.below(files.size())];
            for (std::uint64_t n = 1 + random.below(3); n > 0; --n) {
                mutate_file(bytes, random);
            }
            decode(bytes, is_png, outcome);
            if (i % kFileEvery == 0) {
                read(bytes);
            }
            if (HasFatalFailure()) {
                FAIL() << "input " << i;
            }
        }
        RecordProperty("accepted", outcome.accepted);
        std::printf(
            "%d inputs: %d pictures, %d refusals\n", count, outcome.accepted, outcome.refused);
        EXPECT_GT(outcome.accepted, count / 50);  // the mutations reach the pixels
        EXPECT_GT(outcome.refused, count / 10);
    }

    TemporaryFolder folder_;
};

// PNG: signature, then chunks of length, type, data, CRC.

std::uint32_t crc_of(std::string_view bytes) {
    std::uint32_t crc = 0xFFFFFFFFU;
    for (const char byte : bytes) {
        crc ^= static_cast<unsigned char>(byte);
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc & 1U) != 0 ? crc >> 1 ^ 0xEDB88320U : crc >> 1;
        }
    }
    return ~crc;
}

std::string four_bytes(std::uint32_t value) {
    return {static_cast<char>(value >> 24),
            static_cast<char>(value >> 16),
            static_cast<char>(value >> 8),
            static_cast<char>(value)};
}

std::uint32_t read_four(std::string_view bytes) {
    std::uint32_t value = 0;
    for (const char byte : bytes.substr(0, 4)) {
        value = value << 8 | static_cast<unsigned char>(byte);
    }
    return value;
}

struct Chunk {
    std::string type;
    std::string data;
};

constexpr std::size_t kSignatureBytes = 8;

/// As far as the chunks go; what follows is dropped.
std::vector<Chunk> chunks_of(std::string_view png) {
    std::vector<Chunk> chunks;
    png.remove_prefix(std::min(kSignatureBytes, png.size()));
    while (png.size() >= 12 && read_four(png) <= png.size() - 12) {
        const std::size_t length = read_four(png);
        chunks.push_back({std::string(png.substr(4, 4)), std::string(png.substr(8, length))});
        png.remove_prefix(length + 12);
    }
    return chunks;
}

std::string png_of(const std::vector<Chunk>& chunks) {
    std::string png("\x89PNG\r\n\x1a\n", kSignatureBytes);
    for (const Chunk& chunk : chunks) {
        png += four_bytes(static_cast<std::uint32_t>(chunk.data.size())) + chunk.type + chunk.data +
               four_bytes(crc_of(chunk.type + chunk.data));
    }
    return png;
}

/// Half of the time in bytes, whatever they are; else in chunks that are whole again afterwards.
void mutate_png(std::string& png, RandomStream& random) {
    if (random.below(2) == 0) {
        mutate(png, kSignatureBytes, random);
        return;
    }
    std::vector<Chunk> chunks = chunks_of(png);
    if (chunks.empty()) {
        return;
    }
    static const char* const kTypes[] = {"PLTE",
                                         "tRNS",
                                         "gAMA",
                                         "iCCP",
                                         "sBIT",
                                         "zTXt",
                                         "iTXt",
                                         "bKGD",
                                         "hIST",
                                         "pHYs",
                                         "sPLT",
                                         "cHRM",
                                         "tIME",
                                         "IDAT",
                                         "IEND",
                                         "IHDR",
                                         "eXIf",
                                         "acTL",
                                         "QQQQ"};
    const std::size_t at = random.below(chunks.size());
    switch (random.below(6)) {
        case 0:
            chunks.insert(chunks.begin() + static_cast<std::ptrdiff_t>(at), chunks[at]);
            break;
        case 1:
            chunks.erase(chunks.begin() + static_cast<std::ptrdiff_t>(at));
            break;
        case 2:
            chunks.insert(
                chunks.begin() + static_cast<std::ptrdiff_t>(at),
                {kTypes[random.below(std::size(kTypes))], random_bytes(random.below(80), random)});
            break;
        case 3:  // width, height, depth, colour, compression, filter or interlacing
            if (chunks[0].data.size() >= 13) {
                chunks[0].data[random.below(13)] = static_cast<char>(random.below(256));
            }
            break;
        default:
            mutate(chunks[at].data, 0, random);
    }
    png = png_of(chunks);
}

/// All colour types, depths and interlacings of the format, with random pixels.
std::vector<std::string> png_files() {
    RandomStream random(5);
    std::vector<std::string> files = {storage::encode_png(make_picture(60, 40, 3))};
    const std::pair<int, std::vector<int>> kinds[] = {
        {0, {1, 2, 4, 8, 16}}, {2, {8, 16}}, {3, {1, 2, 4, 8}}, {4, {8, 16}}, {6, {8, 16}}};
    for (const auto& [color_type, depths] : kinds) {
        for (const int depth : depths) {
            for (const bool interlaced : {false, true}) {
                const std::string rows = random_bytes(std::size_t{40} * 30 * 8, random);
                files.push_back(encode_raw_png(33, 21, color_type, depth, interlaced, rows));
            }
        }
    }
    return files;
}

TEST_F(ImagesFuzzTest, DamagedPngFiles) {
    run(png_files(), true, mutate_png);
}

// JPEG: markers 0xFF xx with a length, then entropy-coded data.

struct JpegKind {
    int channels;  ///< 1, 3, or 4: CMYK
    bool progressive;
    int sampling;  ///< of luma, 1 or 2
    int restart_interval;
};

std::string encode_jpeg(const Image& image, const JpegKind& kind) {
    jpeg_compress_struct state{};
    jpeg_error_mgr errors{};
    state.err = jpeg_std_error(&errors);
    jpeg_create_compress(&state);
    unsigned char* buffer = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&state, &buffer, &size);
    state.image_width = static_cast<JDIMENSION>(image.width);
    state.image_height = static_cast<JDIMENSION>(image.height);
    state.input_components = kind.channels;
    state.in_color_space = kind.channels == 1   ? JCS_GRAYSCALE
                           : kind.channels == 3 ? JCS_RGB
                                                : JCS_CMYK;
    jpeg_set_defaults(&state);
    jpeg_set_quality(&state, 60, TRUE);
    if (kind.progressive) {
        jpeg_simple_progression(&state);
    }
    state.comp_info[0].h_samp_factor = kind.sampling;
    state.comp_info[0].v_samp_factor = kind.sampling;
    state.restart_interval = static_cast<unsigned>(kind.restart_interval);
    jpeg_start_compress(&state, TRUE);
    std::vector<JSAMPLE> row(static_cast<std::size_t>(image.width) * kind.channels);
    JSAMPROW rows[] = {row.data()};
    while (state.next_scanline < state.image_height) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            row[i] = image.pixels[(state.next_scanline * row.size() + i) % image.pixels.size()];
        }
        jpeg_write_scanlines(&state, rows, 1);
    }
    jpeg_finish_compress(&state);
    std::string bytes(reinterpret_cast<char*>(buffer), size);
    jpeg_destroy_compress(&state);
    std::free(buffer);
    return bytes;
}

std::vector<std::string> jpeg_files() {
    std::vector<std::string> files;
    for (const JpegKind& kind : {JpegKind{1, false, 1, 0},
                                 JpegKind{3, false, 2, 0},
                                 JpegKind{3, false, 1, 2},
                                 JpegKind{3, true, 2, 0},
                                 JpegKind{1, true, 1, 3},
                                 JpegKind{4, false, 1, 0}}) {
        files.push_back(encode_jpeg(make_picture(45, 33, kind.channels == 1 ? 1 : 3), kind));
    }
    return files;
}

/// Bytes anywhere, or whole segments: repeated, removed, with other content, or a frame header
/// with other dimensions.
void mutate_jpeg(std::string& jpeg, RandomStream& random) {
    std::vector<std::pair<std::size_t, std::size_t>> segments;  // first byte, bytes
    for (std::size_t at = 2; at + 4 <= jpeg.size() && jpeg[at] == '\xff';) {
        const std::size_t length = 2 + (read_four(std::string_view(jpeg).substr(at)) & 0xFFFFU);
        if (length < 4 || length > jpeg.size() - at) {
            break;
        }
        segments.emplace_back(at, length);
        at += length;
    }
    if (segments.empty() || random.below(2) == 0) {
        mutate(jpeg, 3, random);
        return;
    }
    const auto [at, length] = segments[random.below(segments.size())];
    switch (random.below(5)) {
        case 0:
            jpeg.insert(segments[random.below(segments.size())].first, jpeg.substr(at, length));
            break;
        case 1:
            jpeg.erase(at, length);
            break;
        case 2:  // the type of the segment
            jpeg[at + 1] = static_cast<char>(0xC0 + random.below(64));
            break;
        default: {
            std::string content = jpeg.substr(at + 4, length - 4);
            mutate(content, 0, random);
            content.resize(length - 4, '\x11');
            jpeg.replace(at + 4, length - 4, content);
        }
    }
}

TEST_F(ImagesFuzzTest, DamagedJpegFiles) {
    run(jpeg_files(), false, mutate_jpeg);
}

TEST_F(ImagesFuzzTest, RandomBytesBehindASignature) {
    RandomStream random(11);
    for (int i = 0; i < 500; ++i) {
        const std::string noise = random_bytes(random.below(300), random);
        read(noise);
        read(std::string("\x89PNG\r\n\x1a\n", 8) + noise);
        read("\xff\xd8\xff" + noise);
    }
}

}  // namespace
}  // namespace harrow::tests
