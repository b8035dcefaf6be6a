#include <array>
#include <string>

#include <gtest/gtest.h>

#include "storage/weights/architecture.hpp"
#include "storage/weights/safetensors_header.hpp"
#include "sweeps/error.hpp"
#include "sweeps/random.hpp"
#include "tests/unit/storage/weights/safetensors_bytes.hpp"

namespace harrow::storage {
namespace {

using sweeps::RandomStream;
using testing::entry_json;
using testing::length_field;
using testing::safetensors_bytes;

constexpr int kMutations = 100000;

std::string valid_header() {
    return "{\"__metadata__\":{\"format\":\"pt\"}," +
           entry_json("blocks.0.norm1.weight", "F32", "[4]", 0, 16) + "," +
           entry_json("patch_embed.proj.weight", "F16", "[2,3,2,2]", 16, 64) + "," +
           entry_json("pos_embed", "BF16", "[1,5,2]", 64, 84) + "," +
           entry_json("n", "I64", "[]", 84, 92) + "}";
}

/// A header that was read describes the file: tensors lie inside it, side by side, as large as
/// their shapes say. Anything but that or a DataError with a text fails the test.
bool accepts(const std::string& bytes, std::uint64_t file_bytes) {
    try {
        const SafetensorsHeader header = parse_safetensors(bytes, file_bytes);
        std::uint64_t sum = safetensors_header_bytes(bytes, file_bytes);
        for (const TensorEntry& tensor : header.tensors) {
            EXPECT_LE(tensor.offset, file_bytes);
            EXPECT_LE(tensor.bytes, file_bytes - tensor.offset);
            if (tensor.dtype == "F32") {
                EXPECT_EQ(tensor.bytes, 4 * element_count(tensor));
            }
            sum += tensor.bytes;
        }
        EXPECT_EQ(sum, file_bytes);
        architecture_text(guess_architecture(header.tensors));
        parameter_count(header.tensors);
        return true;
    } catch (const sweeps::DataError& error) {
        EXPECT_GT(std::string(error.what()).size(), 10U);
        EXPECT_LT(std::string(error.what()).size(), 1000U);
        return false;
    }
}

/// Bytes flipped, written over, cut out or doubled.
void mutate_bytes(std::string& text, RandomStream& random) {
    const std::size_t at = random.below(text.size());
    switch (random.below(4)) {
        case 0:
            text[at] = static_cast<char>(text[at] ^ (1 << random.below(8)));
            break;
        case 1:
            text[at] = static_cast<char>(random.below(256));
            break;
        case 2:
            text.erase(at, 1 + random.below(12));
            break;
        default:
            text.insert(at, text.substr(at, random.below(40)));
    }
}

/// JSON that still parses more often than not: other values, other structure.
void mutate_structure(std::string& text, RandomStream& random) {
    static const std::array<std::string, 24> kPieces = {"{",
                                                        "}",
                                                        "[",
                                                        "]",
                                                        ",",
                                                        ":",
                                                        "null",
                                                        "true",
                                                        "-1",
                                                        "0",
                                                        "1e9",
                                                        "0.5",
                                                        "18446744073709551615",
                                                        "18446744073709551616",
                                                        "9223372036854775807",
                                                        "4294967296,4294967296",
                                                        "\"F64\"",
                                                        "\"dtype\":\"U8\",",
                                                        "\"shape\":[],",
                                                        "\"__metadata__\":{},",
                                                        "\"a\":{},",
                                                        "\"\\ud800\"",
                                                        " ",
                                                        std::string("\0", 1)};
    const std::string& piece = kPieces[random.below(kPieces.size())];
    std::size_t at = random.below(text.size());
    if (random.below(2) == 0) {  // where a value or a list of them stands
        at = text.find_first_of(":[,{", at);
        at = at == std::string::npos ? text.size() : at + 1;
    }
    const std::size_t digits = text.find_first_not_of("0123456789", at);
    const std::size_t replaced = digits == std::string::npos ? 0 : digits - at;
    text.replace(at, random.below(2) == 0 ? replaced : 0, piece);
}

TEST(SafetensorsFuzzTest, ValidHeaderIsAccepted) {
    const std::string bytes = safetensors_bytes(valid_header(), std::string(92, 'x'));
    EXPECT_TRUE(accepts(bytes, bytes.size()));
}

TEST(SafetensorsFuzzTest, MutatedHeadersGiveErrorsOrValidFiles) {
    RandomStream random(1);
    int accepted = 0;
    for (int i = 0; i < kMutations; ++i) {
        std::string header = valid_header();
        for (std::uint64_t n = 1 + random.below(3); n > 0 && !header.empty(); --n) {
            random.below(2) == 0 ? mutate_bytes(header, random) : mutate_structure(header, random);
        }
        std::uint64_t length = header.size();
        std::uint64_t data = 92;
        switch (random.below(12)) {
            case 0:
                length += random.below(5) - 2;
                break;
            case 1:
                length = std::uint64_t{1} << random.below(64);
                break;
            case 2:
                data = random.below(200);
                break;
            default:
                break;
        }
        const std::string bytes = length_field(length) + header + std::string(data, 'x');
        accepted += accepts(bytes, bytes.size()) ? 1 : 0;
    }
    EXPECT_GT(accepted, kMutations / 100) << "mutations must leave some files valid";
    EXPECT_LT(accepted, kMutations / 2);
}

TEST(SafetensorsFuzzTest, EveryCutIsAnError) {
    const std::string bytes = safetensors_bytes(valid_header(), std::string(92, 'x'));
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        EXPECT_FALSE(accepts(bytes.substr(0, length), length)) << length;
    }
}

TEST(SafetensorsFuzzTest, RandomBytesAreRefused) {
    RandomStream random(2);
    for (int i = 0; i < 2000; ++i) {
        std::string bytes(random.below(300), '\0');
        for (char& c : bytes) {
            c = static_cast<char>(random.below(256));
        }
        EXPECT_FALSE(accepts(bytes, bytes.size()));
    }
}

}  // namespace
}  // namespace harrow::storage
