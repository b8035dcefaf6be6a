#include "storage/weights/weights_digest.hpp"

#include <set>

#include <gtest/gtest.h>
#include <unistd.h>

#include "sweeps/error.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::storage {
namespace {

using testing::contains;
using testing::message_of;
using testing::spill;
using testing::TemporaryDirectory;

TEST(WeightsDigestTest, IsSha256) {
    const TemporaryDirectory directory;
    const auto digest_of = [&](const std::string& bytes) {
        spill(directory / "f", bytes);
        return weights_digest(directory / "f");
    };
    // FIPS 180-2, appendix B, and the empty text.
    EXPECT_EQ(digest_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(digest_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(digest_of(std::string(1'000'000, 'a')),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(WeightsDigestTest, PiecesDoNotMatter) {
    const TemporaryDirectory directory;
    const std::size_t piece = std::size_t{1} << 20;  // bytes read at a time
    std::set<std::string> digests;
    for (const std::size_t bytes : {piece - 1, piece, piece + 1, 2 * piece}) {
        spill(directory / "f", std::string(bytes, 'a'));
        EXPECT_TRUE(digests.insert(weights_digest(directory / "f")).second);
    }
    // sha256sum of 2^21 times "a"
    EXPECT_EQ(weights_digest(directory / "f"),
              "5256ec18f11624025905d057d6befb03d77b243511ac5f77ed5e0221ce6d84b5");
}

TEST(WeightsDigestTest, WhatCannotBeReadIsNamed) {
    const TemporaryDirectory directory;
    const auto refusal = [](const std::filesystem::path& path) {
        return message_of<sweeps::DataError>([&] { weights_digest(path); });
    };
    EXPECT_TRUE(contains(refusal(""), "empty"));
    EXPECT_TRUE(contains(refusal(directory / "none"), "none' does not exist"));
    EXPECT_TRUE(contains(refusal(directory / "none" / "below"), "does not exist"));
    EXPECT_TRUE(contains(refusal(directory.path()), "is a folder"));
    spill(directory / "secret", "x");
    std::filesystem::permissions(directory / "secret", std::filesystem::perms::none);
    if (::geteuid() != 0) {  // root may read everything
        EXPECT_TRUE(contains(refusal(directory / "secret"), "Permission denied"));
    }
}

}  // namespace
}  // namespace harrow::storage
