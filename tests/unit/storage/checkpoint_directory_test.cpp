#include "storage/checkpoint_directory.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "storage/files.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::storage {
namespace {

using namespace testing;

class CheckpointDirectoryTest : public ::testing::Test {
protected:
    std::string publish(std::optional<int> after_task = std::nullopt) {
        const std::filesystem::path file = checkpoints_.next(after_task);
        spill(file, "x");
        return file.filename().string();
    }
    std::vector<std::string> names() const {
        std::vector<std::string> found;
        for (const auto& file : checkpoints_.newest_first()) {
            found.push_back(file.filename().string());
        }
        return found;
    }

    TemporaryDirectory place_;
    CheckpointDirectory checkpoints_{place_ / "checkpoints"};
};

TEST_F(CheckpointDirectoryTest, NumbersGrowAndNamesSayTheTask) {
    EXPECT_TRUE(names().empty());
    EXPECT_EQ(publish(), "000001.safetensors");
    EXPECT_EQ(publish(3), "000002-after-task-3.safetensors");
    spill(checkpoints_.path() / "notes.txt", "");
    spill(checkpoints_.path() / "99-other.safetensors", "");
    EXPECT_EQ(publish(), "000003.safetensors");
    EXPECT_EQ(names(),
              (std::vector<std::string>{
                  "000003.safetensors", "000002-after-task-3.safetensors", "000001.safetensors"}));
    spill(checkpoints_.path() / "1000000.safetensors", "");
    EXPECT_EQ(names()[0], "1000000.safetensors");
    EXPECT_EQ(publish(), "1000001.safetensors");
}

TEST_F(CheckpointDirectoryTest, KeepsWhatItIsToldAndForeignFiles) {
    publish(0);
    publish();
    publish(1);
    const std::string last = publish();
    spill(checkpoints_.path() / "notes.txt", "");
    checkpoints_.keep_only({checkpoints_.path() / last}, true);
    EXPECT_EQ(names(),
              (std::vector<std::string>{"000004.safetensors",
                                        "000003-after-task-1.safetensors",
                                        "000001-after-task-0.safetensors"}));
    checkpoints_.keep_only({checkpoints_.path() / last}, false);
    EXPECT_EQ(names(), std::vector<std::string>{last});
    EXPECT_TRUE(std::filesystem::exists(checkpoints_.path() / "notes.txt"));
}

TEST_F(CheckpointDirectoryTest, RemovesWhatKilledWritersLeft) {
    publish();
    PendingFile(checkpoints_.path() / "000002.safetensors").discard();
    spill(checkpoints_.path() / ".000002.safetensors.tmp.otherhost.17.0", "half");
    checkpoints_.remove_temporaries();
    EXPECT_EQ(entries_in(checkpoints_.path()), 1U);
    spill(checkpoints_.path() / ".000002.safetensors.tmp.otherhost.17.0", "half");
    checkpoints_.remove_all();
    EXPECT_FALSE(std::filesystem::exists(checkpoints_.path()));
    checkpoints_.remove_all();
    checkpoints_.remove_temporaries();
    EXPECT_TRUE(names().empty());
}

}  // namespace
}  // namespace harrow::storage
