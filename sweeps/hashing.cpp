#include "sweeps/hashing.hpp"

#include <new>

#include <xxhash.h>

namespace harrow::sweeps {
namespace {

Digest hexadecimal(XXH128_hash_t hash) {
    XXH128_canonical_t bytes;
    XXH128_canonicalFromHash(&bytes, hash);
    constexpr char kDigits[] = "0123456789abcdef";
    Digest text;
    text.reserve(2 * sizeof bytes.digest);
    for (const unsigned char byte : bytes.digest) {
        text += kDigits[byte >> 4U];
        text += kDigits[byte & 15U];
    }
    return text;
}

struct XxhState {
    XxhState() : xxh(XXH3_createState()) {
        if (xxh == nullptr) {
            throw std::bad_alloc();
        }
    }
    XxhState(const XxhState&) = delete;
    XxhState& operator=(const XxhState&) = delete;
    ~XxhState() { XXH3_freeState(xxh); }
    XXH3_state_t* xxh;
};

}  // namespace

struct Hasher::State : XxhState {
    State() { XXH3_128bits_reset(xxh); }
};

Hasher::Hasher() : state_(std::make_unique<State>()) {}
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

Hasher& Hasher::update(std::string_view bytes) {
    XXH3_128bits_update(state_->xxh, bytes.data(), bytes.size());
    return *this;
}

Digest Hasher::digest() const {
    return hexadecimal(XXH3_128bits_digest(state_->xxh));
}

Digest hash_text(std::string_view text) {
    return hexadecimal(XXH3_128bits(text.data(), text.size()));
}

std::uint64_t checksum64(const void* data, std::size_t bytes) {
    return XXH3_64bits(data, bytes);
}

struct Checksum64::State : XxhState {
    State() { XXH3_64bits_reset(xxh); }
};

Checksum64::Checksum64() : state_(std::make_unique<State>()) {}
Checksum64::Checksum64(Checksum64&&) noexcept = default;
Checksum64& Checksum64::operator=(Checksum64&&) noexcept = default;
Checksum64::~Checksum64() = default;

Checksum64& Checksum64::update(std::string_view bytes) {
    XXH3_64bits_update(state_->xxh, bytes.data(), bytes.size());
    return *this;
}

std::uint64_t Checksum64::digest() const {
    return XXH3_64bits_digest(state_->xxh);
}

}  // namespace harrow::sweeps
