#include "worker/unit_failure.hpp"

#include <filesystem>
#include <functional>
#include <new>
#include <string>

#include <gtest/gtest.h>
#include <torch/torch.h>
#include <unistd.h>

#include "sweeps/error.hpp"
#include "worker/method.hpp"
#include "worker/training_log.hpp"
#include "worker/work_monitor.hpp"

namespace harrow::worker {
namespace {

using coordinator::FailureKind;

coordinator::Failed failure_of(const std::function<void()>& work) {
    try {
        work();
    } catch (...) {
        return failure_in_flight(7, 2);
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
}

TEST(UnitFailureTest, NamesUnitAttemptKindAndMessage) {
    const auto failed = failure_of([] { throw sweeps::DataError("a.png is empty"); });
    EXPECT_EQ(failed.unit, 7U);
    EXPECT_EQ(failed.attempt, 2U);
    EXPECT_EQ(failed.kind, FailureKind::BadData);
    EXPECT_EQ(failed.message, "a.png is empty");
}

TEST(UnitFailureTest, TellsTheKindsApart) {
    const auto kind_of = [](const std::function<void()>& work) { return failure_of(work).kind; };
    EXPECT_EQ(kind_of([] { throw WorkStopped(); }), FailureKind::Stopped);
    EXPECT_EQ(kind_of([] { throw WorkCancelled(); }), FailureKind::Cancelled);
    EXPECT_EQ(kind_of([] { throw TrainingDiverged(0, 1, 2); }), FailureKind::Diverged);
    EXPECT_EQ(kind_of([] { throw sweeps::UsageError("x"); }), FailureKind::BadData);
    EXPECT_EQ(kind_of([] { throw sweeps::StorageError("x"); }), FailureKind::Storage);
    EXPECT_EQ(kind_of([] { throw std::bad_alloc(); }), FailureKind::OutOfMemory);
    EXPECT_EQ(kind_of([] { throw std::runtime_error("x"); }), FailureKind::Internal);
    EXPECT_EQ(kind_of([] { throw 3; }), FailureKind::Internal);
}

TEST(UnitFailureTest, TensorsThatDoNotFitAreOutOfMemory) {
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "AddressSanitizer ends the process instead";
#endif
    const auto failed = failure_of([] { torch::empty({std::int64_t{1} << 58}, torch::kByte); });
    EXPECT_EQ(failed.kind, FailureKind::OutOfMemory);
    EXPECT_NE(failed.message.find("fewer slots"), std::string::npos) << failed.message;
}

TEST(UnitFailureTest, OnlyAFailedDeviceEndsTheProcess) {
    const auto ends = [](const std::function<void()>& work) {
        try {
            work();
        } catch (...) {
            return device_failed_in_flight();
        }
        return false;
    };
    EXPECT_TRUE(ends([] { TORCH_CHECK(false, "CUDA error: an illegal memory access"); }));
    EXPECT_FALSE(ends([] { TORCH_CHECK(false, "sizes differ"); }));
    EXPECT_FALSE(ends([] { throw sweeps::DataError("CUDA error"); }));
}

TEST(UnitFailureTest, OtherTorchErrorsAreInternalAndShort) {
    const auto failed = failure_of([] { torch::ones({2, 3}).mm(torch::ones({2, 3})); });
    EXPECT_EQ(failed.kind, FailureKind::Internal);
    EXPECT_NE(failed.message.find("2x3"), std::string::npos) << failed.message;
    EXPECT_EQ(failed.message.find("frame #"), std::string::npos) << failed.message;
}

TEST(UnitFailureTest, LogThatCannotBeOpenedIsAStorageFailure) {
    const auto place = std::filesystem::temp_directory_path() /
                       ("harrow-training-log-" + std::to_string(::getpid()));
    std::filesystem::create_directories(place / "log");  // no file can be there
    const auto failed = failure_of([&] { TrainingLog log(place / "log"); });
    std::filesystem::remove_all(place);
    EXPECT_EQ(failed.kind, FailureKind::Storage);
    EXPECT_NE(failed.message.find(place.string()), std::string::npos) << failed.message;
    EXPECT_NE(failed.message.find("writable"), std::string::npos) << failed.message;
}

}  // namespace
}  // namespace harrow::worker
