#include "storage/file_seal.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <vector>

#include "storage/files.hpp"
#include "sweeps/hashing.hpp"

namespace harrow::storage {

namespace {

constexpr std::string_view kMark = "\nharrow-seal ";
constexpr std::string_view kHead = "\nharrow-seal 1 ";
static_assert(kSealBytes == kHead.size() + 4 * 17);
constexpr std::uint64_t kPieceBytes = 1U << 20;

/// Checksum of the bytes [offset, offset + count) of what is sealed.
using SumRange = std::function<std::uint64_t(std::uint64_t offset, std::uint64_t count)>;

std::uint64_t parse_hex16(std::string_view text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value, 16);
    return value;
}

/// `kHead`, content length, payload offset and payload length in hexadecimal, then the checksum.
std::string seal_text(std::uint64_t content_bytes,
                      const PayloadRange& payload,
                      const SumRange& sum) {
    const std::string fields = std::string(kHead) + hex16(content_bytes) + " " +
                               hex16(payload.offset) + " " + hex16(payload.bytes) + " ";
    const std::uint64_t after = payload.offset + payload.bytes;
    const std::string summed =
        fields + hex16(sum(0, payload.offset)) + hex16(sum(after, content_bytes - after));
    return fields + hex16(sweeps::checksum64(summed.data(), summed.size())) + "\n";
}

/// The payload that `seal` describes, whatever version it claims, when all of it fits the content.
/// Throws DamagedFile.
PayloadRange matching_payload(std::string_view seal,
                              std::uint64_t content_bytes,
                              const SumRange& sum) {
    const std::uint64_t sealed_bytes = parse_hex16(seal.substr(kHead.size(), 16));
    const PayloadRange payload{parse_hex16(seal.substr(kHead.size() + 17, 16)),
                               parse_hex16(seal.substr(kHead.size() + 34, 16))};
    if (sealed_bytes != content_bytes) {
        throw DamagedFile("it has " + std::to_string(content_bytes) + " bytes where " +
                          std::to_string(sealed_bytes) + " were written");
    }
    if (payload.offset > content_bytes || payload.bytes > content_bytes - payload.offset ||
        std::string_view(seal_text(content_bytes, payload, sum)).substr(kHead.size()) !=
            seal.substr(kHead.size())) {
        throw DamagedFile("its header does not match its checksum");
    }
    return payload;
}

bool is_newer_version(std::string_view digit_and_space) {
    return digit_and_space[0] > '1' && digit_and_space[0] <= '9' && digit_and_space[1] == ' ';
}

/// `seal`: the last kSealBytes, or all bytes of a shorter file.
PayloadRange check(std::string_view seal, std::uint64_t content_bytes, const SumRange& sum) {
    if (seal.size() < kSealBytes || seal.substr(0, kMark.size()) != kMark) {
        throw DamagedFile("its end is missing (truncated, or not written by Harrow)");
    }
    if (is_newer_version(seal.substr(kMark.size(), 2))) {
        try {
            matching_payload(seal, content_bytes, sum);
        } catch (const DamagedFile&) {
            throw NewerFormat("its seal has version " + std::string(seal.substr(kMark.size(), 1)) +
                              ", this Harrow knows version 1");
        }
        throw DamagedFile("the version of its seal was altered");
    }
    if (seal.substr(0, kHead.size()) != kHead) {
        throw DamagedFile("the version of its seal was altered");
    }
    return matching_payload(seal, content_bytes, sum);
}

SumRange sums_of(std::string_view content) {
    return [content](std::uint64_t offset, std::uint64_t count) {
        return sweeps::checksum64(content.data() + offset, count);
    };
}

SumRange sums_of(int descriptor, const std::filesystem::path& path) {
    return [descriptor, path](std::uint64_t offset, std::uint64_t count) {
        sweeps::Checksum64 checksum;
        std::vector<char> piece(std::min(count, kPieceBytes));
        while (count > 0) {
            const std::size_t bytes = std::min(count, kPieceBytes);
            read_at(descriptor, offset, piece.data(), bytes, path);
            checksum.update({piece.data(), bytes});
            offset += bytes;
            count -= bytes;
        }
        return checksum.digest();
    };
}

}  // namespace

std::string hex16(std::uint64_t value) {
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
    const auto length = static_cast<std::size_t>(end - digits.data());
    return std::string(16 - length, '0') + std::string(digits.data(), length);
}

std::string make_seal(std::string_view content, const PayloadRange& payload) {
    return seal_text(content.size(), payload, sums_of(content));
}

std::string make_seal(int descriptor,
                      std::uint64_t content_bytes,
                      const PayloadRange& payload,
                      const std::filesystem::path& path) {
    return seal_text(content_bytes, payload, sums_of(descriptor, path));
}

PayloadRange check_seal(std::string_view sealed) {
    const std::size_t seal_bytes = std::min(sealed.size(), kSealBytes);
    const std::string_view content = sealed.substr(0, sealed.size() - seal_bytes);
    return check(sealed.substr(content.size()), content.size(), sums_of(content));
}

PayloadRange check_seal(int descriptor, std::uint64_t bytes, const std::filesystem::path& path) {
    std::string seal(std::min<std::uint64_t>(bytes, kSealBytes), '\0');
    const std::uint64_t content_bytes = bytes - seal.size();
    read_at(descriptor, content_bytes, seal.data(), seal.size(), path);
    return check(seal, content_bytes, sums_of(descriptor, path));
}

}  // namespace harrow::storage
