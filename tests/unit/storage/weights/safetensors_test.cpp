#include "storage/weights/safetensors.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "storage/weights/safetensors_writer.hpp"
#include "sweeps/error.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/unit/storage/weights/safetensors_bytes.hpp"

namespace harrow::storage {
namespace {

using testing::contains;
using testing::entry_json;
using testing::message_of;
using testing::safetensors_bytes;
using testing::spill;
using testing::TemporaryDirectory;

class SafetensorsTest : public ::testing::Test {
protected:
    std::string refusal(const std::filesystem::path& path) const {
        return message_of<sweeps::DataError>([&] { SafetensorsFile::open(path); });
    }
    TemporaryDirectory directory_;
    const std::filesystem::path path_ = directory_ / "w.safetensors";
};

TEST_F(SafetensorsTest, WhatIsWrittenIsRead) {
    const float inf = std::numeric_limits<float>::infinity();
    write_safetensors(path_,
                      {{"z", {2, 2}, {1.5F, -0.0F, 3e-45F, inf}}, {"a", {}, {7}}, {"n", {0}, {}}},
                      {{"format", "pt"}});
    const SafetensorsFile file = SafetensorsFile::open(path_);
    ASSERT_EQ(file.tensors().size(), 3U);
    EXPECT_EQ(file.path(), path_);
    EXPECT_EQ(file.metadata().at("format"), "pt");
    ASSERT_NE(file.find("z"), nullptr);
    EXPECT_EQ(file.find("z")->offset % 8, 0U);
    EXPECT_EQ(file.find("b"), nullptr);
    EXPECT_EQ(file.find(""), nullptr);
    EXPECT_EQ(file.find("zz"), nullptr);
    const std::vector<float> values = file.read_float(*file.find("z"));
    EXPECT_EQ(values, (std::vector<float>{1.5F, -0.0F, 3e-45F, inf}));
    EXPECT_TRUE(std::signbit(values[1]));
    EXPECT_EQ(file.read_float(*file.find("a")), std::vector<float>{7});
    EXPECT_TRUE(file.read_float(*file.find("n")).empty());
}

TEST_F(SafetensorsTest, HalvesBecomeFloatsAlsoAtOddOffsets) {
    const std::string header = "{" + entry_json("one", "U8", "[1]", 0, 1) + "," +
                               entry_json("h", "F16", "[3]", 1, 7) + "," +
                               entry_json("b", "BF16", "[3]", 7, 13) + "," +
                               entry_json("f", "F32", "[1]", 13, 17) + "}";
    std::string data = "\x01";
    for (const unsigned bits : {0x3C00U, 0xC000U, 0x0001U, 0x3F80U, 0xC000U, 0x7F80U}) {
        data += static_cast<char>(bits & 0xFF);
        data += static_cast<char>(bits >> 8);
    }
    spill(path_, safetensors_bytes(header, data + std::string("\0\0\x80\x3f", 4)));
    const SafetensorsFile file = SafetensorsFile::open(path_);
    EXPECT_EQ(file.read_float(*file.find("h")),
              (std::vector<float>{1.0F, -2.0F, 5.9604644775390625e-08F}));
    EXPECT_EQ(file.read_float(*file.find("b")),
              (std::vector<float>{1.0F, -2.0F, std::numeric_limits<float>::infinity()}));
    EXPECT_EQ(file.read_float(*file.find("f")), std::vector<float>{1.0F});
    EXPECT_TRUE(
        contains(message_of<sweeps::DataError>([&] { file.read_float(*file.find("one")); }), "U8"));
}

TEST_F(SafetensorsTest, AFileThatShrinksIsAnErrorNotACrash) {
    write_safetensors(path_, {{"a", {4096}, std::vector<float>(4096, 1.0F)}});
    const SafetensorsFile file = SafetensorsFile::open(path_);
    std::filesystem::resize_file(path_, 200);
    EXPECT_TRUE(contains(message_of<sweeps::DataError>([&] { file.read_float(file.tensors()[0]); }),
                         "shorter"));
}

TEST_F(SafetensorsTest, FilesThatAreNoneAreNamedWithTheReason) {
    EXPECT_TRUE(contains(refusal(""), "empty"));
    EXPECT_TRUE(contains(refusal(path_), "does not exist"));
    EXPECT_TRUE(contains(refusal(directory_.path()), "is a folder"));
    ASSERT_EQ(::mkfifo((directory_ / "pipe").c_str(), 0600), 0);
    EXPECT_TRUE(contains(refusal(directory_ / "pipe"), "no regular file"));
    spill(path_, "");
    EXPECT_TRUE(contains(refusal(path_), "w.safetensors' is no safetensors file: it has only 0"));
    spill(path_, "version https://git-lfs.github.com/spec/v1\noid sha256:00\n");
    EXPECT_TRUE(contains(refusal(path_), "git lfs pull"));
    spill(path_, "\n<!doctype html><html>");
    EXPECT_TRUE(contains(refusal(path_), "web page"));
    spill(path_, std::string("PK\x03\x04", 4) + "archive/data.pkl");
    EXPECT_TRUE(contains(refusal(path_), "torch.load('w.safetensors'"));
    spill(path_, "\x80\x02\x8a\x0alegacy");
    EXPECT_TRUE(contains(refusal(path_), "PyTorch checkpoint"));
}

TEST_F(SafetensorsTest, AHeaderLengthThatLooksLikeAnotherFormatIsALength) {
    // 640: "\x80\x02", a pickle; 15392: " <" and 316: "<\x01", pages.
    for (const std::size_t length : {640U, 15392U, 316U}) {
        std::string header = "{" + entry_json("a", "F32", "[1]", 0, 4) + "}";
        header.resize(length, ' ');
        spill(path_, safetensors_bytes(header, std::string(4, '\0')));
        EXPECT_EQ(SafetensorsFile::open(path_).tensors().size(), 1U) << length;
        std::filesystem::resize_file(path_, 100);
        EXPECT_TRUE(contains(refusal(path_), "cut short")) << length;
    }
}

TEST_F(SafetensorsTest, OtherContentIsFirstOfAllNoSafetensors) {
    for (const std::string& content : {std::string("junk junk junk"),
                                       std::string("\x02\0\0\0\0\0\0\0[]", 10),
                                       std::string("GGUF\x03\0\0\0\0\0", 10)}) {
        spill(path_, content);
        EXPECT_TRUE(contains(refusal(path_), "w.safetensors' is no safetensors file: it "));
    }
}

TEST_F(SafetensorsTest, TheWriterRefusesWhatIsNoTensor) {
    EXPECT_THROW(write_safetensors(path_, {{"a", {2}, {1}}}), std::invalid_argument);
    EXPECT_THROW(write_safetensors(path_, {{"a", {-1, -1}, {1}}}), std::invalid_argument);
    EXPECT_THROW(write_safetensors(path_, {{"a", {1}, {1}}, {"a", {1}, {1}}}),
                 std::invalid_argument);
    EXPECT_THROW(write_safetensors(path_, {{"__metadata__", {1}, {1}}}), std::invalid_argument);
    EXPECT_EQ(testing::entries_in(directory_.path()), 0U);
    {
        const testing::FileSizeLimit full(1000);
        EXPECT_THROW(write_safetensors(path_, {{"a", {4096}, std::vector<float>(4096)}}),
                     sweeps::StorageError);
    }
    EXPECT_EQ(testing::entries_in(directory_.path()), 0U);
}

}  // namespace
}  // namespace harrow::storage
