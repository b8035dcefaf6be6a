#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "worker/work_monitor.hpp"

namespace harrow::worker {

/// Makes things 0, 1, 2, … on threads of its own, ahead of the one thread that takes them in order.
/// At most `ahead` of them are in memory at a time, whatever their number. What is taken does not
/// depend on the number of threads, if `make` only depends on its argument.
template <typename Thing>
class ReadAhead {
public:
    /// Called on any thread, for several things at a time.
    using Make = std::function<Thing(std::size_t)>;

    /// Starts at once. `threads` and `ahead` are at least 1. Throws std::system_error when not one
    /// thread can be started.
    ReadAhead(std::size_t count, Make make, int threads, std::size_t ahead)
        : count_(count), make_(std::move(make)), places_(ahead) {
        const auto wanted = std::min(static_cast<std::size_t>(threads), count);
        threads_.reserve(wanted);
        for (std::size_t i = 0; i < wanted; ++i) {
            try {
                threads_.emplace_back([this] { work(); });
            } catch (const std::system_error&) {
                if (threads_.empty()) {
                    throw;
                }
                return;  // fewer will do
            }
        }
    }
    ReadAhead(const ReadAhead&) = delete;
    ReadAhead& operator=(const ReadAhead&) = delete;
    /// Gives up what was not taken; waits for what is being made.
    ~ReadAhead() {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            stopping_ = true;
        }
        room_.notify_all();
        for (std::thread& thread : threads_) {
            thread.join();
        }
    }

    /// The next one; nothing when it is not ready within `wait`. Throws what making it threw. Not
    /// more often than there are things.
    std::optional<Thing> take(std::chrono::milliseconds wait) {
        Place place;
        {
            std::unique_lock<std::mutex> lock(mutex_);
            Place& next = places_[next_to_take_ % places_.size()];
            if (!ready_.wait_for(lock, wait, [&next] { return next.ready; })) {
                return std::nullopt;
            }
            place = std::exchange(next, Place{});
            ++next_to_take_;
        }
        room_.notify_all();
        if (place.error) {
            std::rethrow_exception(place.error);
        }
        return std::move(place.thing);
    }

    /// Time the threads spent so far, added up.
    double busy_seconds() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return busy_seconds_;
    }

private:
    struct Place {
        bool ready = false;
        std::optional<Thing> thing;
        std::exception_ptr error;
    };

    void work() noexcept {
        std::unique_lock<std::mutex> lock(mutex_);
        while (true) {
            room_.wait(lock, [this] {
                return stopping_ || next_to_make_ == count_ ||
                       next_to_make_ < next_to_take_ + places_.size();
            });
            if (stopping_ || next_to_make_ == count_) {
                return;
            }
            const std::size_t number = next_to_make_++;
            Place& place = places_[number % places_.size()];
            lock.unlock();
            const auto begin = std::chrono::steady_clock::now();
            try {
                place.thing.emplace(make_(number));
            } catch (...) {
                place.error = std::current_exception();
            }
            const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
            lock.lock();
            place.ready = true;
            busy_seconds_ += spent.count();
            ready_.notify_one();
        }
    }

    const std::size_t count_;
    const Make make_;
    mutable std::mutex mutex_;  ///< guards what follows, but the content of places being filled
    std::condition_variable ready_;
    std::condition_variable room_;
    std::vector<Place> places_;  ///< thing n stands in places_[n % size]
    std::size_t next_to_make_ = 0;
    std::size_t next_to_take_ = 0;
    bool stopping_ = false;
    double busy_seconds_ = 0;
    std::vector<std::thread> threads_;
};

/// How long a request to stop may wait for a thing.
constexpr std::chrono::milliseconds kStopPoll{50};

/// The next thing, unless the monitor asks to stop first.
template <typename Thing>
Thing take_or_stop(ReadAhead<Thing>& things, WorkMonitor& monitor) {
    while (true) {
        if (std::optional<Thing> thing = things.take(kStopPoll)) {
            return std::move(*thing);
        }
        stop_if_asked(monitor);
    }
}

}  // namespace harrow::worker
