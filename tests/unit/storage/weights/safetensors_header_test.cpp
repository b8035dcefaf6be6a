#include "storage/weights/safetensors_header.hpp"

#include <gtest/gtest.h>

#include "sweeps/error.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/unit/storage/weights/safetensors_bytes.hpp"

namespace harrow::storage {
namespace {

using testing::contains;
using testing::entry_json;
using testing::length_field;
using testing::message_of;
using testing::safetensors_bytes;

SafetensorsHeader parse(const std::string& bytes) {
    return parse_safetensors(bytes, bytes.size());
}

/// What is wrong with a file of this header and `data_bytes` bytes of data.
std::string refusal(const std::string& header, std::size_t data_bytes = 0) {
    const std::string bytes = safetensors_bytes(header, std::string(data_bytes, '\0'));
    return message_of<sweeps::DataError>([&] { parse(bytes); });
}

TEST(SafetensorsHeaderTest, ReadsEntriesSortedWithOffsetsInTheFile) {
    const std::string header = "{\"__metadata__\":{\"format\":\"pt\",\"größe\":\"\\u00e4\"}," +
                               entry_json("b", "F32", "[2,3]", 0, 24) + "," +
                               entry_json("a", "BF16", "[]", 24, 26) + "," +
                               entry_json("empty", "I64", "[0,7]", 26, 26) + "}   ";
    const SafetensorsHeader found = parse(safetensors_bytes(header, std::string(26, 'x')));
    ASSERT_EQ(found.tensors.size(), 3U);
    EXPECT_EQ(found.tensors[0].name, "a");
    EXPECT_EQ(found.tensors[0].dtype, "BF16");
    EXPECT_TRUE(found.tensors[0].shape.empty());
    EXPECT_EQ(found.tensors[0].offset, 8 + header.size() + 24);
    EXPECT_EQ(found.tensors[0].bytes, 2U);
    EXPECT_EQ(element_count(found.tensors[0]), 1U);
    EXPECT_EQ(found.tensors[1].shape, (std::vector<std::int64_t>{2, 3}));
    EXPECT_EQ(element_count(found.tensors[1]), 6U);
    EXPECT_EQ(element_count(found.tensors[2]), 0U);
    EXPECT_EQ(found.metadata.at("format"), "pt");
    EXPECT_EQ(found.metadata.at("größe"), "ä");
}

TEST(SafetensorsHeaderTest, EveryDtypeOfTheFormatHasItsSize) {
    for (const auto& [dtype, bytes] :
         std::vector<std::pair<std::string, std::uint64_t>>{{"BOOL", 1},
                                                            {"U8", 1},
                                                            {"I8", 1},
                                                            {"F8_E4M3", 1},
                                                            {"F8_E5M2", 1},
                                                            {"I16", 2},
                                                            {"U16", 2},
                                                            {"F16", 2},
                                                            {"BF16", 2},
                                                            {"I32", 4},
                                                            {"U32", 4},
                                                            {"F32", 4},
                                                            {"F64", 8},
                                                            {"I64", 8},
                                                            {"U64", 8}}) {
        const std::string header = "{" + entry_json("t", dtype, "[3]", 0, 3 * bytes) + "}";
        EXPECT_EQ(parse(safetensors_bytes(header, std::string(3 * bytes, 'x'))).tensors.size(), 1U);
        EXPECT_TRUE(contains(
            refusal("{" + entry_json("t", dtype, "[3]", 0, 3 * bytes + 1) + "}", 3 * bytes + 1),
            "3 values of " + std::to_string(bytes) + " bytes (" + dtype + ")"));
    }
}

TEST(SafetensorsHeaderTest, AnUnknownDtypeIsKeptWhenItCanBeSized) {
    EXPECT_EQ(parse(safetensors_bytes("{" + entry_json("t", "F4", "[6]", 0, 3) + "}", "abc"))
                  .tensors[0]
                  .dtype,
              "F4");
    EXPECT_TRUE(
        contains(refusal("{" + entry_json("t", "Z9", "[5]", 0, 3) + "}", 3), "unknown dtype 'Z9'"));
    EXPECT_TRUE(contains(refusal("{" + entry_json("t", "Z9", "[0]", 0, 3) + "}", 3), "Z9"));
    EXPECT_TRUE(contains(refusal("{" + entry_json("t", "", "[3]", 0, 3) + "}", 3), "empty dtype"));
}

TEST(SafetensorsHeaderTest, LengthsThatDoNotFitAreRefused) {
    const auto of = [](const std::string& bytes, std::uint64_t file_bytes) {
        return message_of<sweeps::DataError>([&] { parse_safetensors(bytes, file_bytes); });
    };
    EXPECT_TRUE(contains(of("", 0), "only 0 bytes"));
    EXPECT_TRUE(contains(of("1234567", 7), "only 7 bytes"));
    EXPECT_TRUE(contains(of(length_field(3) + "{}", 10), "only 2 follow"));
    EXPECT_TRUE(contains(of(length_field(100'000'001), 1ULL << 40), "allows 100000000"));
    EXPECT_TRUE(contains(of(length_field(~0ULL), ~0ULL), "allows 100000000"));
    EXPECT_TRUE(contains(of(length_field(20) + "{}", 28), "cut short"));
    EXPECT_EQ(safetensors_header_bytes(length_field(100'000'000), 1ULL << 40), 100'000'008U);
}

TEST(SafetensorsHeaderTest, WhatIsNoObjectOfTensorsIsRefused) {
    EXPECT_TRUE(contains(refusal(""), "'{'"));
    EXPECT_TRUE(contains(refusal(" {}"), "'{'"));
    EXPECT_TRUE(contains(refusal("[]"), "'{'"));
    EXPECT_TRUE(contains(refusal("\xEF\xBB\xBF{}"), "'{'"));
    EXPECT_TRUE(contains(refusal("{"), "no valid JSON"));
    EXPECT_TRUE(contains(refusal("{} x"), "no valid JSON"));
    EXPECT_TRUE(contains(refusal(std::string("{}\0", 3)), "zero byte"));
    EXPECT_TRUE(contains(refusal("{\"a\xff\":{}}"), "no valid JSON"));
    EXPECT_TRUE(contains(refusal("{\"a\":1}"), "'a': a number"));
    EXPECT_TRUE(contains(refusal("{\"a\":[]}"), "'a': a list"));
    EXPECT_TRUE(contains(refusal("{\"a\":null}"), "'a': null"));
    EXPECT_TRUE(contains(refusal("{\"a\":true}"), "a truth value"));
    EXPECT_TRUE(contains(refusal("{\"a\":\"b\"}"), "a text"));
    std::string deep = "{\"a\":";
    for (int i = 0; i < 100000; ++i) {
        deep += "[";
    }
    EXPECT_TRUE(contains(refusal(deep), "a list is not expected"));
    EXPECT_TRUE(contains(refusal("{\"a\":{\"dtype\":{\"x\":{}}}}"), "an object"));
}

TEST(SafetensorsHeaderTest, NothingMayStandTwice) {
    const std::string once = entry_json("a", "U8", "[1]", 0, 1);
    EXPECT_TRUE(contains(refusal("{" + once + "," + once + "}", 1), "'a' stands twice"));
    EXPECT_TRUE(contains(refusal("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],"
                                 "\"data_offsets\":[0,1]}}",
                                 1),
                         "'dtype' twice"));
    EXPECT_TRUE(contains(refusal("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}"), "'k' twice"));
    EXPECT_TRUE(
        contains(refusal("{\"__metadata__\":{},\"__metadata__\":{}}"), "'__metadata__' stands"));
}

TEST(SafetensorsHeaderTest, EntriesWithoutAllPartsAreRefused) {
    EXPECT_TRUE(contains(refusal("{\"a\":{}}"), "'a' has no dtype"));
    EXPECT_TRUE(contains(refusal("{\"a\":{\"dtype\":\"U8\"}}"), "no shape"));
    EXPECT_TRUE(contains(refusal("{\"a\":{\"dtype\":\"U8\",\"shape\":[]}}"), "no data_offsets"));
    EXPECT_TRUE(contains(refusal("{\"a\":{\"type\":\"U8\"}}"), "unknown part 'type'"));
    EXPECT_TRUE(contains(refusal("{\"a\":{\"dtype\":8}}"), "'dtype': a number"));
    EXPECT_TRUE(contains(refusal("{\"a\":{\"shape\":\"3\"}}"), "'shape': a text"));
    EXPECT_TRUE(contains(refusal("{\"a\":{\"dtype\":[]}}"), "'dtype': a list"));
    EXPECT_TRUE(contains(refusal("{\"__metadata__\":{\"epoch\":3}}"), "'epoch': a number"));
    EXPECT_TRUE(contains(refusal("{\"__metadata__\":{\"a\":{}}}"), "an object"));
    EXPECT_TRUE(contains(refusal("{\"__metadata__\":{\"shape\":[1]}}"), "a list"));
}

TEST(SafetensorsHeaderTest, ImpossibleShapesAreRefused) {
    const auto of = [](const std::string& shape) {
        return refusal("{" + entry_json("a", "F32", shape, 0, 4) + "}", 4);
    };
    EXPECT_TRUE(contains(of("[-1]"), "the number -1"));
    EXPECT_TRUE(contains(of("[1.0]"), "the number '1.0'"));
    EXPECT_TRUE(contains(of("[1e3]"), "the number"));
    EXPECT_TRUE(contains(of("[null]"), "null"));
    EXPECT_TRUE(contains(of("[[1]]"), "a list"));
    EXPECT_TRUE(contains(of("[9223372036854775808]"), "a size of 9223372036854775808"));
    EXPECT_TRUE(contains(of("[99999999999999999999999]"), "the number"));
    EXPECT_TRUE(contains(of("[4294967296,4294967296]"), "more values than 64 bits"));
    EXPECT_TRUE(contains(of("[0,4294967296,4294967296]"), "more values than 64 bits"));
    EXPECT_TRUE(contains(of("[4611686018427387904]"), "4611686018427387904 values"))
        << "times 4 bytes it wraps to 0";
    EXPECT_TRUE(contains(of("[4611686018427387905]"), "4611686018427387905 values"))
        << "times 4 bytes it wraps to 4";
    EXPECT_TRUE(contains(of("[2]"), "has 4 bytes"));
}

TEST(SafetensorsHeaderTest, TensorsFillTheDataExactlyOnce) {
    const auto of = [](std::uint64_t begin, std::uint64_t end, std::size_t data) {
        return refusal("{" + entry_json("a", "U8", "[4]", 0, 4) + "," +
                           entry_json("b", "U8", "[4]", begin, end) + "}",
                       data);
    };
    EXPECT_TRUE(contains(of(4, 8, 7), "cut short"));
    EXPECT_TRUE(contains(of(4, 8, 9), "1 bytes at the end"));
    EXPECT_TRUE(contains(of(2, 6, 6), "overlap"));
    EXPECT_TRUE(contains(of(0, 4, 4), "overlap"));
    EXPECT_TRUE(contains(of(5, 9, 9), "holes"));
    EXPECT_TRUE(contains(of(8, 4, 8), "no pair"));
    EXPECT_TRUE(contains(of(18446744073709551612ULL, 18446744073709551615ULL, 8), "4 values"));
    EXPECT_TRUE(contains(
        refusal("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0]}}", 1), "no pair"));
    EXPECT_TRUE(contains(refusal("{}", 3), "3 bytes at the end"));
    EXPECT_TRUE(parse(safetensors_bytes("{}")).tensors.empty());
}

TEST(SafetensorsHeaderTest, NamesInMessagesAreShortAndHarmless) {
    const std::string text = refusal("{\"\\u001b[2J" + std::string(300, 'x') + "\":1}");
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_LT(text.size(), 300U);
}

}  // namespace
}  // namespace harrow::storage
