#include "storage/checkpoint.hpp"

#include <cstring>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "storage/weights/safetensors.hpp"
#include "tests/support/temporary_directory.hpp"

namespace harrow::storage {
namespace {

using sweeps::StorageError;
using namespace testing;

const std::vector<float> kWeights = {1.5F, -0.0F, std::numeric_limits<float>::quiet_NaN(), 1e-45F};
const std::vector<double> kLosses = {0.1, 2.5};
const std::vector<std::int64_t> kPosition = {3, -1};

std::uint64_t write_example(const std::filesystem::path& path) {
    return write_checkpoint(path,
                            {{"training_key", "00112233"}, {"task", "2"}},
                            {{"model.weight", "F32", {2, 2}, kWeights.data(), 16},
                             {"training.losses", "F64", {2}, kLosses.data(), 16},
                             {"position", "I64", {2}, kPosition.data(), 16},
                             {"empty", "F32", {0, 7}, nullptr, 0}});
}

template <typename Value>
std::vector<Value> values_of(const CheckpointFile& file, const std::string& name) {
    for (const TensorEntry& entry : file.arrays()) {
        if (entry.name == name) {
            std::vector<Value> values(entry.bytes / sizeof(Value));
            file.read(entry, values.data());
            return values;
        }
    }
    ADD_FAILURE() << name;
    return {};
}

TEST(CheckpointTest, RoundTripIsExact) {
    const TemporaryDirectory directory;
    const std::uint64_t bytes = write_example(directory / "a.safetensors");
    EXPECT_EQ(bytes, std::filesystem::file_size(directory / "a.safetensors"));
    EXPECT_EQ(entries_in(directory.path()), 1U);
    const CheckpointFile file = CheckpointFile::open(directory / "a.safetensors");
    EXPECT_EQ(file.metadata().at("training_key"), "00112233");
    EXPECT_EQ(file.metadata().at("task"), "2");
    ASSERT_EQ(file.arrays().size(), 4U);
    const auto weights = values_of<float>(file, "model.weight");
    EXPECT_EQ(std::memcmp(weights.data(), kWeights.data(), 16), 0);
    EXPECT_EQ(values_of<double>(file, "training.losses"), kLosses);
    EXPECT_EQ(values_of<std::int64_t>(file, "position"), kPosition);
    EXPECT_TRUE(values_of<float>(file, "empty").empty());
}

TEST(CheckpointTest, AnyReaderOfSafetensorsReadsIt) {
    const TemporaryDirectory directory;
    write_example(directory / "a.safetensors");
    const SafetensorsFile file = SafetensorsFile::open(directory / "a.safetensors");
    const TensorEntry* weight = file.find("model.weight");
    ASSERT_NE(weight, nullptr);
    EXPECT_EQ(file.read_float(*weight)[0], 1.5F);
    EXPECT_EQ(file.metadata().at("format"), "harrow-checkpoint 1");
}

TEST(CheckpointTest, EveryAlteredByteIsRefused) {
    const TemporaryDirectory directory;
    write_example(directory / "a.safetensors");
    const std::string bytes = slurp(directory / "a.safetensors");
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        for (const int flip : {0x01, 0x80}) {
            std::string altered = bytes;
            altered[i] = static_cast<char>(altered[i] ^ flip);
            spill(directory / "bad", altered);
            ASSERT_THROW(CheckpointFile::open(directory / "bad"), UnusableCheckpoint) << i;
        }
    }
}

TEST(CheckpointTest, EveryTruncationAndEveryAdditionIsRefused) {
    const TemporaryDirectory directory;
    write_example(directory / "a.safetensors");
    const std::string bytes = slurp(directory / "a.safetensors");
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        spill(directory / "bad", bytes.substr(0, length));
        ASSERT_THROW(CheckpointFile::open(directory / "bad"), UnusableCheckpoint) << length;
    }
    spill(directory / "bad", bytes + '\0');
    EXPECT_THROW(CheckpointFile::open(directory / "bad"), UnusableCheckpoint);
    EXPECT_THROW(CheckpointFile::open(directory / "missing"), StorageError);
    EXPECT_THROW(CheckpointFile::open(directory.path()), StorageError);
}

TEST(CheckpointTest, FullDiskLeavesTheOldFileAndNothingElse) {
    const TemporaryDirectory directory;
    write_example(directory / "a.safetensors");
    const std::string bytes = slurp(directory / "a.safetensors");
    for (const rlim_t room : {rlim_t{0}, rlim_t{10}, static_cast<rlim_t>(bytes.size() - 1)}) {
        const FileSizeLimit full(room);
        EXPECT_THROW(write_example(directory / "a.safetensors"), StorageError);
    }
    EXPECT_EQ(slurp(directory / "a.safetensors"), bytes);
    EXPECT_EQ(entries_in(directory.path()), 1U);
}

}  // namespace
}  // namespace harrow::storage
