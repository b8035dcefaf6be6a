#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace harrow::sweeps {

/// XXH3-128 as 32 lower-case hexadecimal digits, most significant first.
using Digest = std::string;

/// XXH3-128 of bytes that arrive in pieces; the cuts between pieces do not matter.
class Hasher {
public:
    Hasher();
    Hasher(Hasher&&) noexcept;
    Hasher& operator=(Hasher&&) noexcept;
    ~Hasher();

    Hasher& update(std::string_view bytes);
    /// Of everything so far; more may follow.
    Digest digest() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

Digest hash_text(std::string_view text);

/// XXH3-64, for checksums of blocks.
std::uint64_t checksum64(const void* data, std::size_t bytes);

/// checksum64 of bytes that arrive in pieces; the cuts between pieces do not matter.
class Checksum64 {
public:
    Checksum64();
    Checksum64(Checksum64&&) noexcept;
    Checksum64& operator=(Checksum64&&) noexcept;
    ~Checksum64();

    Checksum64& update(std::string_view bytes);
    /// Of everything so far; more may follow.
    std::uint64_t digest() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace harrow::sweeps
