#include "sweeps/unique_handle.hpp"

#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace harrow::storage {
namespace {

std::vector<int>& closed_handles() {
    static std::vector<int> handles;
    return handles;
}

struct CountingTraits {
    using Type = int;
    static Type null() noexcept { return -1; }
    static void close(Type handle) noexcept { closed_handles().push_back(handle); }
};
using Handle = sweeps::UniqueHandle<CountingTraits>;
using Closed = std::vector<int>;

class UniqueHandleTest : public ::testing::Test {
protected:
    void SetUp() override { closed_handles().clear(); }
};

TEST_F(UniqueHandleTest, ClosesOnceAtTheEndOfItsScope) {
    { const Handle handle(7); }
    EXPECT_EQ(closed_handles(), Closed{7});
}

TEST_F(UniqueHandleTest, NullIsNeverClosed) {
    {
        const Handle empty;
        const Handle null(-1);
        EXPECT_FALSE(empty);
        EXPECT_FALSE(null);
    }
    EXPECT_TRUE(closed_handles().empty());
}

TEST_F(UniqueHandleTest, MovedFromIsNullAndTheHandleLivesOn) {
    Handle first(7);
    const Handle second(std::move(first));
    EXPECT_FALSE(first);
    EXPECT_EQ(second.get(), 7);
    EXPECT_TRUE(closed_handles().empty());
}

TEST_F(UniqueHandleTest, MoveAssignmentClosesTheOldOne) {
    Handle first(7);
    Handle second(8);
    second = std::move(first);
    EXPECT_EQ(closed_handles(), Closed{8});
    EXPECT_EQ(second.get(), 7);
}

TEST_F(UniqueHandleTest, SelfMoveKeepsTheHandle) {
    Handle handle(7);
    Handle& same = handle;
    handle = std::move(same);
    EXPECT_EQ(handle.get(), 7);
    EXPECT_TRUE(closed_handles().empty());
}

TEST_F(UniqueHandleTest, ReleaseHandsOverWithoutClosing) {
    {
        Handle handle(7);
        EXPECT_EQ(handle.release(), 7);
        EXPECT_FALSE(handle);
    }
    EXPECT_TRUE(closed_handles().empty());
}

TEST_F(UniqueHandleTest, IsMoveOnly) {
    EXPECT_FALSE(std::is_copy_constructible_v<Handle>);
    EXPECT_TRUE(std::is_nothrow_move_constructible_v<Handle>);
}

}  // namespace
}  // namespace harrow::storage
