#include "worker/image_loader.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include "storage/datasets/image.hpp"

namespace harrow::worker {

ImageLoader::ImageLoader(std::vector<std::filesystem::path> files,
                         const storage::Preprocessing& how,
                         int threads,
                         std::size_t ahead,
                         Change change)
    : files_(std::move(files)), how_(how), change_(std::move(change)), places_(ahead) {
    const auto count = std::min(static_cast<std::size_t>(threads), files_.size());
    threads_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
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

ImageLoader::~ImageLoader() {
    stop();
}

void ImageLoader::stop() noexcept {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        stopping_ = true;
    }
    room_.notify_all();
    for (std::thread& thread : threads_) {
        thread.join();
    }
}

void ImageLoader::work() noexcept {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
        room_.wait(lock, [this] {
            return stopping_ || next_to_decode_ == files_.size() ||
                   next_to_decode_ < next_to_take_ + places_.size();
        });
        if (stopping_ || next_to_decode_ == files_.size()) {
            return;
        }
        const std::size_t image = next_to_decode_++;
        Place& place = places_[image % places_.size()];
        lock.unlock();
        const auto begin = std::chrono::steady_clock::now();
        decode(image, place);
        const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
        lock.lock();
        place.ready = true;
        decode_seconds_ += spent.count();
        ready_.notify_one();
    }
}

void ImageLoader::decode(std::size_t image, Place& place) const noexcept {
    try {
        storage::Image picture = storage::read_rgb(files_[image]);
        if (change_) {  // a square picture is not resized again
            picture = storage::square_image(picture, how_.size, how_.resize);
            change_(picture, image);
        }
        place.pixels = storage::preprocess_image(picture, how_);
    } catch (...) {
        place.error = std::current_exception();
    }
}

bool ImageLoader::take(float* out, std::chrono::milliseconds wait) {
    Place place;
    {
        std::unique_lock<std::mutex> lock(mutex_);
        Place& next = places_[next_to_take_ % places_.size()];
        if (!ready_.wait_for(lock, wait, [&next] { return next.ready; })) {
            return false;
        }
        place = std::exchange(next, Place{});
        ++next_to_take_;
    }
    room_.notify_all();
    if (place.error) {
        std::rethrow_exception(place.error);
    }
    std::copy(place.pixels.begin(), place.pixels.end(), out);
    return true;
}

double ImageLoader::decode_seconds() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return decode_seconds_;
}

}  // namespace harrow::worker
