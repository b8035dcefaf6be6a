// harrow cache: what it answers where there is no cache, and limits that are none.
#include <gtest/gtest.h>

#include "cli/arguments.hpp"
#include "cli/verbs.hpp"
#include "sweeps/error.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::cli {
namespace {

using storage::testing::contains;
using storage::testing::message_of;
using storage::testing::spill;
using sweeps::ExitCode;

class CacheVerbsTest : public ::testing::Test {
protected:
    /// What the verb answers; `said_` receives what it wrote to standard error.
    template <typename Options>
    ExitCode answer(const std::string& cache) {
        Options options;
        options.cache = (directory_ / cache).string();
        ::testing::internal::CaptureStdout();
        ::testing::internal::CaptureStderr();
        const ExitCode code = run_verb(options);
        ::testing::internal::GetCapturedStdout();
        said_ = ::testing::internal::GetCapturedStderr();
        return code;
    }
    static std::string mistake(const std::vector<const char*>& words) {
        return message_of<sweeps::UsageError>(
            [&] { parse_arguments(static_cast<int>(words.size()), words.data()); });
    }

    storage::testing::TemporaryDirectory directory_;
    std::string said_;
};

TEST_F(CacheVerbsTest, AFileIsNoCache) {
    spill(directory_ / "file", "x");
    EXPECT_EQ(answer<CacheListOptions>("file"), ExitCode::Infrastructure);
    EXPECT_TRUE(contains(said_, (directory_ / "file").string()));
    EXPECT_EQ(answer<CacheVerifyOptions>("file"), ExitCode::Infrastructure);
    EXPECT_TRUE(contains(said_, (directory_ / "file").string()));
}

TEST_F(CacheVerbsTest, AMissingCacheIsSaidAndCannotBeVerified) {
    EXPECT_EQ(answer<CacheListOptions>("none"), ExitCode::Ok);
    EXPECT_TRUE(contains(said_, "does not exist"));
    EXPECT_EQ(answer<CacheVerifyOptions>("none"), ExitCode::Infrastructure);
    EXPECT_TRUE(contains(said_, "does not exist"));
    std::filesystem::create_directory(directory_ / "empty");
    EXPECT_EQ(answer<CacheVerifyOptions>("empty"), ExitCode::Ok);
    EXPECT_EQ(said_, "");
}

TEST_F(CacheVerbsTest, AnEmptyLimitIsAMistake) {
    EXPECT_TRUE(contains(mistake({"harrow", "cache", "gc", "--max-size", ""}), "is not a size"));
    EXPECT_TRUE(contains(mistake({"harrow", "cache", "gc", "--older-than", ""}), "is not a time"));
    EXPECT_TRUE(contains(mistake({"harrow", "cache", "gc", "--max-size="}), "--max-size"));
    const char* const fine[] = {"harrow", "cache", "gc", "--max-size", "5G"};
    EXPECT_TRUE(parse_arguments(5, fine).has_value());
}

}  // namespace
}  // namespace harrow::cli
