#include "worker/feature_rows.hpp"

#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.hpp"
#include "worker/feature_residency.hpp"

namespace harrow::worker {
namespace {

using storage::FeatureType;
using Rows = std::vector<std::int64_t>;

const char* const kKey = "a0112233445566778899aabbccddeeff";

/// float32 [11,3,2,5], each value of which float16 holds.
torch::Tensor values() {
    return (torch::arange(11 * 30, torch::kFloat32) * 0.25).view({11, 3, 2, 5});
}

class FeatureRowsTest : public ::testing::Test {
protected:
    std::shared_ptr<const storage::FeatureReader> reader(FeatureType type = FeatureType::Float16) {
        const storage::FeatureCache cache(directory_ / std::string(name_of(type)));
        storage::FeatureInfo info;
        info.shape = {11, 3, 2, 5};
        info.type = type;
        info.images.resize(11, {"c/train/good/0.png", "digest"});
        storage::FeatureWriter writer = cache.create(kKey, info);
        writer.write(0, 11, values().data_ptr<float>());
        writer.publish();
        return std::make_shared<storage::FeatureReader>(cache.open(kKey));
    }

    storage::testing::TemporaryDirectory directory_;
};

TEST_F(FeatureRowsTest, GiveTheRowsThatAreAskedForInTheirOrder) {
    const Rows asked = {7, 0, 7, 10};
    const torch::Tensor expected = values().index_select(0, torch::tensor(asked));
    for (const SharedRows& rows : {mapped_rows(reader(), torch::kCPU),
                                   mapped_rows(reader(FeatureType::Float32), torch::kCPU),
                                   tensor_rows(values()),
                                   tensor_rows(values().to(torch::kFloat16)),
                                   tensor_rows(upload(*reader(), torch::kCPU))}) {
        EXPECT_EQ(rows->size(), 11);
        EXPECT_TRUE(rows->geometry() == (FeatureGeometry{3, 2, 5}));
        const torch::Tensor got = rows->gather(asked);
        EXPECT_EQ(got.scalar_type(), torch::kFloat32);
        EXPECT_TRUE(got.is_contiguous());
        EXPECT_TRUE(got.equal(expected));
        EXPECT_THROW(rows->gather({11}), c10::Error);
        EXPECT_THROW(rows->gather({-1}), c10::Error);
    }
}

TEST_F(FeatureRowsTest, ChosenRowsAreNumberedAnew) {
    const SharedRows rows = chosen_rows(mapped_rows(reader(), torch::kCPU), {9, 2, 5});
    EXPECT_EQ(rows->size(), 3);
    EXPECT_TRUE(rows->gather({2, 0}).equal(values().index_select(0, torch::tensor(Rows{5, 9}))));
    EXPECT_THROW(rows->gather({3}), c10::Error);
    EXPECT_THROW(chosen_rows(tensor_rows(values()), {11}), c10::Error);
}

TEST_F(FeatureRowsTest, TheLastBatchRepeatsTheLastRow) {
    const SharedRows rows = mapped_rows(reader(), torch::kCPU);
    EXPECT_TRUE(rows->batch(0).equal(values().slice(0, 0, 8)));
    const torch::Tensor last = rows->batch(8);
    ASSERT_EQ(last.size(0), kBatchImages);
    EXPECT_TRUE(last.slice(0, 0, 3).equal(values().slice(0, 8, 11)));
    for (std::int64_t i = 3; i < kBatchImages; ++i) {
        EXPECT_TRUE(last[i].equal(values()[10]));
    }
}

TEST_F(FeatureRowsTest, ClassesOfOneTaskFollowOneAnother) {
    const SharedRows rows = concatenated_rows({mapped_rows(reader(), torch::kCPU),
                                               tensor_rows(values().slice(0, 0, 2) + 1000),
                                               mapped_rows(reader(), torch::kCPU)});
    const torch::Tensor whole = torch::cat({values(), values().slice(0, 0, 2) + 1000, values()}, 0);
    EXPECT_EQ(rows->size(), 24);
    const Rows asked = {23, 12, 0, 11, 13, 12, 10};
    EXPECT_TRUE(rows->gather(asked).equal(whole.index_select(0, torch::tensor(asked))));
    EXPECT_TRUE(rows->batch(8).equal(whole.slice(0, 8, 16)));
    EXPECT_THROW(concatenated_rows({}), c10::Error);
    EXPECT_THROW(concatenated_rows({tensor_rows(values()), tensor_rows(torch::ones({1, 2, 2, 5}))}),
                 c10::Error);
}

// On the CPU, where "the device" is ordinary memory: the accounting is the same.
TEST_F(FeatureRowsTest, WhatWasUsedLastStaysOnTheDevice) {
    const auto file = reader();
    const auto bytes = static_cast<std::int64_t>(file->info().features_bytes());
    DeviceFeatures device(torch::kCPU, 2 * bytes);
    const FeatureRows* const first = device.place("first", *file).get();
    device.place("second", *file);
    EXPECT_EQ(device.bytes(), 2 * bytes);
    EXPECT_EQ(device.place("first", *file).get(), first) << "not sent again";
    device.place("third", *file);  // in place of the second
    EXPECT_EQ(device.bytes(), 2 * bytes);
    EXPECT_EQ(device.place("first", *file).get(), first);
    EXPECT_TRUE(device.place("third", *file)->batch(0).equal(values().slice(0, 0, 8)));
}

TEST_F(FeatureRowsTest, WhatIsInUseIsNeverGivenUp) {
    const auto file = reader();
    const auto bytes = static_cast<std::int64_t>(file->info().features_bytes());
    DeviceFeatures device(torch::kCPU, 2 * bytes);
    const SharedRows first = device.place("first", *file);
    SharedRows second = device.place("second", *file);
    EXPECT_EQ(device.place("third", *file), nullptr) << "no room: batches must go there instead";
    EXPECT_EQ(device.bytes(), 2 * bytes);
    second.reset();
    EXPECT_NE(device.place("third", *file), nullptr);
    EXPECT_EQ(device.place("first", *file), first);
    EXPECT_EQ(DeviceFeatures(torch::kCPU, bytes - 1).place("first", *file), nullptr);
}

TEST(ResidencyTest, TheCpuKeepsNothingBesideThePageCache) {
    ResidencyBudget budget;
    budget.device_bytes = 1000;
    EXPECT_EQ(device_budget(budget, torch::kCPU), 0);
    EXPECT_EQ(device_budget(budget, torch::Device(torch::kCUDA, 0)), 1000);
}

}  // namespace
}  // namespace harrow::worker
