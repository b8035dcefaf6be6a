#include "storage/datasets/image.hpp"

#include <gtest/gtest.h>

#include "sweeps/error.hpp"
#include "tests/unit/datasets/picture_files.hpp"

namespace harrow::tests {
namespace {

using storage::Image;
using storage::read_image;
using storage::read_rgb;

constexpr int kGrey = 0, kRgb = 2, kPalette = 3, kGreyAlpha = 4, kRgba = 6;  // libpng's numbers

class ImageTest : public ::testing::Test {
protected:
    Image decoded(const std::string& bytes) {
        write_bytes(file_, bytes);
        return read_image(file_);
    }
    /// The message of the DataError that reading these bytes gives; empty when none is thrown.
    std::string refusal(const std::string& bytes) {
        try {
            decoded(bytes);
        } catch (const sweeps::DataError& error) {
            return error.what();
        }
        return "";
    }

    TemporaryFolder folder_;
    std::filesystem::path file_ = folder_.path() / "picture.png";
};

TEST_F(ImageTest, PngRoundTripKeepsEveryPixel) {
    for (const int channels : {1, 3}) {
        const Image picture = make_picture(31, 17, channels);
        storage::write_png(file_, picture);
        const Image back = read_image(file_);
        EXPECT_EQ(back.width, 31);
        EXPECT_EQ(back.height, 17);
        EXPECT_EQ(back.channels, channels);
        EXPECT_EQ(back.pixels, picture.pixels);
    }
}

TEST_F(ImageTest, WritePngIsRefusedInAMissingDirectoryWithItsPath) {
    const auto path = folder_.path() / "missing" / "picture.png";
    try {
        storage::write_png(path, make_picture(4, 4, 1));
        FAIL() << "expected StorageError";
    } catch (const sweeps::StorageError& error) {
        EXPECT_NE(std::string(error.what()).find(path.parent_path().string()), std::string::npos);
    }
}

TEST_F(ImageTest, DropsAlphaWithoutBlending) {
    const std::string rgba("\x0a\x14\x1e\x00\x28\x32\x3c\xff", 8);
    EXPECT_EQ(decoded(encode_raw_png(2, 1, kRgba, 8, false, rgba)).pixels,
              (std::vector<std::uint8_t>{10, 20, 30, 40, 50, 60}));
    const std::string grey_alpha("\x0a\x00\x28\xff", 4);
    EXPECT_EQ(decoded(encode_raw_png(2, 1, kGreyAlpha, 8, false, grey_alpha)).pixels,
              (std::vector<std::uint8_t>{10, 40}));
}

TEST_F(ImageTest, KeepsTheHighByteOf16BitSamples) {
    const std::string rows("\x12\xff\x80\x00", 4);
    EXPECT_EQ(decoded(encode_raw_png(2, 1, kGrey, 16, false, rows)).pixels,
              (std::vector<std::uint8_t>{0x12, 0x80}));
}

TEST_F(ImageTest, NoSampleOfA16BitMaskBecomesZero) {
    const std::string grey("\x00\x01\x00\xff\x01\x00\x00\x00", 8);
    for (const bool interlaced : {false, true}) {
        write_bytes(file_, encode_raw_png(4, 1, kGrey, 16, interlaced, grey));
        EXPECT_EQ(storage::read_mask(file_).pixels, (std::vector<std::uint8_t>{1, 1, 1, 0}));
        EXPECT_EQ(storage::read_mask(file_).width, 4);
    }
    const std::string rgba("\x00\x00\x00\x07\x00\x00\x00\x09", 8);
    write_bytes(file_, encode_raw_png(1, 1, kRgba, 16, false, rgba));
    EXPECT_EQ(storage::read_mask(file_).pixels, (std::vector<std::uint8_t>{0, 1, 0}));
    write_bytes(file_, storage::encode_png(make_picture(7, 5, 3)));
    EXPECT_EQ(storage::read_mask(file_).pixels, read_image(file_).pixels) << "8 bits stay";
}

TEST_F(ImageTest, RefusesPicturesThatAreTooThinWithFileAndSides) {
    const auto grey = [](int width, int height) {
        return storage::encode_png(make_picture(width, height, 1));
    };
    for (const auto& [bytes, sides] :
         {std::pair{grey(1, 65), "1 x 65 "}, {grey(131, 2), "131 x 2 "}}) {
        const std::string message = refusal(bytes);
        EXPECT_NE(message.find(sides), std::string::npos) << message;
        EXPECT_NE(message.find(file_.string()), std::string::npos) << message;
        EXPECT_THROW(storage::probe_image(file_), sweeps::DataError);
    }
    EXPECT_EQ(refusal(grey(1, 64)), "");
    EXPECT_EQ(refusal(grey(128, 2)), "");
}

TEST_F(ImageTest, ExpandsPalettesAndFewBits) {
    EXPECT_EQ(decoded(encode_raw_png(2, 1, kPalette, 8, false, std::string("\x05\x40", 2))).pixels,
              (std::vector<std::uint8_t>{5, 10, 250, 64, 128, 191}));
    EXPECT_EQ(decoded(encode_raw_png(3, 1, kGrey, 1, false, std::string("\xa0", 1))).pixels,
              (std::vector<std::uint8_t>{255, 0, 255}));
}

TEST_F(ImageTest, ReadsInterlacedPng) {
    const Image picture = make_picture(13, 11, 3);
    const std::string rows(picture.pixels.begin(), picture.pixels.end());
    EXPECT_EQ(decoded(encode_raw_png(13, 11, kRgb, 8, true, rows)).pixels, picture.pixels);
}

TEST_F(ImageTest, ReadsGreyAndColourJpegWhateverTheName) {
    const Image grey = decoded(encode_flat_jpeg(20, 10, 1, 77));
    EXPECT_EQ(grey.channels, 1);
    EXPECT_EQ(grey.pixels, std::vector<std::uint8_t>(200, 77));
    const Image colour = decoded(encode_flat_jpeg(20, 10, 3, 77));
    EXPECT_EQ(colour.channels, 3);
    EXPECT_EQ(colour.pixels, std::vector<std::uint8_t>(600, 77));
}

TEST_F(ImageTest, ReadRgbReplicatesGrey) {
    storage::write_png(file_, make_picture(2, 1, 1));
    EXPECT_EQ(read_rgb(file_).pixels, (std::vector<std::uint8_t>{0, 0, 0, 7, 7, 7}));
    EXPECT_EQ(read_rgb(file_).channels, 3);
}

TEST_F(ImageTest, RefusesCmykJpegByName) {
    const std::string message = refusal(encode_flat_jpeg(8, 8, 4, 9));
    EXPECT_NE(message.find("CMYK"), std::string::npos) << message;
    EXPECT_NE(message.find(file_.string()), std::string::npos) << message;
}

TEST_F(ImageTest, RefusesWhatIsNoPicture) {
    EXPECT_NE(refusal("").find("empty"), std::string::npos);
    EXPECT_NE(refusal("GIF89a, not one of ours").find("neither PNG nor JPEG"), std::string::npos);
    EXPECT_THROW(read_image(folder_.path() / "missing.png"), sweeps::DataError);
    EXPECT_THROW(read_image(folder_.path()), sweeps::DataError);
}

TEST_F(ImageTest, EveryCutOfAFileIsRefused) {
    const std::string files[] = {storage::encode_png(make_picture(60, 40, 3)),
                                 encode_flat_jpeg(60, 40, 3, 130),
                                 encode_flat_jpeg(60, 40, 1, 130)};
    for (const std::string& whole : files) {
        for (std::size_t bytes = 0; bytes < whole.size(); bytes += 64) {
            EXPECT_NE(refusal(whole.substr(0, bytes)), "") << bytes << " of " << whole.size();
        }
        EXPECT_NE(refusal(whole.substr(0, whole.size() - 1)), "");
        EXPECT_EQ(refusal(whole), "");
    }
}

TEST_F(ImageTest, DamagedBytesNeverCrash) {
    const std::string files[] = {storage::encode_png(make_picture(60, 40, 3)),
                                 encode_flat_jpeg(60, 40, 3, 130)};
    for (const std::string& whole : files) {
        for (std::size_t i = 0; i < whole.size(); i += 5) {
            std::string damaged = whole;
            damaged[i] = static_cast<char>(~damaged[i]);
            refusal(damaged);  // anything but a DataError or a picture ends the test
        }
    }
}

TEST_F(ImageTest, RefusesAHeaderThatPromisesTooMuch) {
    // A PNG with 2^28 pixels and more is refused by size; a smaller one by what its bytes can hold.
    std::string bytes = encode_raw_png(1, 1, kGrey, 8, false, std::string(1, '\0'));
    const auto with_size = [&bytes](const std::string& size) {
        return bytes.substr(0, 16) + size + size + bytes.substr(24);
    };
    EXPECT_NE(refusal(with_size(std::string("\x00\x01\x86\xa0", 4))), "");  // 100,000 squared
    EXPECT_NE(refusal(with_size(std::string("\x00\x00\x75\x30", 4))), "");  // 30,000 squared
    write_bytes(file_, with_size(std::string("\x00\x01\x86\xa0", 4)));
    EXPECT_THROW(storage::probe_image(file_), sweeps::DataError);
}

TEST_F(ImageTest, RefusesAChunkLongerThanItsFileBeforeMakingRoomForIt) {
    std::string bytes = encode_raw_png(1, 1, kGrey, 8, false, std::string(1, '\0'));
    bytes.insert(33, std::string("\x58\x00\x01\x79tEXt", 8));  // behind the header: 1.4 GB of text
    EXPECT_NE(refusal(bytes).find("a chunk is longer"), std::string::npos) << refusal(bytes);
}

TEST_F(ImageTest, RefusesALongRowBeforeMakingRoomForIt) {
    std::string bytes = encode_raw_png(1, 1, kRgba, 16, false, std::string(8, '\0'));
    bytes.replace(16, 4, std::string("\x0b\x00\x00\x2f", 4));  // 1.4 GB for a row of 16-bit RGBA
    // The checksum of the header: libpng looks at the size only when it fits.
    bytes.replace(29, 4, std::string("\xf9\xd8\x94\x0a", 4));
    EXPECT_NE(refusal(bytes).find("184549423 x 1"), std::string::npos) << refusal(bytes);
}

TEST_F(ImageTest, NamesTheSizeOfAPictureThatIsTooLarge) {
    std::string bytes = encode_raw_png(1, 1, kGrey, 8, false, std::string(1, '\0'));
    bytes.replace(16, 8, std::string("\x00\x00\xea\x60\x00\x00\xea\x60", 8));
    bytes.replace(29, 4, std::string("\xa5\xb9\x2a\x9e", 4));  // checksum of that header
    write_bytes(file_, bytes);
    for (const auto& use :
         {+[](const std::filesystem::path& path) { storage::probe_image(path); },
          +[](const std::filesystem::path& path) { storage::read_image(path); }}) {
        try {
            use(file_);
            ADD_FAILURE() << "expected DataError";
        } catch (const sweeps::DataError& error) {
            EXPECT_NE(std::string(error.what()).find("60000 x 60000"), std::string::npos)
                << error.what();
        }
    }
}

TEST_F(ImageTest, ProbeReadsTheSizeAndNothingElse) {
    const std::string png = storage::encode_png(make_picture(60, 40, 3));
    const std::string jpeg = encode_flat_jpeg(60, 40, 3, 130);
    for (const std::string& bytes : {png, jpeg}) {
        write_bytes(file_, bytes.substr(0, bytes.size() - 20));
        EXPECT_EQ(storage::probe_image(file_).width, 60);
        EXPECT_EQ(storage::probe_image(file_).height, 40);
        for (std::size_t count = 0; count < 24; ++count) {
            write_bytes(file_, bytes.substr(0, count));
            EXPECT_THROW(storage::probe_image(file_), sweeps::DataError) << count;
        }
    }
}

}  // namespace
}  // namespace harrow::tests
