#pragma once

#include <utility>

namespace harrow::sweeps {

/// Move-only owner of a C handle. `Traits` names the handle's `Type`, its `null()` value and how to
/// `close(Type) noexcept` it. Borrowed handles are passed as plain `Traits::Type`, never wrapped.
template <typename Traits>
class UniqueHandle {
public:
    using Type = typename Traits::Type;

    UniqueHandle() noexcept = default;
    explicit UniqueHandle(Type handle) noexcept : handle_(handle) {}
    UniqueHandle(const UniqueHandle&) = delete;
    UniqueHandle& operator=(const UniqueHandle&) = delete;
    UniqueHandle(UniqueHandle&& other) noexcept : handle_(other.release()) {}
    UniqueHandle& operator=(UniqueHandle&& other) noexcept {
        if (this != &other) {
            reset(other.release());
        }
        return *this;
    }
    ~UniqueHandle() { reset(); }

    Type get() const noexcept { return handle_; }
    explicit operator bool() const noexcept { return handle_ != Traits::null(); }
    Type release() noexcept { return std::exchange(handle_, Traits::null()); }
    void reset(Type handle = Traits::null()) noexcept {
        if (handle_ != Traits::null()) {
            Traits::close(handle_);
        }
        handle_ = handle;
    }

private:
    Type handle_ = Traits::null();
};

}  // namespace harrow::sweeps
