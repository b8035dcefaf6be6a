#include "worker/image_loader.hpp"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "storage/datasets/image.hpp"
#include "sweeps/error.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::worker {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr int kSize = 8;
constexpr int kImages = 40;
constexpr std::size_t kValues = 3 * kSize * kSize;

class ImageLoaderTest : public ::testing::Test {
protected:
    ImageLoaderTest() {
        for (int n = 0; n < kImages; ++n) {
            storage::Image image;
            // Different sizes take different times, so that threads overtake one another.
            image.width = image.height = kSize + 40 * (n % 3);
            image.channels = 1;
            image.pixels.assign(static_cast<std::size_t>(image.width * image.height),
                                static_cast<std::uint8_t>(6 * n));
            files_.push_back(directory_ / (std::to_string(n) + ".png"));
            storage::write_png(files_.back(), image);
        }
        how_.size = kSize;
    }

    std::vector<float> next(ImageLoader& loader) const {
        std::vector<float> pixels(kValues);
        while (!loader.take(pixels.data(), 100ms)) {
        }
        return pixels;
    }

    storage::testing::TemporaryDirectory directory_;
    std::vector<fs::path> files_;
    storage::Preprocessing how_;
};

TEST_F(ImageLoaderTest, GivesEveryImageInOrderWhateverTheThreads) {
    for (const int threads : {1, 2, 7, 100}) {
        for (const std::size_t ahead : {std::size_t{1}, std::size_t{5}, std::size_t{100}}) {
            ImageLoader loader(files_, how_, threads, ahead);
            for (const fs::path& file : files_) {
                ASSERT_EQ(next(loader), storage::preprocess_image(storage::read_rgb(file), how_))
                    << file << " with " << threads << " threads, " << ahead << " ahead";
            }
            EXPECT_GT(loader.decode_seconds(), 0.0);
        }
    }
}

TEST_F(ImageLoaderTest, NamesTheFirstBadImageInOrder) {
    fs::resize_file(files_[9], 20);
    fs::resize_file(files_[4], 20);
    for (const int threads : {1, 4}) {
        ImageLoader loader(files_, how_, threads, 20);
        for (int n = 0; n < 4; ++n) {
            next(loader);
        }
        try {
            next(loader);
            FAIL() << "gave a truncated image";
        } catch (const sweeps::DataError& error) {
            EXPECT_NE(std::string(error.what()).find("4.png"), std::string::npos) << error.what();
        }
    }
}

TEST_F(ImageLoaderTest, MayBeGivenUpAtAnyTime) {
    for (int taken = 0; taken < 10; ++taken) {
        ImageLoader loader(files_, how_, 3, 4);
        for (int n = 0; n < taken; ++n) {
            next(loader);
        }
    }
    const ImageLoader nothing({}, how_, 3, 4);
}

TEST_F(ImageLoaderTest, DecodesNoMoreThanItMayHold) {
    constexpr std::size_t kAhead = 6;
    ImageLoader loader(files_, how_, 4, kAhead);
    next(loader);
    std::this_thread::sleep_for(300ms);  // time enough for all forty
    for (std::size_t n = 1 + kAhead; n < files_.size(); ++n) {
        fs::remove(files_[n]);
    }
    for (std::size_t n = 1; n <= kAhead; ++n) {
        next(loader);
    }
    EXPECT_THROW(next(loader), sweeps::DataError) << "it was decoded although there was no room";
}

}  // namespace
}  // namespace harrow::worker
