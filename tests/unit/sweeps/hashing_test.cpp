#include "sweeps/hashing.hpp"

#include <gtest/gtest.h>

namespace harrow::sweeps {
namespace {

// The test vectors of the empty input in xxHash's own sanity check.
TEST(HashingTest, AgreesWithTheReference) {
    EXPECT_EQ(hash_text(""), "99aa06d3014798d86001c324468d497f");
    EXPECT_EQ(checksum64("", 0), 0x2d06800538d394c2ULL);
}

TEST(HashingTest, CutsBetweenPiecesDoNotMatter) {
    const std::string text(10000, 'x');
    Hasher hasher;
    hasher.update(text.substr(0, 1)).update("").update(text.substr(1, 7000));
    hasher.update(text.substr(7001));
    EXPECT_EQ(hasher.digest(), hash_text(text));
    Checksum64 checksum;
    checksum.update(text.substr(0, 1)).update("").update(text.substr(1, 7000));
    EXPECT_EQ(checksum.update(text.substr(7001)).digest(), checksum64(text.data(), text.size()));
}

TEST(HashingTest, DigestMayBeTakenInBetween) {
    Hasher hasher;
    EXPECT_EQ(hasher.update("a").digest(), hash_text("a"));
    EXPECT_EQ(hasher.update("b").digest(), hash_text("ab"));
}

}  // namespace
}  // namespace harrow::sweeps
