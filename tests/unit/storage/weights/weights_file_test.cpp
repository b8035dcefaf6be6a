#include "storage/weights/weights_file.hpp"

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.hpp"

namespace harrow::storage {
namespace {

using testing::contains;

TEST(WeightsFileTest, TorchScriptIsToldByItsName) {
    for (const char* name : {"a.pt", "b.ts", "c.torchscript"}) {
        EXPECT_TRUE(is_torchscript_name(name)) << name;
    }
    for (const char* name : {"a.pth", "b.safetensors", "pt", "c.bin"}) {
        EXPECT_FALSE(is_torchscript_name(name)) << name;
    }
}

TEST(WeightsFileTest, SafetensorsIsNoForeignFormat) {
    EXPECT_EQ(foreign_format("f", std::string("\x40\0\0\0\0\0\0\0{\"a\"", 12)), "");
    EXPECT_EQ(foreign_format("f", ""), "");
    EXPECT_TRUE(contains(foreign_format("f", "\x89HDF\r\n\x1a\n"), "HDF5"));
    EXPECT_TRUE(contains(foreign_format("f", "GGUF\x03"), "GGUF"));
}

}  // namespace
}  // namespace harrow::storage
