#include "worker/unit_failure.hpp"

#include <exception>
#include <new>
#include <string>

#include <c10/util/Exception.h>

#include "sweeps/error.hpp"
#include "worker/method.hpp"
#include "worker/work_monitor.hpp"

namespace harrow::worker {

using coordinator::Failed;
using coordinator::FailureKind;

namespace {

std::string out_of_memory_message(const std::string& detail) {
    return "out of memory (" + detail +
           "); use fewer slots, or a smaller train.batch_size or model";
}

/// The allocator of the CPU throws no type of its own.
bool is_out_of_memory(const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    return dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
           message.find("can't allocate memory") != std::string::npos;
}

}  // namespace

bool device_failed_in_flight() {
    try {
        throw;
    } catch (const c10::Error& error) {
        const std::string message = error.what_without_backtrace();
        return !is_out_of_memory(error) && message.find("CUDA error") != std::string::npos;
    } catch (...) {
        return false;
    }
}

Failed failure_in_flight(std::uint32_t unit, std::uint32_t attempt) {
    const auto failed = [&](FailureKind kind, const std::string& message) {
        return Failed{unit, attempt, kind, message};
    };
    try {
        throw;
    } catch (const WorkCancelled& error) {
        return failed(FailureKind::Cancelled, error.what());
    } catch (const WorkStopped& error) {
        return failed(FailureKind::Stopped, error.what());
    } catch (const TrainingDiverged& error) {
        return failed(FailureKind::Diverged, error.what());
    } catch (const sweeps::DataError& error) {
        return failed(FailureKind::BadData, error.what());
    } catch (const sweeps::UsageError& error) {
        return failed(FailureKind::BadData, error.what());
    } catch (const sweeps::StorageError& error) {
        return failed(FailureKind::Storage, error.what());
    } catch (const std::bad_alloc& error) {
        return failed(FailureKind::OutOfMemory, out_of_memory_message(error.what()));
    } catch (const c10::Error& error) {
        if (is_out_of_memory(error)) {
            return failed(FailureKind::OutOfMemory,
                          out_of_memory_message(error.what_without_backtrace()));
        }
        return failed(FailureKind::Internal, error.what_without_backtrace());
    } catch (const std::exception& error) {
        return failed(FailureKind::Internal, error.what());
    } catch (...) {
        return failed(FailureKind::Internal, "an exception of unknown type");
    }
}

}  // namespace harrow::worker
