#include "storage/hdf5.hpp"

#include <cstdio>
#include <utility>

#include <gtest/gtest.h>

#include "storage/file_seal.hpp"
#include "storage/files.hpp"
#include "sweeps/error.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::storage {
namespace {

using sweeps::StorageError;
using namespace testing;

std::string example_image() {
    const QuietHdf5 quiet;
    const H5File file = create_hdf5_in_memory();
    write_attribute(file.get(), "text", std::string("a = 1\nb = \xc3\xa9\n"));
    write_attribute(file.get(), "empty", std::string());
    write_attribute(file.get(), "number", std::int64_t{-5});
    write_array<float>(file.get(), "values", {2, 3}, {1, 2, 3, 4, 5, 6});
    write_strings(file.get(), "names", {"a", "", "long name"});
    return image_of(file);
}

TEST(Hdf5Test, ImageRoundTrip) {
    const QuietHdf5 quiet;
    const H5File file = open_hdf5_image(example_image(), "example");
    EXPECT_EQ(read_text_attribute(file.get(), "text"), "a = 1\nb = \xc3\xa9\n");
    EXPECT_EQ(read_text_attribute(file.get(), "empty"), "");
    EXPECT_EQ(read_int_attribute(file.get(), "number"), -5);
    EXPECT_EQ(read_array<float>(file.get(), "values", {2, 3}),
              (std::vector<float>{1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(read_strings(file.get(), "names", 3),
              (std::vector<std::string>{"a", "", "long name"}));
}

TEST(Hdf5Test, WrongShapeTypeAndNameAreErrors) {
    const QuietHdf5 quiet;
    const H5File file = open_hdf5_image(example_image(), "example");
    EXPECT_THROW(read_array<float>(file.get(), "values", {3, 2}), StorageError);
    EXPECT_THROW(read_array<float>(file.get(), "names", {3}), StorageError);
    EXPECT_THROW(read_strings(file.get(), "values", 2), StorageError);
    EXPECT_THROW(read_text_attribute(file.get(), "number"), StorageError);
    EXPECT_THROW(read_int_attribute(file.get(), "missing"), StorageError);
    EXPECT_THROW(read_array<float>(file.get(), "missing", {1}), StorageError);
}

TEST(Hdf5Test, ErrorsCarryTheLibrarysReasonInOneLineAndPrintNothing) {
    const std::string noise(3000, '?');
    ::testing::internal::CaptureStderr();
    const std::string message = message_of<StorageError>([&] {
        const QuietHdf5 quiet;
        open_hdf5_view(noise.data(), noise.size(), "noise.h5");
    });
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
    EXPECT_TRUE(contains(message, "noise.h5"));
    EXPECT_TRUE(contains(message, "signature"));
    EXPECT_EQ(message.find('\n'), std::string::npos);
}

TEST(Hdf5Test, AttributeBeyondTheLimitOfHdf5IsRefusedWithItsName) {
    const QuietHdf5 quiet;
    const H5File file = create_hdf5_in_memory();
    const std::string message = message_of<StorageError>(
        [&] { write_attribute(file.get(), "canonical_text", std::string(70000, 'x')); });
    EXPECT_TRUE(contains(message, "canonical_text"));
}

TEST(Hdf5Test, EqualContentGivesEqualBytes) {
    EXPECT_EQ(example_image(), example_image());
}

TEST(Hdf5Test, HandlesCloseTheirObjects) {
    const QuietHdf5 quiet;
    H5File first = open_hdf5_image(example_image(), "first");
    H5File second = open_hdf5_image(example_image(), "second");
    const Hdf5Id closed = second.get();
    second = std::move(first);
    EXPECT_THROW(read_int_attribute(closed, "number"), StorageError);
    EXPECT_EQ(read_int_attribute(second.get(), "number"), -5);
}

TEST(FileSealTest, EveryFlippedByteOutsideThePayloadIsFound) {
    const std::string content = "metadata before|PAYLOAD|metadata after";
    const PayloadRange payload{16, 7};
    const std::string sealed = content + make_seal(content, payload);
    EXPECT_EQ(check_seal(sealed).offset, 16U);
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        std::string altered = sealed;
        altered[i] = static_cast<char>(altered[i] ^ 1);
        if (i >= payload.offset && i < payload.offset + payload.bytes) {
            EXPECT_NO_THROW(check_seal(altered)) << i;
        } else {
            EXPECT_THROW(check_seal(altered), StorageError) << i;
        }
    }
}

TEST(FileSealTest, EveryTruncationAndExtensionIsFound) {
    const std::string sealed = "content" + make_seal("content", {});
    for (std::size_t length = 0; length < sealed.size(); ++length) {
        EXPECT_THROW(check_seal(sealed.substr(0, length)), StorageError) << length;
    }
    EXPECT_THROW(check_seal(sealed + "\n"), StorageError);
}

}  // namespace
}  // namespace harrow::storage
