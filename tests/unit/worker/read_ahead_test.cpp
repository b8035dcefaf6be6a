#include "worker/read_ahead.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "storage/datasets/image.hpp"
#include "storage/datasets/preprocess.hpp"
#include "sweeps/error.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::worker {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr int kSize = 8;
constexpr std::size_t kImages = 40;

using Samples = std::vector<float>;

class ReadAheadTest : public ::testing::Test {
protected:
    ReadAheadTest() {
        for (int n = 0; n < int(kImages); ++n) {
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

    Samples decoded(std::size_t n) const {
        return storage::preprocess_image(storage::read_rgb(files_[n]), how_);
    }
    ReadAhead<Samples>::Make decode() const {
        return [this](std::size_t n) { return decoded(n); };
    }
    static Samples next(ReadAhead<Samples>& images) {
        while (true) {
            if (std::optional<Samples> samples = images.take(100ms)) {
                return *samples;
            }
        }
    }

    storage::testing::TemporaryDirectory directory_;
    std::vector<fs::path> files_;
    storage::Preprocessing how_;
};

TEST_F(ReadAheadTest, GivesEveryImageInOrderWhateverTheThreads) {
    for (const int threads : {1, 2, 7, 100}) {
        for (const std::size_t ahead : {std::size_t{1}, std::size_t{5}, std::size_t{100}}) {
            ReadAhead<Samples> loader(kImages, decode(), threads, ahead);
            for (std::size_t n = 0; n < files_.size(); ++n) {
                ASSERT_EQ(next(loader), decoded(n))
                    << files_[n] << " with " << threads << " threads, " << ahead << " ahead";
            }
            EXPECT_GT(loader.busy_seconds(), 0.0);
        }
    }
}

TEST_F(ReadAheadTest, NamesTheFirstBadImageInOrder) {
    fs::resize_file(files_[9], 20);
    fs::resize_file(files_[4], 20);
    for (const int threads : {1, 4}) {
        ReadAhead<Samples> loader(kImages, decode(), threads, 20);
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

TEST_F(ReadAheadTest, MayBeGivenUpAtAnyTime) {
    for (int taken = 0; taken < 10; ++taken) {
        ReadAhead<Samples> loader(kImages, decode(), 3, 4);
        for (int n = 0; n < taken; ++n) {
            next(loader);
        }
    }
    const ReadAhead<Samples> nothing(0, decode(), 3, 4);
}

TEST_F(ReadAheadTest, DecodesNoMoreThanItMayHold) {
    constexpr std::size_t kAhead = 6;
    ReadAhead<Samples> loader(kImages, decode(), 4, kAhead);
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
