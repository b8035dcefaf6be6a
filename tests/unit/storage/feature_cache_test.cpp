#include "storage/feature_cache.hpp"

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "storage/half.hpp"
#include "tests/unit/storage/feature_cache_fixture.hpp"

namespace harrow::storage {
namespace {

using sweeps::StorageError;
using namespace testing;

TEST_F(FeatureCacheTest, FileIsWhereItsKeySays) {
    EXPECT_EQ(cache_.file_of(kKey), directory_ / "cache/a0" / (std::string(kKey) + ".h5"));
    EXPECT_FALSE(cache_.contains(kKey));
    EXPECT_EQ(cache_.bytes_of(kKey), std::nullopt);
    EXPECT_THROW(cache_.file_of("../../etc/passwd"), std::logic_error);
    EXPECT_FALSE(std::filesystem::exists(cache_.root())) << "asking creates nothing";
}

TEST_F(FeatureCacheTest, RoundTripGivesTheFloat16OfEveryValue) {
    publish(cache_);
    ASSERT_TRUE(cache_.contains(kKey));
    const FeatureReader reader = cache_.open(kKey);
    EXPECT_EQ(reader.info().shape.images, 5);
    EXPECT_EQ(reader.info().shape.channels, 4);
    EXPECT_EQ(reader.info().canonical_text, info_.canonical_text);
    EXPECT_EQ(reader.info().weights_digest, "none");
    ASSERT_EQ(reader.info().images.size(), 5U);
    EXPECT_EQ(reader.info().images[4].relative_path, info_.images[4].relative_path);
    EXPECT_EQ(reader.info().images[4].digest, "digest4");
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(reader.data()) % 4096, 0U);
    std::vector<float> read(3 * 24);
    reader.read_float(2, 3, read.data());
    for (std::size_t i = 0; i < read.size(); ++i) {
        EXPECT_EQ(read[i], half_to_float(float_to_half(values_[2 * 24 + i])));
    }
    EXPECT_THROW(reader.read_float(3, 3, read.data()), StorageError);
    EXPECT_THROW(reader.read_float(-1, 1, read.data()), StorageError);
    EXPECT_EQ(entries_in(directory_ / "cache/a0"), 1U);
}

TEST_F(FeatureCacheTest, ReaderOutlivesCacheAndFile) {
    publish(cache_);
    const FeatureReader reader = FeatureCache(cache_.root()).open(kKey);
    std::filesystem::remove(cache_.file_of(kKey));
    float value[24] = {};
    reader.read_float(0, 1, value);
    EXPECT_EQ(value[1], half_to_float(float_to_half(values_[1])));
}

TEST_F(FeatureCacheTest, ImagesMayArriveInAnyOrderButMustAllArrive) {
    FeatureWriter writer = cache_.create(kKey, info_);
    writer.write(3, 2, values_.data() + 3 * 24);
    EXPECT_THROW(writer.publish(), std::logic_error);
    EXPECT_THROW(writer.write(4, 2, values_.data()), std::logic_error);
    writer.write(0, 3, values_.data());
    writer.publish();
    publish(FeatureCache(directory_ / "other"));
    EXPECT_EQ(slurp(cache_.file_of(kKey)), slurp(FeatureCache(directory_ / "other").file_of(kKey)));
}

TEST_F(FeatureCacheTest, ValuesFloat16CannotHoldAreRefusedByName) {
    FeatureWriter writer = cache_.create(kKey, info_);
    for (const float bad : {1e6F, -65505.0F}) {
        values_[2 * 24 + 7] = bad;
        const std::string message =
            message_of<sweeps::DataError>([&] { writer.write(0, 5, values_.data()); });
        EXPECT_TRUE(contains(message, info_.images[2].relative_path));
        EXPECT_TRUE(contains(message, "position 7"));
        EXPECT_TRUE(contains(message, "backbone.feature_dtype=float32"));
    }
}

TEST_F(FeatureCacheTest, Float32KeepsEveryBitAndRefusesWhatIsNoNumber) {
    info_.type = FeatureType::Float32;
    values_[30] = 1e30F;
    values_[31] = 1e-40F;
    publish(cache_);
    const FeatureReader reader = cache_.open(kKey);
    EXPECT_EQ(reader.info().type, FeatureType::Float32);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(reader.data()) % 4096, 0U);
    std::vector<float> read(values_.size());
    reader.read_float(0, 5, read.data());
    EXPECT_EQ(read, values_);
    for (const FeatureType type : {FeatureType::Float16, FeatureType::Float32}) {
        info_.type = type;
        FeatureWriter writer = cache_.create(kKey, info_);
        values_[7] = std::numeric_limits<float>::quiet_NaN();
        const std::string message =
            message_of<sweeps::DataError>([&] { writer.write(0, 5, values_.data()); });
        EXPECT_TRUE(contains(message, "no backbone should compute"));
    }
}

TEST_F(FeatureCacheTest, UnpublishedWorkLeavesNothing) {
    {
        FeatureWriter writer = cache_.create(kKey, info_);
        writer.write(0, 5, values_.data());
        FeatureWriter moved = std::move(writer);
        EXPECT_FALSE(cache_.contains(kKey));
    }
    EXPECT_EQ(entries_in(directory_ / "cache/a0"), 0U);
}

TEST_F(FeatureCacheTest, TwoWritersOfOneKeyBothSucceedAndTheFirstFileStays) {
    FeatureWriter first = cache_.create(kKey, info_);
    FeatureWriter second = cache_.create(kKey, info_);
    first.write(0, 5, values_.data());
    second.write(0, 5, values_.data());
    first.publish();
    const FeatureReader reader = cache_.open(kKey);
    const std::string bytes = slurp(cache_.file_of(kKey));
    second.publish();
    EXPECT_EQ(slurp(cache_.file_of(kKey)), bytes);
    EXPECT_EQ(entries_in(directory_ / "cache/a0"), 1U);
}

TEST_F(FeatureCacheTest, ReplacedFileIsCheckedAgain) {
    publish(cache_);
    EXPECT_NO_THROW(cache_.open(kKey));
    std::string bytes = slurp(cache_.file_of(kKey));
    bytes[bytes.size() - 90] = static_cast<char>(bytes[bytes.size() - 90] ^ 1);
    std::filesystem::remove(cache_.file_of(kKey));
    spill(cache_.file_of(kKey), bytes);
    EXPECT_THROW(cache_.open(kKey), CorruptFeatureFile);
}

TEST_F(FeatureCacheTest, OpeningCountsAsUseWhateverTheFileSystemRecords) {
    publish(cache_);
    cache_.open(kKey);
    const std::string path = cache_.file_of(kKey);
    const timespec long_ago[2] = {{1000, 0}, {1000, 0}};
    const auto times = [&path] {
        struct stat status {};
        ::stat(path.c_str(), &status);
        return std::pair(status.st_atim.tv_sec, status.st_mtim.tv_sec);
    };
    ::utimensat(AT_FDCWD, path.c_str(), long_ago, 0);
    FeatureCache(cache_.root()).open(kKey);
    EXPECT_GT(times().first, 1000);
    EXPECT_EQ(times().second, 1000) << "or every opening would check every byte again";
    ::utimensat(AT_FDCWD, path.c_str(), long_ago, 0);
    cache_.touch(kKey);
    EXPECT_GT(times().first, 1000);
    cache_.touch("00000000000000000000000000000000");  // not there: nothing happens
}

TEST_F(FeatureCacheTest, MissingKeyIsNotCorrupt) {
    try {
        cache_.open(kKey);
        FAIL();
    } catch (const CorruptFeatureFile&) {
        FAIL() << "nothing is damaged";
    } catch (const StorageError& error) {
        EXPECT_TRUE(contains(error.what(), kKey));
    }
}

TEST_F(FeatureCacheTest, FullDiskIsFoundBeforeAnyWorkAndLeavesNothing) {
    info_.shape = {5, 30, 20, 400};
    const std::string message = message_of<StorageError>([this] {
        const FileSizeLimit full(100000);
        cache_.create(kKey, info_);
    });
    EXPECT_TRUE(contains(message, kKey));
    EXPECT_EQ(entries_in(directory_ / "cache/a0"), 0U);
}

TEST_F(FeatureCacheTest, DiskThatFillsUpWhilePublishingLeavesNothing) {
    {
        FeatureWriter writer = cache_.create(kKey, info_);
        writer.write(0, 5, values_.data());
        const FileSizeLimit full(8 << 10);
        EXPECT_THROW(writer.publish(), StorageError);
    }
    EXPECT_EQ(entries_in(directory_ / "cache/a0"), 0U);
    EXPECT_FALSE(cache_.contains(kKey));
}

TEST_F(FeatureCacheTest, ImpossibleShapesAreRefused) {
    for (const FeatureShape shape : {FeatureShape{0, 3, 2, 4},
                                     FeatureShape{5, 3, 2, -4},
                                     FeatureShape{5, 1 << 20, 1 << 20, 1 << 20},
                                     FeatureShape{4, 3, 2, 4}}) {
        info_.shape = shape;
        EXPECT_THROW(cache_.create(kKey, info_), StorageError);
    }
}

TEST_F(FeatureCacheTest, ThreadsMayOpenTheSameKey) {
    publish(cache_);
    std::vector<std::thread> threads;
    std::vector<float> first(4);
    for (std::size_t t = 0; t < first.size(); ++t) {
        threads.emplace_back([this, &first, t] {
            std::vector<float> values(24);
            for (int i = 0; i < 20; ++i) {
                cache_.open(kKey).read_float(1, 1, values.data());
            }
            first[t] = values[0];
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(first, std::vector<float>(4, half_to_float(float_to_half(values_[24]))));
}

TEST(FeatureCacheRootTest, FollowsTheEnvironment) {
    const auto value_of = [](const char* name) {
        const char* const value = ::getenv(name);
        return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
    };
    const char* const names[] = {"HARROW_CACHE", "XDG_CACHE_HOME", "HOME"};
    std::vector<std::optional<std::string>> before;
    for (const char* name : names) {
        before.push_back(value_of(name));
    }
    ::setenv("HOME", "/home/x", 1);
    ::setenv("XDG_CACHE_HOME", "/xdg", 1);
    ::setenv("HARROW_CACHE", "/own", 1);
    EXPECT_EQ(FeatureCache::default_root(), "/own");
    ::unsetenv("HARROW_CACHE");
    EXPECT_EQ(FeatureCache::default_root(), "/xdg/harrow");
    ::setenv("XDG_CACHE_HOME", "", 1);
    EXPECT_EQ(FeatureCache::default_root(), "/home/x/.cache/harrow");
    ::unsetenv("HOME");
    EXPECT_THROW(FeatureCache::default_root(), sweeps::UsageError);
    for (std::size_t i = 0; i < before.size(); ++i) {
        before[i] ? ::setenv(names[i], before[i]->c_str(), 1) : ::unsetenv(names[i]);
    }
}

}  // namespace
}  // namespace harrow::storage
