#include "storage/checkpoint.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/file_seal.hpp"
#include "sweeps/hashing.hpp"

namespace harrow::storage {
namespace {

using sweeps::StorageError;
using Json = nlohmann::ordered_json;

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "safetensors files are little endian");

constexpr std::string_view kFormat = "harrow-checkpoint 1";
constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kAlignment = 8;
/// What every file has behind the length of its header, so that the place of the sum is fixed.
constexpr std::string_view kOpening = "{\"__metadata__\":{\"sum\":\"";
constexpr std::size_t kSumDigits = 16;
constexpr std::size_t kSumOffset = kLengthBytes + kOpening.size();
/// Stands in the place of the sum while it is formed.
constexpr std::string_view kNoSum = "0000000000000000";
constexpr std::size_t kPieceBytes = 1U << 20;

std::string header_of(const CheckpointMetadata& metadata,
                      const std::vector<CheckpointArray>& arrays) {
    Json header = Json::object();
    Json& head = header["__metadata__"];
    head["sum"] = kNoSum;
    head["format"] = kFormat;
    for (const auto& [name, value] : metadata) {
        head[name] = value;
    }
    std::uint64_t end = 0;
    for (const CheckpointArray& array : arrays) {
        const std::uint64_t begin = end;
        end += array.bytes;
        header[array.name] = {
            {"dtype", array.dtype}, {"shape", array.shape}, {"data_offsets", {begin, end}}};
    }
    std::string json = header.dump();
    json.append((kAlignment - (kLengthBytes + json.size()) % kAlignment) % kAlignment, ' ');
    std::string text(kLengthBytes, '\0');
    for (std::size_t i = 0; i < kLengthBytes; ++i) {
        text[i] = static_cast<char>(static_cast<std::uint64_t>(json.size()) >> (8 * i) & 0xFF);
    }
    return text + json;
}

std::string_view view(const void* data, std::uint64_t bytes) {
    return {static_cast<const char*>(data), static_cast<std::size_t>(bytes)};
}

/// Of the whole file, with kNoSum in the place of its sum.
std::uint64_t sum_of(int descriptor, std::uint64_t bytes, const std::filesystem::path& path) {
    sweeps::Checksum64 sum;
    std::string piece;
    for (std::uint64_t offset = 0; offset < bytes; offset += piece.size()) {
        piece.resize(std::min<std::uint64_t>(bytes - offset, kPieceBytes));
        read_at(descriptor, offset, piece.data(), piece.size(), path);
        if (offset == 0) {
            piece.replace(kSumOffset, kSumDigits, kNoSum);
        }
        sum.update(piece);
    }
    return sum.digest();
}

std::uint64_t size_of(int descriptor, const std::filesystem::path& path) {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) {
        throw StorageError(io_error_text("read", path, errno));
    }
    return static_cast<std::uint64_t>(status.st_size);
}

/// The header of a file that was found to be whole.
SafetensorsHeader read_header(int descriptor,
                              std::uint64_t bytes,
                              const std::filesystem::path& path) {
    std::string head(kLengthBytes, '\0');
    read_at(descriptor, 0, head.data(), head.size(), path);
    try {
        head.resize(safetensors_header_bytes(head, bytes));
        read_at(descriptor, 0, head.data(), head.size(), path);
        return parse_safetensors(head, bytes);
    } catch (const sweeps::DataError& error) {
        throw UnusableCheckpoint(error.what());
    }
}

}  // namespace

std::uint64_t write_checkpoint(const std::filesystem::path& path,
                               const CheckpointMetadata& metadata,
                               const std::vector<CheckpointArray>& arrays) {
    const std::string header = header_of(metadata, arrays);
    PendingFile file(path);
    sweeps::Checksum64 sum;
    const auto append = [&](std::string_view bytes) {
        sum.update(bytes);
        write_all(file.descriptor(), bytes, path);
    };
    append(header);
    std::uint64_t total = header.size();
    for (const CheckpointArray& array : arrays) {
        append(view(array.data, array.bytes));
        total += array.bytes;
    }
    write_at(file.descriptor(), kSumOffset, hex16(sum.digest()).data(), kSumDigits, path);
    file.publish();
    return total;
}

CheckpointFile::CheckpointFile(std::filesystem::path path,
                               FileDescriptor file,
                               SafetensorsHeader header)
    : path_(std::move(path)), file_(std::move(file)), header_(std::move(header)) {}

CheckpointFile CheckpointFile::open(const std::filesystem::path& path) {
    FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) {
        throw StorageError(io_error_text("open", path, errno));
    }
    const std::uint64_t bytes = size_of(file.get(), path);
    if (bytes < kSumOffset + kSumDigits) {
        throw UnusableCheckpoint("it has only " + std::to_string(bytes) + " bytes");
    }
    std::string sum(kSumDigits, '\0');
    read_at(file.get(), kSumOffset, sum.data(), sum.size(), path);
    if (sum != hex16(sum_of(file.get(), bytes, path))) {
        throw UnusableCheckpoint("its bytes do not match its checksum");
    }
    SafetensorsHeader header = read_header(file.get(), bytes, path);
    const auto format = header.metadata.find("format");
    if (format == header.metadata.end() || format->second != kFormat) {
        throw UnusableCheckpoint("its format is '" +
                                 (format == header.metadata.end() ? "" : format->second) +
                                 "', this Harrow reads '" + std::string(kFormat) + "'");
    }
    return CheckpointFile(path, std::move(file), std::move(header));
}

void CheckpointFile::read(const TensorEntry& entry, void* data) const {
    read_at(file_.get(), entry.offset, data, entry.bytes, path_);
}

}  // namespace harrow::storage
