#include "storage/cache_gc.hpp"

#include <algorithm>
#include <ctime>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/cache_lease.hpp"
#include "storage/file_seal.hpp"
#include "tests/unit/storage/feature_cache_fixture.hpp"

namespace harrow::storage {
namespace {

using namespace testing;

constexpr std::time_t kNow = 2000000000;
constexpr std::int64_t kDay = 86400;

/// Four feature files of equal size; key i was used i days before kNow.
class CacheGcTest : public FeatureCacheTest {
protected:
    CacheGcTest() {
        for (int days = 0; days < 4; ++days) {
            publish(cache_, key(days));
            use(cache_.file_of(key(days)), kNow - days * kDay);
        }
        size_ = *cache_.bytes_of(key(0));
    }
    static std::string key(int days) { return "a" + std::to_string(days) + std::string(30, 'e'); }
    static void use(const std::filesystem::path& path, std::time_t when) {
        const timespec times[2] = {{when, 0}, {when, 0}};
        ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
    }
    std::vector<int> present() const {
        std::vector<int> days;
        for (int i = 0; i < 4; ++i) {
            if (cache_.contains(key(i))) {
                days.push_back(i);
            }
        }
        return days;
    }
    GcReport collect(const GcPolicy& policy) const { return collect_garbage(cache_, policy, kNow); }

    std::uint64_t size_ = 0;
};

TEST_F(CacheGcTest, KeepsTheBudgetLeastRecentlyUsedFirst) {
    GcPolicy policy;
    policy.max_bytes = 2 * size_ + 1;
    policy.dry_run = true;
    EXPECT_EQ(collect(policy).bytes_after, 2 * size_);
    EXPECT_EQ(present().size(), 4U) << "a dry run removes nothing";
    policy.dry_run = false;
    const GcReport report = collect(policy);
    EXPECT_EQ(present(), (std::vector<int>{0, 1}));
    ASSERT_EQ(report.removed.size(), 2U);
    EXPECT_EQ(report.removed[0].key, key(3));
    EXPECT_EQ(report.bytes_before, 4 * size_);
    EXPECT_EQ(report.bytes_after, 2 * size_);
    EXPECT_FALSE(std::filesystem::exists(cache_.root() / "a3")) << "empty folders go";
    EXPECT_TRUE(collect(policy).removed.empty());
    cache_.open(key(0));
}

TEST_F(CacheGcTest, RemovesWhatWasNotUsedForLonger) {
    GcPolicy policy;
    policy.max_idle_s = 2 * kDay;
    collect(policy);
    EXPECT_EQ(present(), (std::vector<int>{0, 1, 2}));
    EXPECT_TRUE(collect({}).removed.empty()) << "without limits features stay";
}

TEST_F(CacheGcTest, WhatARunningSweepNeedsStays) {
    GcPolicy policy;
    policy.max_bytes = 0;
    {
        const CacheLease lease(cache_.root(), {key(3), key(1)});
        const GcReport report = collect(policy);
        EXPECT_EQ(report.kept_in_use, 2U);
        EXPECT_EQ(present(), (std::vector<int>{1, 3}));
    }
    EXPECT_EQ(collect(policy).removed.size(), 2U);
    EXPECT_FALSE(std::filesystem::exists(cache_.root() / "in-use"));
}

TEST_F(CacheGcTest, TheLeaseOfAProcessThatWasKilledEndsWithIt) {
    int ready[2] = {};
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const CacheLease lease(cache_.root(), {key(0)});
        [[maybe_unused]] const auto written = ::write(ready[1], "x", 1);
        ::pause();
        ::_exit(0);
    }
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
    ::close(ready[1]);
    EXPECT_EQ(leased_keys(cache_.root()), (std::set<std::string>{key(0)}));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_TRUE(leased_keys(cache_.root()).empty());
    EXPECT_EQ(entries_in(cache_.root() / "in-use"), 0U) << "and what it left goes";
}

TEST_F(CacheGcTest, ACacheThatCannotBeWrittenToNeedsNoLease) {
    spill(directory_ / "file", "");
    EXPECT_NO_THROW(CacheLease(directory_ / "file", {key(0)}));
}

TEST_F(CacheGcTest, RemovesStaleTemporariesAndOnRequestTheQuarantine) {
    const std::string stem = "." + key(0) + ".h5.tmp.";
    const std::filesystem::path folder = cache_.root() / "a0";
    const std::filesystem::path mine =
        folder / (stem + host_name() + "." + std::to_string(::getpid()) + ".0");
    const std::filesystem::path old = folder / (stem + "another.host.77.3");
    const std::filesystem::path fresh = folder / (stem + "another.host.78.3");
    const std::filesystem::path bad = cache_.root() / "quarantine" / (key(1) + ".0.h5");
    std::filesystem::create_directory(bad.parent_path());
    for (const auto& file : {mine, old, fresh, bad}) {
        spill(file, "x");
    }
    use(mine, kNow - 9 * kDay - 1000000000);
    use(old, kNow - 9 * kDay - 1000000000);
    GcReport report = collect({});
    ASSERT_EQ(report.temporaries.size(), 1U);
    EXPECT_EQ(report.temporaries[0].path, old);
    EXPECT_TRUE(std::filesystem::exists(mine)) << "its writer lives";
    EXPECT_TRUE(std::filesystem::exists(fresh));
    EXPECT_TRUE(std::filesystem::exists(bad));
    GcPolicy policy;
    policy.quarantine = true;
    EXPECT_EQ(collect(policy).quarantined.size(), 1U);
    EXPECT_FALSE(std::filesystem::exists(bad.parent_path()));
    EXPECT_EQ(present().size(), 4U);
}

TEST_F(CacheGcTest, ListsWhatIsThereAndNeverFailsForIt) {
    spill(cache_.file_of(key(1)), "not HDF5 at all");
    spill(cache_.root() / "README", "x");
    spill(cache_.root() / "a0" / "notes.txt", "xy");
    std::filesystem::create_directory_symlink(cache_.root(), cache_.root() / "a0" / "loop");
    std::filesystem::create_directories(cache_.root() / "a0" / (std::string("a0") + ".h5"));
    const CacheListing listing = list_cache(cache_, Describe::Yes);
    ASSERT_EQ(listing.entries.size(), 4U);
    EXPECT_EQ(listing.entries[0].key, key(0));
    EXPECT_EQ(listing.entries[0].last_used, kNow);
    ASSERT_TRUE(listing.entries[0].info);
    EXPECT_EQ(listing.entries[0].info->shape.images, 5);
    EXPECT_FALSE(listing.entries[1].info);
    EXPECT_TRUE(contains(listing.entries[1].problem, "its end is missing"));
    EXPECT_TRUE(cache_.contains(key(1))) << "listing moves nothing";
    EXPECT_EQ(listing.foreign.size(), 3U);
    EXPECT_TRUE(list_cache(FeatureCache(directory_ / "none"), Describe::Yes).entries.empty());
}

TEST_F(CacheGcTest, LookingAtOldFeaturesIsNoUse) {
    // Most file systems note a read when the last one is older than a day or than the last write.
    const std::time_t old = std::time(nullptr) - 40 * kDay;
    use(cache_.file_of(key(1)), old);
    const auto last_used = [this] {
        return list_cache(cache_, Describe::Yes).entries.at(1).last_used;
    };
    EXPECT_EQ(last_used(), old);
    EXPECT_EQ(last_used(), old) << "listing is no use";
    cache_.verify(key(1));
    EXPECT_EQ(last_used(), old) << "verifying is no use";
    cache_.open(key(1));
    EXPECT_GT(last_used(), old + 39 * kDay) << "but opening is";
}

TEST_F(CacheGcTest, FoldersOfOthersStayAndOwnOnesAreNotForeign) {
    for (const char* folder : {"notes", "a", "ab", "zz"}) {
        std::filesystem::create_directory(cache_.root() / folder);
    }
    std::filesystem::create_directory(cache_.root() / "digests");
    spill(cache_.root() / "digests" / "0123", "x");
    collect({});
    EXPECT_TRUE(std::filesystem::exists(cache_.root() / "notes"));
    EXPECT_TRUE(std::filesystem::exists(cache_.root() / "a"));
    EXPECT_TRUE(std::filesystem::exists(cache_.root() / "zz"));
    EXPECT_FALSE(std::filesystem::exists(cache_.root() / "ab"));
    EXPECT_TRUE(list_cache(cache_, Describe::No).foreign.empty());
}

TEST_F(CacheGcTest, ARootThatIsNoFolderIsAProblemAndAMissingOneIsSaid) {
    spill(directory_ / "file", "");
    const CacheListing of_file = list_cache(FeatureCache(directory_ / "file"), Describe::No);
    ASSERT_EQ(of_file.problems.size(), 1U);
    EXPECT_TRUE(contains(of_file.problems[0], (directory_ / "file").string()));
    const CacheListing missing = list_cache(FeatureCache(directory_ / "none"), Describe::No);
    EXPECT_FALSE(missing.root_exists);
    EXPECT_TRUE(missing.problems.empty());
    EXPECT_TRUE(list_cache(cache_, Describe::No).root_exists);
}

TEST_F(CacheGcTest, VerifyingChecksEveryByteAgainAndIsNoUse) {
    cache_.open(key(2));
    use(cache_.file_of(key(2)), kNow - 5 * kDay);
    cache_.verify(key(2));
    EXPECT_EQ(list_cache(cache_, Describe::No).entries[2].last_used, kNow - 5 * kDay);
    // The same identity, other bytes: what a failing disk does.
    const std::filesystem::path path = cache_.file_of(key(2));
    std::string bytes = slurp(path);
    const std::size_t feature = check_seal(bytes).offset + 100;
    bytes[feature] = static_cast<char>(bytes[feature] ^ 1);
    std::ofstream(path, std::ios::binary | std::ios::in | std::ios::out) << bytes;
    use(path, kNow - 5 * kDay);
    EXPECT_NO_THROW(cache_.open(key(2))) << "checked once per process";
    EXPECT_THROW(cache_.verify(key(2)), CorruptFeatureFile);
}

}  // namespace
}  // namespace harrow::storage
