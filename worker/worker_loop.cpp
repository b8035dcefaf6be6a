#include "worker/worker_loop.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <torch/torch.h>
#include <unistd.h>

#include "build_info.hpp"
#include "coordinator/child_link.hpp"
#include "coordinator/work.hpp"
#include "storage/files.hpp"
#include "storage/run_directory.hpp"
#include "worker/blas_check.hpp"
#include "worker/noop.hpp"
#include "worker/training_log.hpp"
#include "worker/unit_failure.hpp"
#include "worker/unit_runner.hpp"

namespace harrow::worker {

using coordinator::Assign;
using coordinator::ChildLink;
using coordinator::Failed;

namespace {

constexpr std::chrono::milliseconds kReportInterval{200};

/// Passes progress on, not more often than a display can use it.
class LinkMonitor : public WorkMonitor {
public:
    LinkMonitor(ChildLink& link, const Assign& assign) : link_(link), assign_(assign) {}

    void step() noexcept override { link_.step(); }
    bool stop_requested() override { return link_.stop_requested() || cancelled(); }
    bool cancelled() override { return link_.cancel_requested(assign_); }
    double seconds() override {
        return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
            .count();
    }
    void checkpointed(const TrainingPlace& place, std::uint64_t bytes) override {
        link_.send(coordinator::Checkpointed{assign_.unit,
                                             assign_.attempt,
                                             place.task,
                                             place.epoch,
                                             static_cast<std::int64_t>(bytes)});
    }
    void resumed(const TrainingPlace& place) override {
        link_.send(coordinator::Resumed{assign_.unit, assign_.attempt, place.task, place.epoch});
    }

    void report(const WorkStatus& status) override {
        const auto now = std::chrono::steady_clock::now();
        if (status.text == last_text_ && now - last_report_ < kReportInterval) {
            return;
        }
        if (status.text != last_text_) {
            if (status.tasks > 0) {
                spdlog::info("{} task={}/{}", status.text, status.task + 1, status.tasks);
            } else {
                spdlog::info("{} images={}", status.text, status.images_total);
            }
        }
        last_text_ = status.text;
        last_report_ = now;
        link_.send(coordinator::Progress{assign_.unit,
                                         assign_.attempt,
                                         link_.steps(),
                                         status.task,
                                         status.tasks,
                                         status.epoch,
                                         status.epochs,
                                         status.text,
                                         status.images,
                                         status.images_total});
    }

private:
    ChildLink& link_;
    const Assign& assign_;
    std::string last_text_;
    std::chrono::steady_clock::time_point last_report_;
};

void configure_torch(int threads, torch::Device device) {
    at::set_num_threads(threads);
    at::set_num_interop_threads(1);
    // On a GPU an operator without a deterministic form warns once; it must not end a run.
    at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/device.is_cuda());
    if (device.is_cuda()) {  // float32 means float32, as on a CPU
        at::globalContext().setAllowTF32CuDNN(false);
        at::globalContext().setAllowTF32CuBLAS(false);
        at::globalContext().setBenchmarkCuDNN(false);
    }
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 2)
    // Else every torch::empty is filled with NaN first.
    at::globalContext().setDeterministicFillUninitializedMemory(false);
#endif
}

coordinator::Ready ready_message(const coordinator::Hello& hello) {
    coordinator::Ready ready;
    ready.build_id = build_id();
    ready.pid = ::getpid();
    ready.device = hello.device;
    if (const auto warning = slow_blas_warning()) {
        ready.warnings.push_back(*warning);
    }
    return ready;
}

/// `log` outlives the call, so that a failure is written to it too.
std::string run_unit(UnitRunner& runner,
                     const Assign& assign,
                     WorkMonitor& monitor,
                     std::unique_ptr<TrainingLog>& log) {
    if (assign.kind == coordinator::UnitKind::Extract) {
        spdlog::info("extract {} attempt={}", assign.key, assign.attempt);
        const auto result =
            runner.extract(coordinator::extraction_work_from_json(assign.payload), monitor);
        const coordinator::WorkTimes& times = result.times;
        spdlog::info(
            "extracted images={} seconds={:.3f} check={:.3f} wait={:.3f} backbone={:.3f} "
            "write={:.3f} decode={:.3f}",
            result.images_extracted,
            result.seconds,
            times.check,
            times.wait,
            times.backbone,
            times.write,
            times.decode);
        return to_json(result);
    }
    const auto work = coordinator::training_work_from_json(assign.payload);
    if (is_noop(work)) {
        return to_json(run_noop(work, monitor));  // thousands a second: nothing is logged
    }
    storage::create_directories(work.directory);
    log = std::make_unique<TrainingLog>(storage::training_log_file(work.directory));
    spdlog::info("train {} attempt={} seed={}", assign.key, assign.attempt, work.seed);
    const auto result = runner.train(work, monitor);
    spdlog::info("trained seconds={:.3f} train={:.3f} evaluate={:.3f} score={:.3f}",
                 result.seconds,
                 result.times.train,
                 result.times.evaluate,
                 result.times.score);
    return to_json(result);
}

void do_unit(UnitRunner& runner, ChildLink& link, const Assign& assign) {
    LinkMonitor monitor(link, assign);
    std::unique_ptr<TrainingLog> log;
    std::string result;
    try {
        result = run_unit(runner, assign, monitor, log);
    } catch (...) {
        const Failed failed = failure_in_flight(assign.unit, assign.attempt);
        const bool was_asked = failed.kind == coordinator::FailureKind::Stopped ||
                               failed.kind == coordinator::FailureKind::Cancelled;
        spdlog::log(was_asked ? spdlog::level::info : spdlog::level::err,
                    "{} {} {}: {}",
                    was_asked ? "stopped" : "failed",
                    assign.key,
                    name_of(failed.kind),
                    failed.message);
        if (device_failed_in_flight()) {
            throw;  // ends the process: the supervisor starts a fresh one and the unit again
        }
        link.send(failed);
        return;
    }
    if (log || assign.kind == coordinator::UnitKind::Extract) {
        spdlog::info("finished {}", assign.key);
    }
    link.send(coordinator::Finished{assign.unit, assign.attempt, std::move(result)});
}

}  // namespace

void serve(ChildLink& link) {
    const coordinator::Hello& hello = link.hello();
    const auto logger = spdlog::stderr_logger_st("worker");
    logger->set_pattern("%Y-%m-%d %H:%M:%S.%e " + hello.slot + " worker %l %v");
    logger->flush_on(spdlog::level::info);  // a killed process leaves its last words
    spdlog::set_default_logger(logger);
    const torch::Device device(hello.device);
    configure_torch(hello.threads, device);
    ResidencyBudget budget;
    budget.device_bytes = hello.resident_bytes;
    UnitRunner runner(hello.cache_root, device, budget, std::max(hello.decode_threads, 1));
    link.send(ready_message(hello));
    while (const auto assign = link.next()) {
        do_unit(runner, link, *assign);
    }
}

}  // namespace harrow::worker
