#include "storage/weights/weights_file.hpp"

#include <gtest/gtest.h>

#include "sweeps/error.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::storage {
namespace {

using testing::contains;
using testing::spill;
using testing::TemporaryDirectory;

TEST(WeightsFileTest, TorchScriptIsToldByItsContent) {
    const TemporaryDirectory directory;
    spill(directory / "program.bin", std::string("PK\x03\x04", 4) + "rest");
    EXPECT_NO_THROW(require_torchscript(directory / "program.bin"));
    for (const std::string& content : {std::string("PK"), std::string(), std::string("\x40{}")}) {
        spill(directory / "other.pt", content);
        const std::string refused = testing::message_of<sweeps::DataError>(
            [&] { require_torchscript(directory / "other.pt"); });
        EXPECT_TRUE(contains(refused, "other.pt' is no TorchScript program")) << refused;
    }
}

TEST(WeightsFileTest, TheConversionCommandHoldsNoNameThatAShellWouldObey) {
    const TemporaryDirectory directory;
    for (const auto& [name, word] : {std::make_pair("w-1_a.pth", "torch.load('w-1_a.pth'"),
                                     std::make_pair("a'b.pth", "torch.load('FILE'"),
                                     std::make_pair("$(touch x).pth", "torch.load('FILE'")}) {
        spill(directory / name, "\x80\x02legacy");
        const std::string text = foreign_format(directory / name, "\x80\x02legacy");
        EXPECT_TRUE(contains(text, word)) << text;
        EXPECT_TRUE(contains(text, "'state_dict'") && contains(text, "'model'")) << text;
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
