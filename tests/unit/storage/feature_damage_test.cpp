// Damage is found and moved away; what only cannot be read stays.
#include <cstdint>
#include <random>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "storage/file_seal.hpp"
#include "storage/hdf5.hpp"
#include "tests/unit/storage/feature_cache_fixture.hpp"

namespace harrow::storage {
namespace {

using sweeps::StorageError;
using namespace testing;

TEST_F(FeatureCacheTest, EveryAlteredByteIsFoundAndTheFileMovedAway) {
    publish(cache_);
    const std::filesystem::path path = cache_.file_of(kKey);
    const std::string bytes = slurp(path);
    std::size_t moved = 0;
    for (std::size_t i = 0; i < bytes.size(); i += i < 4000 || i > 8000 ? 97 : 5) {
        std::string altered = bytes;
        altered[i] = static_cast<char>(altered[i] ^ 0x04);
        spill(path, altered);
        const FeatureCache fresh(cache_.root());
        try {
            fresh.open(kKey);
            FAIL() << "byte " << i << " was not missed";
        } catch (const CorruptFeatureFile& error) {
            ASSERT_EQ(error.key, kKey);
            ASSERT_FALSE(std::filesystem::exists(path));
            ASSERT_EQ(slurp(error.quarantined), altered);
            ASSERT_EQ(error.quarantined.parent_path(), cache_.root() / "quarantine");
            ++moved;
        }
    }
    EXPECT_EQ(entries_in(cache_.root() / "quarantine"), moved);
    publish(cache_);
    EXPECT_NO_THROW(cache_.open(kKey));
}

TEST_F(FeatureCacheTest, TruncatedAndExtendedFilesAreFound) {
    publish(cache_);
    const std::filesystem::path path = cache_.file_of(kKey);
    const std::string bytes = slurp(path);
    for (const std::size_t length : {std::size_t{0},
                                     std::size_t{1},
                                     std::size_t{100},
                                     std::size_t{4096},
                                     bytes.size() / 2,
                                     bytes.size() - 83,
                                     bytes.size() - 1}) {
        spill(path, bytes.substr(0, length));
        EXPECT_TRUE(contains(corruption_of_file(), path.string())) << length;
        EXPECT_FALSE(std::filesystem::exists(path));
    }
    spill(path, bytes + "x");
    EXPECT_TRUE(contains(corruption_of_file(), "extracted again"));
}

TEST_F(FeatureCacheTest, FileOfAnotherKeyIsFound) {
    publish(cache_);
    const std::string other = "a0ffffffffffffffffffffffffffffff";
    std::filesystem::copy_file(cache_.file_of(kKey), cache_.file_of(other));
    const std::string message = message_of<CorruptFeatureFile>([&] { cache_.open(other); });
    EXPECT_TRUE(contains(message, kKey));
}

TEST_F(FeatureCacheTest, AThousandFlippedBytesAreFoundInEveryRegion) {
    for (const FeatureType type : {FeatureType::Float16, FeatureType::Float32}) {
        info_.type = type;
        std::filesystem::remove_all(cache_.root());
        publish(cache_);
        const std::filesystem::path path = cache_.file_of(kKey);
        const std::string bytes = slurp(path);
        const PayloadRange features = check_seal(bytes);
        ASSERT_EQ(features.bytes, 5U * 24 * (type == FeatureType::Float16 ? 2 : 4));
        const std::size_t end = bytes.size() - kSealBytes;
        std::mt19937_64 random(20240607);
        const auto below = [&random](std::size_t count) { return random() % count; };
        for (int flip = 0; flip < 500; ++flip) {
            // A quarter each: attributes and checksums, features, seal, anywhere.
            const std::size_t at = flip % 4 == 0   ? below(features.offset)
                                   : flip % 4 == 1 ? features.offset + below(features.bytes)
                                   : flip % 4 == 2 ? end + below(kSealBytes)
                                                   : below(bytes.size());
            std::string altered = bytes;
            altered[at] = static_cast<char>(altered[at] ^ (1U << below(8)));
            spill(path, altered);
            const FeatureCache fresh(cache_.root());
            ASSERT_THROW(fresh.open(kKey), CorruptFeatureFile) << "byte " << at;
            ASSERT_FALSE(std::filesystem::exists(path)) << "byte " << at;
        }
    }
}

TEST_F(FeatureCacheTest, AFileOfANewerFormatIsNotDamaged) {
    publish(cache_);
    const std::filesystem::path path = cache_.file_of(kKey);
    const std::string bytes = slurp(path);

    std::string newer_seal = bytes;
    newer_seal[bytes.size() - kSealBytes + 13] = '2';
    newer_seal[bytes.size() - 3] = newer_seal[bytes.size() - 3] == '0' ? '1' : '0';
    const H5File file = create_hdf5_in_memory();
    write_attribute(file.get(), "format_version", std::int64_t{3});
    const std::string image = image_of(file);
    for (const std::string& newer : {newer_seal, image + make_seal(image, {})}) {
        spill(path, newer);
        try {
            FeatureCache(cache_.root()).open(kKey);
            FAIL() << "read a format it does not know";
        } catch (const CorruptFeatureFile& error) {
            FAIL() << error.what();
        } catch (const StorageError& error) {
            EXPECT_TRUE(contains(error.what(), "newer Harrow"));
            EXPECT_TRUE(contains(error.what(), path.string()));
        }
        EXPECT_EQ(slurp(path), newer);
    }
}

/// No descriptor can be opened beyond those open now and `spare` more.
class DescriptorLimit {
public:
    explicit DescriptorLimit(int spare) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const int next = ::open("/dev/null", O_RDONLY);
        ::close(next);
        rlimit limit = before_;
        limit.rlim_cur = static_cast<rlim_t>(next + spare);
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    DescriptorLimit(const DescriptorLimit&) = delete;
    DescriptorLimit& operator=(const DescriptorLimit&) = delete;
    ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

TEST_F(FeatureCacheTest, RunningOutOfDescriptorsIsNotDamage) {
    publish(cache_);
    const FeatureCache fresh(cache_.root());
    try {
        const DescriptorLimit none(0);
        fresh.open(kKey);
        FAIL() << "opened without a descriptor";
    } catch (const CorruptFeatureFile& error) {
        FAIL() << error.what();
    } catch (const StorageError& error) {
        EXPECT_TRUE(contains(error.what(), cache_.file_of(kKey).string()));
    }
    EXPECT_NO_THROW(fresh.open(kKey));
}

}  // namespace
}  // namespace harrow::storage
