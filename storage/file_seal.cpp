#include "storage/file_seal.hpp"

#include <array>
#include <charconv>

#include "sweeps/error.hpp"
#include "sweeps/hashing.hpp"

namespace harrow::storage {

namespace {

using sweeps::StorageError;

constexpr std::string_view kHead = "\nharrow-seal 1 ";
static_assert(kSealBytes == kHead.size() + 4 * 17);

std::string hex16(std::uint64_t value) {
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
    const auto length = static_cast<std::size_t>(end - digits.data());
    return std::string(16 - length, '0') + std::string(digits.data(), length);
}

/// `kHead`, then content length, payload offset and payload length in hexadecimal.
std::string seal_fields(std::uint64_t content_bytes, const PayloadRange& payload) {
    return std::string(kHead) + hex16(content_bytes) + " " + hex16(payload.offset) + " " +
           hex16(payload.bytes) + " ";
}

std::uint64_t parse_hex16(std::string_view text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value, 16);
    return value;
}

}  // namespace

std::string make_seal(std::string_view content, const PayloadRange& payload) {
    const std::string_view before = content.substr(0, payload.offset);
    const std::string_view after = content.substr(payload.offset + payload.bytes);
    const std::string fields = seal_fields(content.size(), payload);
    const std::string summed = fields + hex16(sweeps::checksum64(before.data(), before.size())) +
                               hex16(sweeps::checksum64(after.data(), after.size()));
    return fields + hex16(sweeps::checksum64(summed.data(), summed.size())) + "\n";
}

PayloadRange check_seal(std::string_view sealed) {
    if (sealed.size() < kSealBytes ||
        sealed.substr(sealed.size() - kSealBytes, kHead.size()) != kHead) {
        throw StorageError("its end is missing (truncated, or not written by this version)");
    }
    const std::string_view content = sealed.substr(0, sealed.size() - kSealBytes);
    const std::string_view seal = sealed.substr(content.size());
    const std::uint64_t content_bytes = parse_hex16(seal.substr(kHead.size(), 16));
    const PayloadRange payload{parse_hex16(seal.substr(kHead.size() + 17, 16)),
                               parse_hex16(seal.substr(kHead.size() + 34, 16))};
    if (content_bytes != content.size()) {
        throw StorageError("it has " + std::to_string(content.size()) + " bytes where " +
                           std::to_string(content_bytes) + " were written");
    }
    if (payload.offset > content.size() || payload.bytes > content.size() - payload.offset ||
        make_seal(content, payload) != seal) {
        throw StorageError("its header does not match its checksum");
    }
    return payload;
}

}  // namespace harrow::storage
