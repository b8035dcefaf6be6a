#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "storage/datasets/preprocess.hpp"

namespace harrow::worker {

/// Decodes and preprocesses images on threads of its own, ahead of the one thread that takes them
/// in order. At most `ahead` decoded images are in memory at a time, whatever their number. What is
/// taken does not depend on the number of threads.
class ImageLoader {
public:
    /// Changes the n-th picture once it is square, on any thread.
    using Change = std::function<void(storage::Image& square, std::size_t image)>;

    /// Starts at once. `threads` and `ahead` are at least 1. Throws std::system_error when not one
    /// thread can be started.
    ImageLoader(std::vector<std::filesystem::path> files,
                const storage::Preprocessing& how,
                int threads,
                std::size_t ahead,
                Change change = {});
    ImageLoader(const ImageLoader&) = delete;
    ImageLoader& operator=(const ImageLoader&) = delete;
    /// Gives up what was not taken; waits for the images that are being decoded.
    ~ImageLoader();

    /// Copies the next image, float32 [3,S,S], to `out`. False when it is not ready within `wait`.
    /// Throws what decoding it threw (sweeps::DataError naming the file). Not more often than there
    /// are images.
    bool take(float* out, std::chrono::milliseconds wait);

    /// Time the threads spent on images so far, added up.
    double decode_seconds() const;

private:
    struct Place {
        bool ready = false;
        std::vector<float> pixels;
        std::exception_ptr error;
    };
    void work() noexcept;
    void decode(std::size_t image, Place& place) const noexcept;
    void stop() noexcept;

    const std::vector<std::filesystem::path> files_;
    const storage::Preprocessing how_;
    const Change change_;
    mutable std::mutex mutex_;  ///< guards what follows, but the content of places being filled
    std::condition_variable ready_;
    std::condition_variable room_;
    std::vector<Place> places_;  ///< image n stands in places_[n % size]
    std::size_t next_to_decode_ = 0;
    std::size_t next_to_take_ = 0;
    bool stopping_ = false;
    double decode_seconds_ = 0;
    std::vector<std::thread> threads_;
};

}  // namespace harrow::worker
